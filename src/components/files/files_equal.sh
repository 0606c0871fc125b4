# Done when this run's pass of MODE has ended well and the trees are equal by their metadata now.
# final: nothing at all would be transferred. rebuild: nothing that is older than the pass itself;
# the active side goes on writing.
[ "$(recorded "$synced" mode) $(recorded "$synced" run)" = "$mode $run" ] ||
  { echo "no pass of this run yet" >&2; exit 1; }
moment=$(recorded "$synced" moment)
connect || exit 2
export TZ=UTC
differ=0
for path; do
  pull -n --delete --out-format='%i %M %n' -- "$from:$path/" "$path/" >"$work/out" 2>"$work/err"
  code=$?
  if [ "$code" -ne 0 ] && { [ "$code" -ne 24 ] || [ "$mode" = final ]; }; then
    cat "$work/err" >&2
    exit 2
  fi
  if [ "$mode" = final ]; then cat "$work/out"
  else
    # New and changed entries carry their time; what has been deleted there since loses nothing.
    awk -v moment="$moment" '!/^\*deleting/ && !/^\.d/ && substr($0, 13, 19) < moment' "$work/out"
  fi >"$work/differ"
  if [ -s "$work/differ" ]; then
    differ=1
    echo "not equal below $path:" >&2
    head -n 5 "$work/differ" >&2
  fi
done
[ "$differ" = 0 ] || exit 1
files=0
for count in $(sed -n 's/^count\.[0-9]*=//p' "$synced"); do files=$((files + count)); done
printf '%s\n' "files=$files" "changed=$(recorded "$synced" changed)" "bytes=$(recorded "$synced" bytes)"
