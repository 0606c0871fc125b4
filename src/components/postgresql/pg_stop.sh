# Closes the guard, then stops the server by signal: the unit's own stop command polls in half
# seconds. A planned stop is never forced: what did not end cleanly may have lost the last records.
# A fence (the old side of a failover) is: first politely, because a clean stop still sends them.
# Parameters: CLUSTER planned|fence BOUND_S
mode=$1 bound=$2
# What has become the standby since is not stopped by a request that comes late.
[ "$mode" = fence ] || [ ! -e "$data/standby.signal" ] || quit 2 "it is set up as a standby: there is nothing to stop"
guard_close postgresql "$unit"
# pidwait hears of the end as it comes. tail, for where there is none, sees it when systemd has buried the
# process, which starts the unit's stop command before that.
ended() {
  code=0; timeout "$1" pidwait -F "$data/postmaster.pid" >/dev/null 2>&1 || code=$?
  case $code in 0 | 124) return $code ;; esac
  timeout "$1" tail --pid="$pm" -s 0.002 -f /dev/null
}
if postmaster; then
  kill -INT "$pm"
  unit_processes  # while it shuts down; who is on this list and outlives it, was left behind
  if [ "$mode" = planned ]; then
    ended "$bound" || quit 1 "the server is still shutting down after $bound s: $(tail -n 1 "$data/postmaster.pid")"
  else
    ended $((bound / 2 + 1)) || { kill -QUIT "$pm" && ended $((bound / 4 + 1)); } || { kill -KILL "$pm" && ended 2; }
  fi
else
  unit_state
  spare_stop_command
  # A unit on its way up, or one that waits for its turn at a boot or to be restarted, is told to
  # stop; without waiting.
  case $active$job in activating* | reloading* | active* | inactive?* | failed?*) systemctl stop --no-block "$unit" ;; esac
fi
# An archive command, or a backend that lost its server, is given a moment, then ended.
tries=0
while [ $((tries = tries + 1)) -le 50 ]; do
  behind=''
  for p in $left; do
    ! lives "$p" || { p=${p#/proc/}; behind="$behind ${p%/cgroup}"; }
  done
  [ "$behind" ] || break
  [ $tries -lt 25 ] || kill -KILL $behind 2>/dev/null
  sleep 0.02
done
exit 0
