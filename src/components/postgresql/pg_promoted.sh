# Runs, is not in recovery, and is the expected database.
# Parameters: CLUSTER SYSTEM_IDENTIFIER|-
postmaster || quit 2 "the server does not run"
# The server removes this file as it leaves recovery: the cheap answer for the look ahead.
[ ! -e "$data/standby.signal" ] || quit 1 "the server is a standby"
ask 5 "select case when pg_is_in_recovery() then 'recovery' else 'lsn='||pg_current_wal_lsn()||e'\ntimeline='||('x'||substr(pg_walfile_name(pg_current_wal_lsn()),1,8))::bit(32)::int||e'\nsystem_identifier='||system_identifier end from pg_control_system();" ||
  quit 2 "the server does not answer: $reply"
[ "$reply" != recovery ] || quit 1 "the server is in recovery"
[ "$1" = - ] || [ "${reply##*=}" = "$1" ] || quit 2 "another database answers: system identifier ${reply##*=}, not $1"
[ -e "$SB_RUN/open/$unit" ] || quit 1 "the guard is closed: a restart of $unit would not come up"
printf '%s\n' "$reply"
