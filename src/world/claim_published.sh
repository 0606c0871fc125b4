# claim_published EPOCH CLAIM_ID STORE_ID RUN COMPONENT=SITE...
# Does this host hold exactly this claim? The run may be an older one of the same claim.
epoch=$1 claim=$2 store=$3; shift 4
[ -e "$SB_STATE/claim" ] || exit 1
{
  read -r E C S R rest
  [ "$E $C $S" = "$epoch $claim $store" ] || exit 1
  for word do
    read -r key component site rest || exit 1
    [ "$key $component $site" = "active ${word%%=*} ${word#*=}" ] || exit 1
  done
  ! read -r key rest
} <"$SB_STATE/claim" || exit 1
