# Done when this side's origin record names SOURCE, under the claim that both sides hold.
epoch=0
[ ! -r "$SB_STATE/claim" ] || read -r epoch rest <"$SB_STATE/claim"
[ "$(recorded "$origin" source)" = "$source" ] && [ "$(recorded "$origin" epoch)" = "$epoch" ] ||
  { echo "this side does not receive from $source under claim $epoch yet" >&2; exit 1; }
