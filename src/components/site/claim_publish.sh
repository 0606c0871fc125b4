# EPOCH CLAIM_ID STORE_ID RUN [COMPONENT SITE]…
# Writes this host's copy of the claim, durably and in one move. The wrapper has made sure that it
# is not older than the one that is here.
{
  echo "$1 $2 $3 $4"
  shift 4
  while [ $# -ge 2 ]; do
    echo "active $1 $2"
    shift 2
  done
} >"$SB_STATE/claim.new" && sync "$SB_STATE/claim.new" && mv "$SB_STATE/claim.new" "$SB_STATE/claim" &&
  sync "$SB_STATE"
