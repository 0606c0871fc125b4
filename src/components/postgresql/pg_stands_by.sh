# Parameters: CLUSTER
postmaster || quit 1 "the server does not run"
[ -e "$data/standby.signal" ] || quit 2 "the server runs, and not as a standby"
[ -S "$socket/.s.PGSQL.$port" ] && ask 5 'select pg_is_in_recovery();' || quit 1 "the server does not answer yet: $reply"
[ "$reply" = t ] || quit 2 "the server is not in recovery"
[ -e "$SB_RUN/open/$unit" ] || quit 1 "the guard is closed: a restart of $unit would not come up"
