# The server answers, as a primary or as a standby, and a restart of its unit would come up.
# Parameters: CLUSTER
postmaster && [ -S "$socket/.s.PGSQL.$port" ] && ask 5 'select pg_is_in_recovery();' ||
  quit 1 "the server does not answer: $reply"
[ -e "$SB_RUN/open/$unit" ] || quit 1 "the guard is closed: a restart of $unit would not come up"
