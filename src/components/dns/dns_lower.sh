# Lowers the record's time to live to TTL. Caches may keep the old one for as long as it says, counted
# from the moment at which no server gives it any more: that moment is recorded for dns_waited.
read_update_server && claim_permits "$text" || exit 1
ask_all "$@"
n=0 old=0
for server; do
  n=$((n + 1))
  found=$(got $n ttl)
  [ "${found:-0}" -le "$old" ] || old=$found
done
if [ "$old" -gt "$ttl" ]; then echo "old=$old" >"$lowered" && sync "$lowered" || exit 1; fi
[ "${present_ttl:-0}" -le "$ttl" ] || send_ttl "$ttl" || exit 1
tries=0
until ttl_everywhere atmost "$ttl" "$@" 2>"$work/said"; do
  tries=$((tries + 1))
  [ "$tries" -lt 200 ] || { cat "$work/said" >&2; exit 1; }
  sleep 0.1
done
[ ! -e "$lowered" ] || { echo "at=$(date +%s)" >>"$lowered" && sync "$lowered"; }
