# Starts whatever lies here, in the role that the directory has: standby.signal decides.
# Parameters: CLUSTER BOUND_S
control || quit 2 "no control file in $data"
{ read -r v <"$SB_STATE/pg/$unit.rewind"; } 2>/dev/null && case $v in
  *started) quit 2 "an earlier pg_rewind was interrupted: what it left cannot be trusted" ;;
esac
guard_open "$unit" || exit 1
postmaster || systemctl start --no-block "$unit" || exit 1
tries=0 reply='it does not run'
while [ $((tries = tries + 1)) -le $(($1 * 50)) ]; do
  [ -S "$socket/.s.PGSQL.$port" ] && postmaster && ask 5 'select pg_is_in_recovery();' && exit 0
  sleep 0.02
done
quit 1 "the server did not answer within $1 s: $reply"
