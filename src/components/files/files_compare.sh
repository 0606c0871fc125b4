# Compares the contents of both trees, off the critical path. This side is in use: what is newer or
# gone here was changed after the move. What has the same size and time but other bytes is damage.
connect || exit 2
damaged=0 compared=0 missing=0
for path; do
  echo "progress comparing the contents of $path" >&2
  pull -n -c --stats --out-format='%i %n' -- "$from:$path/" "$path/" >"$work/out" 2>"$work/err"
  code=$?
  if [ "$code" -ne 0 ] && [ "$code" -ne 24 ]; then cat "$work/err" >&2; exit 2; fi
  compared=$((compared + $(stat_of "$work/out" "Number of files")))
  # YXcstpoguax: only the checksum differs, size and time do not.
  grep '^>fc\.\.' "$work/out" >"$work/damaged"
  damaged=$((damaged + $(wc -l <"$work/damaged")))
  missing=$((missing + $(grep -c '^>f+++' "$work/out")))
  sed 's/^/other contents, same size and time: /' "$work/damaged" | head -n 5 >&2
done
printf '%s\n' "compared=$compared" "damaged=$damaged" "missing=$missing"
[ "$damaged" = 0 ]
