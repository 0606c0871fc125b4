# Closes the guard, then stops the server by signal: the unit's own stop command polls in half
# seconds. A planned stop is never forced: what did not end cleanly may have lost the last records.
# A fence (the old side of a failover) is: first politely, because a clean stop still sends them.
# Parameters: CLUSTER planned|fence BOUND_S
mode=$1 bound=$2
rm -f "$SB_RUN/open/$unit"
ended() { timeout "$1" tail --pid="$pm" -s 0.002 -f /dev/null; }
if postmaster; then
  kill -INT "$pm"
  if [ "$mode" = planned ]; then
    ended "$bound" || quit 1 "the server is still shutting down after $bound s: $(tail -n 1 "$data/postmaster.pid")"
  else
    ended $((bound / 2 + 1)) || { kill -QUIT "$pm" && ended $((bound / 4 + 1)); } || { kill -KILL "$pm" && ended 2; }
  fi
fi
# A unit on its way up, or one that waits to be restarted, is told to stop; without waiting.
unit_state
case $active in activating | reloading | active) postmaster || systemctl stop --no-block "$unit" ;; esac
tries=0
while unit_processes && [ $((tries = tries + 1)) -le 100 ]; do
  [ "$mode" = planned ] && [ $tries -lt 50 ] || [ $tries -lt 5 ] ||
    for p in $left; do p=${p#/proc/} && kill -KILL "${p%/cgroup}" 2>/dev/null; done
  sleep 0.02
done
exit 0
