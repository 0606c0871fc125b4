# MODE is bulk (writers may run), final (writers are stopped) or rebuild (this side becomes the
# other's copy; writers run there). Done by files_equal, but for bulk, which nothing can prove.
began=$(date +%s) changed=0 gone=0 bytes=0
give_up() { record_last failed "$1"; echo "$1" >&2; exit 1; }
connect || give_up "no connection to $peer"
look_there "$@" && direction_allowed && mounts_sound "$@" || give_up "not allowed, or not safe"
rm -f "$synced"
moment=$(recorded "$work/there" moment)
n=0
for path; do
  n=$((n + 1))
  known=$(recorded "$origin" "count.$n") in_outage=
  # In the outage the count of the last pass stands in for the counting pass.
  if [ "$mode" = final ] && [ -n "$known" ]; then
    in_outage=yes most=$(allowance "$known")
  else
    echo "progress counting what would change below $path" >&2
    shrink_tolerable "$path" || give_up "too much would be deleted, or nothing could be read"
  fi
  if [ -n "$in_outage" ]; then
    # Nothing is deleted at first: what would be is only counted, and seldom there is anything.
    pull --delete --max-delete=0 --stats --out-format='%i %n' -- "$from:$path/" "$path/" \
      >"$work/out" 2>"$work/err"
    code=$?
    if [ $code -eq 25 ]; then
      wanted=$(sed -n 's/.*max-delete limit (\([0-9]*\) skipped).*/\1/p' "$work/err" | head -n 1)
      if [ "${wanted:-$((most + 1))}" -gt "$most" ] || [ "$(stat_of "$work/out" "Number of files")" -le 1 ]; then
        give_up "refused: this pass would delete ${wanted:-too many} of $known entries below $path (max_shrink is $shrink%)"
      fi
      gone=$((gone + wanted))
      pull --delete-delay --max-delete="$most" --out-format='%i %n' -- "$from:$path/" "$path/" \
        >>"$work/out" 2>"$work/err"
      code=$?
    fi
  else
    # Whatever rsync ends with is in the file: a pipe only keeps the last command's end.
    { pull --delete-delay --max-delete="$most" --stats --out-format='%i %n' --info=progress2 \
        --outbuf=L -- "$from:$path/" "$path/" 2>"$work/err"; echo $? >"$work/code"; } |
      stdbuf -oL tr '\r' '\n' | while IFS= read -r line; do
        case $line in
          # Progress stands behind blanks, names behind rsync's letters for what changes.
          ' '*%*/s*)
            set -f; set -- $line
            # Once a percent: small files would give a line each.
            [ "$2" = "$percent" ] || echo "progress $path: $*" >&2
            percent=$2 ;;
          *) printf '%s\n' "$line" ;;
        esac
      done >"$work/out"
    read -r code <"$work/code"
  fi
  cat "$work/err" >&2
  case $code in
    0) ;;
    24) [ "$mode" != final ] || give_up "files vanished below $path at $peer: something still writes there" ;;
    25) give_up "refused: more than $most entries would have been deleted below $path (max_shrink is $shrink%)" ;;
    *) give_up "rsync ended with $code below $path" ;;
  esac
  sed -n 's/^>f.\{9\} //p' "$work/out" | true_names >"$work/changed.$n"
  more=$(tr -dc '\0' <"$work/changed.$n" | wc -c)
  changed=$((changed + more))
  gone=$((gone + $(stat_of "$work/out" "Number of deleted files")))
  bytes=$((bytes + $(stat_of "$work/out" "Total transferred file size")))
  echo "count.$n=$(stat_of "$work/out" "Number of files")" >>"$work/counts"
  sync -f -- "$path"
  if [ "$mode" = final ] && [ "$more" -gt 0 ]; then
    # What changed in the outage is compared byte by byte.
    pull -n -c --files-from="$work/changed.$n" --out-format='%i %n' -- "$from:$path/" "$path/" \
      >"$work/differ" 2>"$work/err" || { cat "$work/err" >&2; give_up "the checksums could not be compared"; }
    if grep -q '^>f' "$work/differ"; then
      head -n 5 "$work/differ" >&2
      give_up "files below $path differ after the last pass"
    fi
  fi
done
record_origin || give_up "the origin record could not be written"
cat "$work"/changed.[0-9]* >"$SB_STATE/files/$component.changed"
{
  printf '%s\n' "mode=$mode" "run=$run" "moment=$moment" "changed=$changed" "deleted=$gone" "bytes=$bytes"
  cat "$work/counts"
} | write_record "$synced" || give_up "the record of the pass could not be written"
record_last done ""
printf '%s\n' "changed=$changed" "deleted=$gone" "bytes=$bytes"
