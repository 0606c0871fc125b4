# COMPONENT RUN BOUND_S
# The undo of a stop: starts exactly the units that it found running.
record=$SB_STATE/systemd/$1.$2.running
# What was down before, anybody may start again.
for mark in "$SB_STATE/stopped/"*; do
  { read -r by <"$mark"; } 2>/dev/null && [ "$by" = "$1 $2" ] && rm -f "$mark"
done
[ -e "$record" ] || { echo "nothing was stopped in run $2" >&2; exit 0; }
bound=$3
set --
while read -r unit; do set -- "$@" "$unit"; done <"$record"
[ $# -gt 0 ] || { echo "nothing was running" >&2; exit 0; }
start_units "$bound" "$@"
