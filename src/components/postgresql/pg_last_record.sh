# Stands in front of the scripts that ask how far a directory reaches, whether its server runs or not.

# last_record SECONDS: sets last_timeline, end and commit: where the last whole record of this side
# begins, and when it last committed something. After a clean stop and after a crash alike, and the
# same for both sides that hold the same records, which the positions in the control files are not.
last_record() {
  last_timeline=$timeline end=$checkpoint commit=none from=$redo
  [ "${minimum_timeline:-0}" -le "$last_timeline" ] || last_timeline=$minimum_timeline
  # A promotion that no checkpoint has followed yet; a history file alone may belong to somebody else.
  while t=$(printf %08X $((last_timeline + 1))) && [ -e "$data/pg_wal/$t.history" ] &&
    ls "$data/pg_wal" | grep -q "^$t[0-9A-F]\{16\}\$"; do
    last_timeline=$((last_timeline + 1))
  done
  if [ "$last_timeline" != "$timeline" ]; then past_of "$last_timeline" && from=${past##*:}; fi
  # Its normal end is an invalid record: the place where nothing was written any more.
  found=$({ TZ=UTC timeout "$1" "$bin/pg_waldump" -p "$data/pg_wal" -t "$last_timeline" -s "$from" 2>/dev/null
    echo "exit $?"; } | awk '
    /^exit / { code = $2; next }
    match($0, / lsn: [0-9A-F]+\/[0-9A-F]+/) { lsn = substr($0, RSTART + 6, RLENGTH - 6) }
    /rmgr: Transaction/ && match($0, /desc: COMMIT[_A-Z]* *([0-9]+: )?[-0-9]+ [:.0-9]+/) {
      when = substr($0, RSTART, RLENGTH); sub(/^desc: COMMIT[_A-Z]* *([0-9]+: )?/, "", when); sub(/ /, "T", when) }
    END { print lsn ? lsn : "-", when ? when "Z" : "none", code }')
  read -r l commit code <<EOF
$found
EOF
  [ "$code" != 124 ] || { say "its records could not be read within $1 s"; return 1; }
  ! is_lsn "$l" || end=$l
}
