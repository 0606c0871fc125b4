# An emergency: what can still be fetched is fetched, as long as it takes no more than MODE seconds.
# Always done; says how much is lost at most: everything younger than the last good sync.
bound=$mode
reason= result=no
note() { reason=$1; echo "$1" >&2; }
# A kept connection may lead to a host that is gone, and would be believed for long.
through "$work/ssh.last"
if ! connect; then note "$peer cannot be reached"
elif ! look_there "$@" || ! direction_allowed || ! mounts_sound "$@"; then note "a sync from $peer is not safe"
else
  end=$(($(date +%s) + bound)) began=$(date +%s)
  result=yes n=0
  for path; do
    n=$((n + 1))
    known=$(recorded "$origin" "count.$n")
    if [ -z "$known" ]; then result=no; note "$path was never synced: an emergency is no time to begin"; break; fi
    left=$((end - $(date +%s)))
    if [ "$left" -le 0 ]; then result=partly; note "the bound of $bound s was reached"; break; fi
    # Nothing is deleted: the other side may be half dead, and extra files lose nothing.
    timeout "$left" rsync -aH --numeric-ids -s --timeout=10 --no-human-readable --stats \
      ${there:+--rsync-path="$there rsync"} --from0 --exclude-from="$work/excludes" \
      -- "$from:$path/" "$path/" >"$work/out" 2>"$work/err"
    code=$?
    case $code in
      0 | 24) sync -f -- "$path"; echo "count.$n=$known" >>"$work/counts" ;;
      *) tail -n 3 "$work/err" >&2; result=partly; note "rsync ended with $code below $path" ;;
    esac
  done
  if [ "$result" = yes ]; then
    record_origin
    record_last done "last sync before the failover"
  fi
fi
at=$(recorded "$origin" at)
printf '%s\n' "synced=$result" "reason=$reason"
if [ -n "$at" ]; then echo "loss_upper_bound_s=$(($(date +%s) - at))"; else echo "loss_upper_bound_s=unknown"; fi
disconnect
exit 0
