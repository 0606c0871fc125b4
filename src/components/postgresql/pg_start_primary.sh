# Starts the side again that was active: only a directory that nobody has made a standby.
# Parameters: CLUSTER BOUND_S
[ ! -e "$data/standby.signal" ] && [ ! -e "$data/recovery.signal" ] || quit 2 "$data is set up as a standby: it will not be started as a primary"
guard_open "$unit" || exit 1
postmaster || systemctl start --no-block "$unit" || exit 1
tries=0
while [ $((tries = tries + 1)) -le $(($1 * 50)) ]; do
  if [ -S "$socket/.s.PGSQL.$port" ] && postmaster && ask 5 'select pg_is_in_recovery();'; then
    [ "$reply" = f ] || quit 2 "the server came up in recovery"
    exit 0
  fi
  sleep 0.02
done
quit 1 "the server did not accept connections within $1 s: $reply"
