# The standby has replayed the shutdown checkpoint of the old side, so it holds every record. The
# position in the control file is that record's START: only a position beyond it proves anything.
# One exchange; between two looks nothing holds a snapshot, which replay might have to wait for.
# Parameters: CLUSTER LSN TIMELINE SYSTEM_IDENTIFIER WAIT_S
is_lsn "$1" || quit 2 "'$1' is no position"
ask $(($4 + 2)) "do \$\$ declare give_up timestamptz := clock_timestamp() + interval '$4 seconds'; begin
  while pg_is_in_recovery() and coalesce(pg_last_wal_replay_lsn(), '0/0') <= '$1'::pg_lsn loop
    exit when clock_timestamp() > give_up;
    perform pg_sleep(0.002); commit;
  end loop; end \$\$;
select pg_is_in_recovery(), pg_last_wal_replay_lsn() > '$1'::pg_lsn, system_identifier, pg_last_wal_replay_lsn() from pg_control_system();" ||
  quit 2 "the standby does not answer: $reply"
IFS='|' read -r recovery beyond system lsn <<EOF
$reply
EOF
[ "$system" = "$3" ] || quit 2 "this standby is a copy of another database: system identifier $system, not $3"
if [ "$recovery" = f ]; then
  # Promoted already (this is a second look): its history says where it left the old timeline. The
  # control file names the new one only after the next checkpoint.
  ask 5 "select substr(pg_walfile_name(pg_current_wal_lsn()), 1, 8);" || quit 2 "the server does not answer: $reply"
  lsn=$(sed -n "s/^ *$2[ 	][ 	]*\([0-9A-Fa-f/]*\).*/\1/p" "$data/pg_wal/$reply.history" 2>/dev/null)
  lsn_number "$lsn" && end=$n && lsn_number "$1" && [ "$end" -gt "$n" ] ||
    quit 2 "this side is no standby any more, and its history does not show that it had replayed $1"
elif [ "$beyond" != t ]; then
  quit 1 "replayed up to $lsn, which is not beyond $1"
fi
echo "lsn=$lsn"
