# claim_published EPOCH CLAIM_ID STORE_ID RUN [stopped] COMPONENT=SITE...
# Does this host hold exactly this claim? The run may be an older one of the same claim. With `stopped`: and is the
# guard closed of everything that the claim makes active elsewhere, unless it is a standby? Behind the claim no older
# one opens it.
epoch=$1 claim=$2 store=$3 stopped=; shift 4
[ "${1:-}" != stopped ] || { stopped=1; shift; }
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
[ -n "$stopped" ] && [ -r "$SB_STATE/units" ] || exit 0
site=; [ ! -r "$SB_STATE/site" ] || read -r site rest <"$SB_STATE/site"
while read -r unit component data; do
  case " $* " in *" $component=$site "*) continue ;; *" $component="*) ;; *) continue ;; esac
  [ -e "$SB_RUN/open/$unit" ] || continue
  [ -n "$data" ] && [ -e "$data/standby.signal" ] || {
    echo "$unit was started again after this run had stopped it: is another controller at work?" >&2; exit 1
  }
done <"$SB_STATE/units"
