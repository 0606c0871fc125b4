# At the active side: where its history branched, so that the other side can be compared with it.
# Parameters: CLUSTER
ask 10 "select pg_is_in_recovery(), system_identifier, case when not pg_is_in_recovery() then pg_current_wal_lsn() end,
  case when not pg_is_in_recovery() then ('x'||substr(pg_walfile_name(pg_current_wal_lsn()),1,8))::bit(32)::int end from pg_control_system();" ||
  quit 2 "the active side does not answer: $reply"
IFS='|' read -r recovery system lsn now <<EOF
$reply
EOF
[ "$recovery" = f ] || quit 2 "this side is in recovery: it is not active"
past_of "$now" || quit 2 "the history file of timeline $now cannot be read"
shorten_past
size=$(du -sk "$data") || exit 2
printf '%s\n' "system_identifier=$system" "timeline=$now" "lsn=$lsn" "history=$past${past:+,}$now:end" "data_bytes=$((${size%%[!0-9]*} * 1024))"
