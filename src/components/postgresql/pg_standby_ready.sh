# The standby is a copy of that very database, streams on its timeline, has replayed what the active
# side had just now, and is no further behind than the bound (bytes, or milliseconds).
# Parameters: CLUSTER SYSTEM_IDENTIFIER TIMELINE LSN MAX_LAG_BYTES MAX_LAG_MS
leave_held_session  # it is being opened at this very time
is_lsn "$3" || quit 2 "'$3' is no position"
ask 5 "select pg_is_in_recovery(), (select system_identifier from pg_control_system()),
  coalesce(r.status,'none'), coalesce(r.received_tli,0),
  coalesce(pg_last_wal_replay_lsn() >= '$3'::pg_lsn, false),
  greatest(0, coalesce(r.latest_end_lsn - pg_last_wal_replay_lsn(), 0))::bigint,
  case when r.latest_end_lsn <= pg_last_wal_replay_lsn() then 0 else
    coalesce(extract(epoch from clock_timestamp() - pg_last_xact_replay_timestamp())*1000, -1)::bigint end,
  pg_is_wal_replay_paused()
  from (select 1) one left join pg_stat_wal_receiver r on true;" || quit 2 "the standby does not answer: $reply"
IFS='|' read -r recovery system status tli reached bytes ms paused <<EOF
$reply
EOF
[ "$recovery" = t ] || quit 2 "this side is not a standby: it is not in recovery"
[ "$system" = "$1" ] || quit 2 "this standby is a copy of another database: system identifier $system, not $1"
[ "$paused" = f ] || quit 1 "replay is paused: select pg_wal_replay_resume()"
[ "$status" = streaming ] || quit 1 "the walreceiver is not streaming ($status)"
[ "$tli" = "$2" ] || quit 1 "the standby receives timeline $tli, the active side is on $2"
[ "$reached" = t ] || quit 1 "the standby has not replayed $3 yet"
[ "$4" = - ] || [ "$bytes" -le "$4" ] || quit 1 "the standby is $bytes bytes behind, more than $4"
[ "$5" = - ] || [ "$ms" -le "$5" ] || quit 1 "the standby is $ms ms behind, more than $5"
echo "lag_bytes=$bytes"
