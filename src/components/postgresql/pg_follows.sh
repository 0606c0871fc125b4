# In recovery, streaming on that timeline, and the mark of the active side is replayed.
# Parameters: CLUSTER LSN TIMELINE SYSTEM_IDENTIFIER
is_lsn "$1" || quit 2 "'$1' is no position"
postmaster || quit 1 "the server does not run"
ask 5 "select pg_is_in_recovery(), system_identifier, coalesce(r.status,'none'), coalesce(r.received_tli,0), coalesce(r.sender_host,''),
  coalesce(pg_last_wal_replay_lsn() >= '$1'::pg_lsn, false), pg_last_wal_replay_lsn(), coalesce(r.latest_end_lsn - pg_last_wal_replay_lsn(), 0)::bigint
  from pg_control_system() left join pg_stat_wal_receiver r on true;" || quit 1 "the standby does not answer: $reply"
IFS='|' read -r recovery system status tli sender reached lsn behind <<EOF
$reply
EOF
[ "$recovery" = t ] || quit 2 "this side is not in recovery: it is a primary"
[ "$system" = "$3" ] || quit 2 "another database answers: system identifier $system, not $3"
echo "progress replayed $lsn of $1, $behind bytes behind" >&2
[ "$status" = streaming ] || quit 1 "the walreceiver is not streaming ($status): $(tail -n 1 "$data/current_logfiles" 2>/dev/null)"
[ "$tli" = "$2" ] || quit 1 "it receives timeline $tli, the active side is on $2"
[ "$reached" = t ] || quit 1 "it has replayed $lsn, not $1"
printf '%s\n' "lsn=$lsn" "sender=$sender"
