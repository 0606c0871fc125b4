# Before this side is overwritten: every file that only it has, or that differs from the active
# side's, is copied to $SB_STATE/salvage/RUN with its checksum. MODE is the most it may take, in MiB.
folder=$SB_STATE/salvage/$run/files-$component
connect || { echo "no connection to $peer" >&2; exit 1; }
look_there "$@" && direction_allowed && mounts_sound "$@" || exit 1
n=0 need=0
for path; do
  n=$((n + 1))
  echo "progress looking for what only this side has below $path" >&2
  pull -n --delete --out-format='%i %n' -- "$from:$path/" "$path/" >"$work/out" 2>"$work/err"
  code=$?
  if [ "$code" -ne 0 ] && [ "$code" -ne 24 ]; then cat "$work/err" >&2; exit 1; fi
  # Gone there, or about to be overwritten here; new files of the other side (+++) are no loss, and
  # directories hold nothing.
  sed -n -e 's/^\*deleting   //p' -e '/^[>ch][fLDS]+++/d' -e 's/^[>ch][fLDS].\{9\} //p' "$work/out" |
    grep -v '/$' >"$work/names"
  true_names <"$work/names" >"$work/save.$n"
  (cd -- "$path" && xargs -0 -r stat -c %s -- <"$work/save.$n") >"$work/sizes" 2>"$work/err" ||
    { cat "$work/err" >&2; exit 1; }
  need=$((need + $(awk '{sum += $1} END {printf "%d", sum}' "$work/sizes")))
done
mkdir -p "$folder" || exit 1
free_kb=$(df -Pk "$folder" | awk 'NR == 2 {print $4}')
if [ $((need / 1048576)) -ge "$mode" ]; then
  echo "$((need / 1048576)) MiB differ, more than salvage_max ($mode MiB): raise it, or save them by hand" >&2
  exit 1
fi
# A tenth of what is free stays free: claim and receipts live on the same disk.
if [ $((need / 1024)) -gt $((free_kb / 10 * 9)) ]; then
  echo "$((need / 1024)) KiB must be saved and $folder has $free_kb KiB free: make room" >&2
  exit 1
fi
n=0
for path; do
  n=$((n + 1))
  [ -s "$work/save.$n" ] || continue
  mkdir -p "$folder/$n" && printf '%s\n' "$path" >"$folder/$n.path" &&
    rsync -aH --numeric-ids --from0 --files-from="$work/save.$n" -- "$path/" "$folder/$n/" >&2 || exit 1
done
(cd "$folder" && find . -type f ! -path ./SUMS ! -path ./RESULT -print0 | sort -z | xargs -0 -r sha256sum -- >SUMS) || exit 1
files=$(cat "$work"/save.* 2>/dev/null | tr -dc '\0' | wc -c)
sum=$(sha256sum <"$folder/SUMS")
sync -f "$folder"
printf '%s\n' "files=$files" "bytes=$need" "path=$folder" "sha256=${sum%% *}" | write_record "$folder/RESULT"
