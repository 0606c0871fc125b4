# At the active side: how the other side becomes standby, decided from what was found there.
# none: it only has what this side has, so it just follows; rewind; rebuild: a new copy.
# Parameters: CLUSTER RELATION FORK_LSN FORK_TIMELINE END_LSN END_TIMELINE TAIL REWINDABLE REASON WISH
relation=$1 fork=$2 fork_timeline=$3 end=$4 tail=$6 diverged=no
control || quit 2 "no control file in $data"
answer() { printf '%s\n' "method=$1" "diverged=$diverged" "fork_lsn=$fork" "fork_timeline=$fork_timeline" "reason=$2"; exit 0; }
# A file of the same place in the log, on that timeline or one that took its bytes over.
file_of() {
  file=''
  for f in "$data/pg_wal/$1" "$data/pg_wal/$1.partial" "$data/pg_wal/"????????"${1#????????}"; do
    [ -r "$f" ] && file=$f && return 0
  done
  return 1
}
case $relation in
  absent) answer rebuild "$8" ;;
  broken) answer rebuild "$8; what only it had was saved before that" ;;
  same | ancestor)
    if [ "$tail" = none ]; then answer rebuild "its last records are not there to be compared"; fi
    t=${tail%%:*} b=${tail#*:} && b=${b%%:*}
    if ! file_of "$t"; then answer rebuild "this side no longer has the records after $end"; fi
    mine=$(head -c "$b" "$file" | sha256sum)
    if [ "${mine%% *}" = "${tail##*:}" ]; then
      [ "$9" = rebuild ] && answer rebuild "asked for by the option method"
      answer none "it has nothing that this side has not"
    fi
    diverged=yes
    answer rebuild "same timeline and place, different records: both sides were written to; what it has since $fork may be on both" ;;
  ahead)
    diverged=yes
    answer rebuild "same timeline, but it is ahead: both sides were written to; what it has since $fork may be on both" ;;
  far) diverged=yes; answer rebuild "$8" ;;
  diverged) diverged=yes ;;
  *) quit 2 "'$relation' is no relation" ;;
esac
[ "$9" = rebuild ] && answer rebuild "asked for by the option method"
[ "$7" = yes ] || answer rebuild "$8"
segment_name "$fork_timeline" "$fork" && file_of "$name" || answer rebuild "this side no longer has the records since the fork at $fork"
answer rewind "it left the common history at $fork"
