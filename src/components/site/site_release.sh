# STATUS_FILE
# Takes out what site_adopt put in, restores what was enabled, leaves everything running. Salvaged
# data, receipts and records of syncs stay.
while read -r unit component data; do
  [ -n "$unit" ] || continue
  folder=$(dropin_folder "$unit")
  foreign_guard "$unit" || rm -f "$folder/$dropin" || exit 1
  rmdir "$folder" 2>/dev/null
  before=unknown
  [ -r "$SB_STATE/adopted/$unit" ] && read -r before <"$SB_STATE/adopted/$unit"
  [ "$before" != disabled ] || systemctl disable -q -- "$unit" || exit 1
done 2>/dev/null <"$SB_STATE/units"
# An aborted run leaves the session that it held to end by itself, which takes a quarter of an hour.
for session in "$SB_RUN"/pg/*/in; do
  [ ! -p "$session" ] || printf '%s\n' '\q' 1<>"$session"
done
rm -rf "$SB_STATE/runbook" "$SB_STATE/adopted" "$SB_STATE/stopped" "$SB_RUN/open" "$SB_RUN/guard"
rm -f "$SB_STATE/units" "$SB_STATE/site" "$SB_STATE/peers" "$SB_STATE/claim" "$1"
# Another application on this host may need the guard still.
if ! grep -qsF "$guard" "$dropins"/*.d/"$dropin"; then
  rm -f "$guard"
  rmdir "${guard%/*}" 2>/dev/null
fi
systemctl daemon-reload
