# Done when this side's origin record names SOURCE, under the claim that both sides hold. Another store
# may have had a claim of the same epoch.
epoch=0 claim=
[ ! -r "$SB_STATE/claim" ] || read -r epoch claim rest <"$SB_STATE/claim"
[ "$(recorded "$origin" source)" = "$source" ] && [ "$(recorded "$origin" epoch)" = "$epoch" ] &&
  [ "$(recorded "$origin" claim)" = "$claim" ] ||
  { echo "this side does not receive from $source under claim $epoch yet" >&2; exit 1; }
