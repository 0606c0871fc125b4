# claim_publish EPOCH CLAIM_ID STORE_ID RUN COMPONENT=SITE...
# Writes the claim on this host, whole or not at all. Run it under the exclusive claim lock, as the
# runner does for a step of guarding "publish": then no step of the old claim is still at work. A host
# that holds a greater epoch, or another claim of the same epoch, keeps its own (exit 3).
epoch=$1 claim=$2 store=$3 run=$4; shift 4
case $epoch$run in '' | *[!0-9]*) echo "epoch and run must be numbers" >&2; exit 2 ;; esac
[ -n "$claim" ] && [ -n "$store" ] || { echo "claim id and store id must not be empty" >&2; exit 2; }
if [ -e "$SB_STATE/claim" ]; then
  read -r E C S R rest <"$SB_STATE/claim"
  case $E in '' | *[!0-9]*) echo "the claim file $SB_STATE/claim is damaged" >&2; exit 3 ;; esac
  if [ "$E" -gt "$epoch" ] || { [ "$E" -eq "$epoch" ] && [ "$C $S" != "$claim $store" ]; }; then
    echo "this host holds claim $C of epoch $E" >&2; exit 3
  fi
fi
umask 022
# What the claim makes active elsewhere is marked to stay down here until a step starts it: a later claim that makes
# it active here must not open it after a boot while the other side may not have heard of that claim. A database's
# directory says itself that it is a standby.
site=; [ ! -r "$SB_STATE/site" ] || read -r site rest <"$SB_STATE/site"
[ ! -r "$SB_STATE/units" ] || while read -r unit component data; do
  case " $* " in *" $component=$site "*) continue ;; *" $component="*) ;; *) continue ;; esac
  [ -z "$data" ] && [ ! -e "$SB_RUN/open/$unit" ] && [ ! -e "$SB_STATE/stopped/$unit" ] || continue
  { [ -d "$SB_STATE/stopped" ] || mkdir -p "$SB_STATE/stopped"; } && echo claim >"$SB_STATE/stopped/$unit" || exit 4
done <"$SB_STATE/units"
text="$epoch $claim $store $run
"
for word do text="${text}active ${word%%=*} ${word#*=}
"; done
# Where receipts are written through, as the runner has noted, so is a file that is made in their folder, and ext4
# does the same with its move out of there. Two programs less in every outage.
through=; [ ! -s "$SB_RUN/through" ] || read -r through <"$SB_RUN/through"
new=$SB_STATE/claim.new to_disk=sync
if [ "$through" = ext4 ] && [ -d "$SB_STATE/receipts" ]; then new=$SB_STATE/receipts/claim.new to_disk=:; fi
printf %s "$text" >"$new" && $to_disk "$new" && mv -f "$new" "$SB_STATE/claim" && $to_disk "$SB_STATE" || exit 4
