# EPOCH CLAIM_ID [COMPONENT SITE]…
# Done when this host's copy of the claim is that one.
epoch= id=
[ -r "$SB_STATE/claim" ] || { echo "no claim here" >&2; exit 1; }
read -r epoch id rest <"$SB_STATE/claim"
[ "$epoch $id" = "$1 $2" ] || { echo "claim $epoch here" >&2; exit 1; }
shift 2
while [ $# -ge 2 ]; do
  grep -qxF "active $1 $2" "$SB_STATE/claim" || { echo "$1 is not active at $2 here" >&2; exit 1; }
  shift 2
done
