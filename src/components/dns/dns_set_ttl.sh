# The record's time to live becomes TTL again; MODE undo: what it was before it was lowered.
if [ "$mode" = undo ] && [ -e "$lowered" ]; then
  old=$(sed -n 's/^old=//p' "$lowered" | head -n 1)
  ttl=${old:-$ttl}
fi
read_update_server && claim_permits "$text" || exit 1
[ "$present_ttl" = "$ttl" ] || [ -z "$present" ] || send_ttl "$ttl" || exit 1
rm -f "$lowered"
