# COMPONENT RUN GRACE_S BOUND_S UNIT…
# Closes the guard, stops all units at once and proves each stopped. Processes that outlive their
# unit (KillMode=process) are killed after GRACE_S, a unit that will not stop after BOUND_S.
component=$1 run=$2 grace=$3 bound=$4; shift 4
record=$SB_STATE/systemd/$component.$run.running

# What runs now is what an undo starts again. A second attempt sees less: what an earlier one of
# this run has noted stays noted. A record that cannot be written must not keep us from stopping.
lines=$(unit_lines "$@") || { echo "systemctl did not answer" >&2; exit 2; }
{
  mkdir -p "$SB_STATE/systemd" && {
    cat "$record" 2>/dev/null
    echo "$lines" | while read -r unit load active rest; do
      case $active in active | activating | reloading) echo "$unit" ;; esac
    done
  } | sort -u >"$record.new" && sync "$record.new" && mv "$record.new" "$record"
} || echo "could not record what was running: an undo will start nothing" >&2

guard_close "$component $run" "$@" || { echo "cannot close the guard in $SB_RUN/open" >&2; exit 1; }
systemctl stop --no-block -- "$@"
read_uptime; end=$((up + bound))
idle_since= killed=
while :; do
  prove_stopped quiet "$@" && exit 0
  read_uptime; now=$up
  # Once systemd calls every unit stopped, what is left in a cgroup was left behind on purpose.
  if systemctl show -p ActiveState --value -- "$@" | grep -qvE '^(inactive|failed|)$'; then
    idle_since=
  else
    : "${idle_since:=$now}"
  fi
  if { [ -n "$idle_since" ] && [ $((now - idle_since)) -ge "$grace" ]; } || [ "$now" -ge "$end" ]; then
    [ -z "$killed" ] || [ "$now" -lt $((killed + 5)) ] || break
    : "${killed:=$now}"
    prove_stopped say "$@"
    systemctl kill -s KILL -- "$@" 2>/dev/null
    lines=$(unit_lines "$@") || exit 2
    echo "$lines" | while read -r unit load active sub result condition job slice group rest; do
      for pid in $(cgroup_processes "$(unit_cgroup "$unit" "$slice" "$group")"); do
        echo "killing $pid of $unit" >&2
        kill -KILL "$pid" 2>/dev/null
      done
    done
    sleep 0.1
  fi
  sleep 0.02
done
echo "not stopped, and killing did not help:" >&2
prove_stopped say "$@"
exit 1
