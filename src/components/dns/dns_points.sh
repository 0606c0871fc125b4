# Done when every authoritative server answers VALUE and this run's claim. A server that does not
# answer is named: unknown with MODE all; with MODE answering one that answers is enough.
ask_all "$@"
n=0 heard=0 silent= verdict=0
for server; do
  n=$((n + 1))
  why=$(got $n why)
  if [ -n "$why" ]; then
    silent=$silent${silent:+,}$server
    echo "$server $why" >&2
    [ "$mode" = answering ] || verdict=2
    continue
  fi
  heard=$((heard + 1))
  if [ "$(got $n value)" != "$value" ]; then
    echo "$server answers '$(got $n value)' for $name" >&2
    [ "$verdict" = 2 ] || verdict=1
  fi
  if [ "$(got $n text)" != "$epoch $claim" ]; then
    echo "$server answers '$(got $n text)' for $mark" >&2
    [ "$verdict" = 2 ] || verdict=1
  fi
done
[ "$heard" -gt 0 ] || verdict=2
[ "$verdict" != 0 ] || printf '%s\n' "value=$value" "answering=$heard" "silent=${silent:-none}"
exit $verdict
