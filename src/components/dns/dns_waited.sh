# Done when the old time to live has passed since it was lowered.
[ -e "$lowered" ] || exit 0
old=$(recorded "$lowered" old) at=$(sed -n 's/^at=//p' "$lowered" | tail -n 1)
# Lowered, and interrupted before the moment was noted: it is at least over now.
[ -n "$at" ] || { at=$(date +%s); echo "at=$at" >>"$lowered"; }
left=$((at + old - $(date +%s)))
[ "$left" -gt 0 ] || exit 0
echo "progress caches may hold the old answer for another $left s" >&2
exit 1
