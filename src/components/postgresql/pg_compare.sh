# Is anything at the other side that this one has not? A later timeline, or the same one further on.
# Parameters: CLUSTER LSN TIMELINE SYSTEM_IDENTIFIER
control || quit 2 "no control file in $data"
last_record 45 || exit 2
lsn_number "$1" && theirs=$n && lsn_number "$end" || quit 2 "'$1' is no position"
if [ "$2" = 0 ]; then ahead=here
elif [ "$3" != "$system" ]; then ahead=here; say "another database lies at the other side: system identifier $3, not $system"
elif [ "$2" -ne "$last_timeline" ]; then ahead=here; [ "$2" -lt "$last_timeline" ] || ahead=other
elif [ "$theirs" -gt "$n" ]; then ahead=other
elif [ "$theirs" -lt "$n" ]; then ahead=here
else ahead=none; fi
printf '%s\n' "ahead=$ahead" "lsn=$end" "timeline=$last_timeline"
