# STATUS_FILE
# Done when no unit is under this application's guard and the status file is gone.
released=0
for file in "$dropins"/*.d/"$dropin"; do
  grep -qs -e "release $SB_APP'" "$file" && { released=1; echo "$file is still there" >&2; }
done
for file in "$SB_STATE/units" "$SB_STATE/site" "$SB_STATE/claim" "$1"; do
  [ ! -e "$file" ] || { released=1; echo "$file is still there" >&2; }
done
exit $released
