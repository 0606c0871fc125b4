# A position that only this active side has, written now: who replays it, follows this very side.
# Parameters: CLUSTER
ask 10 "set synchronous_commit = local;
select pg_logical_emit_message(true, 'switchback', 'follow') is not null;
select 'lsn='||pg_current_wal_lsn()||e'\ntimeline='||('x'||substr(pg_walfile_name(pg_current_wal_lsn()),1,8))::bit(32)::int||e'\nsystem_identifier='||system_identifier from pg_control_system();" ||
  quit 1 "no mark at the active side: $reply"
printf '%s\n' "${reply#t?}"
