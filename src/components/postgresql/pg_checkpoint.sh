# Keeps the shutdown short, and names the database that the standby must be a copy of.
# Parameters: CLUSTER BOUND_S
[ "$1" -gt 0 ] || exit 2
ask "$1" "checkpoint;
select 'system_identifier='||s.system_identifier||e'\ntimeline='||('x'||substr(pg_walfile_name(pg_current_wal_lsn()),1,8))::bit(32)::int||e'\nlsn='||pg_current_wal_lsn() from pg_control_system() s;" ||
  quit 1 "no checkpoint at the active side: $reply"
printf '%s\n' "$reply"
