# At the side that is to become standby, stopped: how its records relate to the active side's. Forks
# are compared by position: two sides may have been promoted to the same timeline NUMBER.
# Parameters: CLUSTER SYSTEM_IDENTIFIER TIMELINE LSN HISTORY
[ ! -e "$SB_RUN/open/$unit" ] || quit 2 "the guard is open"
postmaster && quit 2 "the server runs"
fact() { printf '%s\n' "relation=$1" "fork_lsn=$2" "fork_timeline=$3" "end_lsn=$4" "end_timeline=$5" "tail=$6" "rewindable=$7" "reason=$8"; exit 0; }
rewinding=no
[ -e "$data.rewinding" ] && rewinding=yes
{ read -r v <"$SB_STATE/pg/$unit.rewind"; } 2>/dev/null && case $v in *started) rewinding=yes ;; esac
[ $rewinding = no ] || fact broken 0/0 0 0/0 0 none no "an earlier pg_rewind was interrupted: what it left cannot be trusted"
[ -e "$data/PG_VERSION" ] || fact absent 0/0 0 0/0 0 none no "there is no database here"
control || quit 2 "the control file in $data cannot be read"
[ "$system" = "$1" ] || quit 2 "another database lies here: system identifier $system, not $1; move it away first"
own_end
past_of "$last_timeline" || [ "$last_timeline" = 1 ] || quit 2 "the history file of timeline $last_timeline cannot be read"
theirs=$4 ours=$past${past:+,}$last_timeline:end common='' begin=0/0
# The active side names its newest timelines only.
oldest=${theirs%%:*}
while [ "${ours%%:*}" -lt "$oldest" ]; do
  o=${ours%%,*} o=${o#*:}
  [ "$o" != end ] || fact far "$begin" "$last_timeline" "$end" "$last_timeline" none no "it lies more than $most timelines back"
  begin=$o ours=${ours#*,}
done
while :; do
  a=${theirs%%,*} o=${ours%%,*} left=${a#*:} gone=${o#*:}
  [ "${a%%:*}" = "${o%%:*}" ] || { relation=diverged fork=$begin; break; }
  common=${a%%:*}
  if [ "$left" = end ] && [ "$gone" = end ]; then
    # Whether they parted on this timeline, and where, no history says: the bytes are compared next.
    relation=same fork=$begin
    lsn_number "$end" && e=$n && lsn_number "$3" && [ "$e" -le "$n" ] || relation=ahead
    break
  elif [ "$gone" = end ]; then
    fork=$left relation=diverged
    lsn_number "$end" && e=$n && lsn_number "$left" || quit 2 "'$left' is no position"
    # The end of a clean or crashed primary is the START of its last record; a standby's is an end.
    { [ "$e" -lt "$n" ] || { [ "$e" -eq "$n" ] && [ "$end" = "$minimum" ]; }; } && relation=ancestor
    break
  elif [ "$left" = end ]; then relation=diverged fork=$gone; break
  fi
  lsn_number "$left" && e=$n && lsn_number "$gone" || quit 2 "'$gone' is no position"
  if [ "$e" -ne "$n" ]; then
    relation=diverged fork=$left; [ "$e" -lt "$n" ] || fork=$gone
    break
  fi
  begin=$left theirs=${theirs#*,} ours=${ours#*,}
done
[ "$common" ] || quit 2 "the histories have nothing in common: $4 and $past"
# The last bytes that this side wrote or received: the active side must have the very same.
tail=none
if segment_name "$last_timeline" "$end"; then
  if [ "$offset" = 0 ]; then n=$((n - 1)) offset=$segment && name=$(printf '%08X%08X%08X' "$last_timeline" $((n / per)) $((n % per))); fi
  [ -r "$data/pg_wal/$name" ] && tail=$(head -c "$offset" "$data/pg_wal/$name" | sha256sum) && tail=$name:$offset:${tail%% *}
fi
rewindable=yes reason=-
if [ "$last_timeline" = "$2" ]; then rewindable=no reason="both sides are on timeline $2, which pg_rewind takes for no difference"
elif [ "$hints" != on ] && [ "$sums" = 0 ]; then rewindable=no reason="neither wal_log_hints nor checksums were on: changed blocks cannot be found"
elif segment_name "$common" "$fork" && ! ls "$data/pg_wal/"*"${name#????????}" >/dev/null 2>&1; then
  rewindable=no reason="the records since the fork at $fork are no longer on this side"
fi
fact $relation "$fork" "$common" "$end" "$last_timeline" "$tail" $rewindable "$reason"
