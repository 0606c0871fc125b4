# Stands in front of the scripts that compare histories: timelines and positions as numbers.

# Sets past to "1:0/3000150,2:0/5000000": each timeline that this one came from, and where it left it.
past_of() {
  past=''
  [ "$1" -gt 1 ] || return 0
  while read -r t at _; do
    case $t in *[!0-9]* | '') continue ;; esac
    is_lsn "$at" && past=$past${past:+,}$t:$at
  done <"$(printf '%s/pg_wal/%08X.history' "$data" "$1")" 2>/dev/null
  [ "$past" ]
}

# Leaves the newest of them: each move adds one, and what is compared travels as one argument.
most=40
shorten_past() {
  c=0 rest=$past
  while [ "$rest" ]; do
    c=$((c + 1))
    case $rest in *,*) rest=${rest#*,} ;; *) rest='' ;; esac
  done
  while [ $c -gt $most ]; do past=${past#*,} c=$((c - 1)); done
}

# segment_name TIMELINE POSITION: sets name to the WAL file that holds it, offset to the place in it.
segment_name() {
  lsn_number "$2" && [ "${segment:-0}" -gt 0 ] || return 1
  per=$((4294967296 / segment)) offset=$((n % segment)) n=$((n / segment))
  name=$(printf '%08X%08X%08X' "$1" $((n / per)) $((n % per)))
}

# Sets last_timeline and end: where this stopped directory's own records end. After a clean stop the
# control file says so, to the record; after a crash only the records themselves do.
own_end() {
  last_timeline=$timeline end=$checkpoint
  case $state in
    'shut down') return 0 ;;
    'shut down in recovery' | 'in archive recovery')
      lsn_number "$minimum" && m=$n && lsn_number "$checkpoint" && [ "$m" -gt "$n" ] && end=$minimum last_timeline=$minimum_timeline
      return 0 ;;
  esac
  # A promotion that no checkpoint has followed yet stands in the history files only.
  while [ -e "$(printf '%s/pg_wal/%08X.history' "$data" $((last_timeline + 1)))" ]; do last_timeline=$((last_timeline + 1)); done
  from=$redo
  if [ "$last_timeline" != "$timeline" ]; then
    past_of "$last_timeline" && from=${past##*:}
  fi
  last=$("$bin/pg_waldump" -p "$data/pg_wal" -t "$last_timeline" -s "$from" 2>/dev/null | tail -n 1)
  case $last in *' lsn: '*) last=${last#* lsn: } && is_lsn "${last%%,*}" && end=${last%%,*} ;; esac
}
