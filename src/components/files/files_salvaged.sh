# Done when this run's salvage is complete and its checksums are still right.
folder=$SB_STATE/salvage/$run/files-$component
[ -r "$folder/RESULT" ] || { echo "nothing salvaged in this run yet" >&2; exit 1; }
sum=$(sha256sum <"$folder/SUMS")
[ "$(recorded "$folder/RESULT" sha256)" = "${sum%% *}" ] || { echo "$folder/SUMS was changed" >&2; exit 1; }
if [ -s "$folder/SUMS" ]; then
  (cd "$folder" && sha256sum --quiet -c SUMS >&2) || exit 1
fi
cat "$folder/RESULT"
