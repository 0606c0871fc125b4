# Starts this side as a standby. The signal file is on the disk before anything may start: without
# it the same directory comes up as a second primary.
# After a crash that is only right when the records were compared (reprotect): "compared".
# Parameters: CLUSTER clean|compared BOUND_S
control || quit 2 "no control file in $data"
if ! postmaster; then
  case $state in
    'shut down' | 'shut down in recovery' | 'in archive recovery') ;;
    *) [ -e "$data/standby.signal" ] || [ "$1" = compared ] ||
      quit 2 "the control file says '$state': what this side wrote last may be known to nobody else; run reprotect" ;;
  esac
  : >>"$data/standby.signal" && chown "$owner:" "$data/standby.signal" && sync "$data/standby.signal" "$data" || exit 1
  settle_conninfo || exit 2
  guard_open "$unit" || exit 1
  # "activating" or "active" without a server is a unit that systemd has not seen end.
  systemctl start --no-block "$unit" || exit 1
fi
tries=0
while [ $((tries = tries + 1)) -le $(($2 * 50)) ]; do
  [ -S "$socket/.s.PGSQL.$port" ] && postmaster && ask 5 'select pg_is_in_recovery();' && break
  sleep 0.02
done
[ "$reply" = t ] || quit 1 "no standby that answers within $2 s: $reply"
# One that ran already must survive a restart of its unit, too.
guard_open "$unit"
