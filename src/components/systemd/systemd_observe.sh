# UNIT…
# Per unit, numbered from 1: name, load, active, sub, result, enabled, guard, processes.
lines=$(unit_lines "$@") || exit 2
n=0 running=0 stopped=0 missing=0 unguarded=0
while read -r unit load active sub result condition job slice group enabled; do
  n=$((n + 1)) processes=0
  for pid in $(cgroup_processes "$(unit_cgroup "$unit" "$slice" "$group")"); do
    processes=$((processes + 1))
  done
  guard=none
  if [ -e "/etc/systemd/system/$unit.d/50-switchback.conf" ]; then
    guard=closed
    [ ! -e "$SB_RUN/open/$unit" ] || guard=open
  else unguarded=$((unguarded + 1)); fi
  case $active in
    active | reloading | activating | deactivating) running=$((running + 1)) ;;
    *) if [ "$processes" -eq 0 ]; then stopped=$((stopped + 1)); else running=$((running + 1)); fi ;;
  esac
  [ "$load" != not-found ] || missing=$((missing + 1))
  printf '%s\n' "unit.$n=$unit" "unit.$n.load=$load" "unit.$n.active=$active" "unit.$n.sub=$sub" \
    "unit.$n.result=$result" "unit.$n.enabled=$enabled" "unit.$n.guard=$guard" \
    "unit.$n.processes=$processes"
  if { IFS= read -r reason <"$SB_RUN/guard/$unit"; } 2>/dev/null; then
    printf 'unit.%s.guard_reason=%s\n' "$n" "$reason"
  fi
done <<EOF
$lines
EOF
printf '%s\n' "units=$n" "running=$running" "stopped=$stopped" "missing=$missing" \
  "unguarded=$unguarded"
