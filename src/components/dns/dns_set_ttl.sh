# The record's time to live becomes TTL again; MODE undo: what it was before it was lowered.
if [ "$mode" = undo ] && [ -e "$lowered" ]; then
  old=$(recorded "$lowered" old)
  ttl=${old:-$ttl}
fi
read_update_server && claim_permits "$text" || exit 1
[ "$present_ttl" = "$ttl" ] || [ -z "$present" ] || send_ttl "$ttl" || exit 1
rm -f "$lowered"
