# STORE_ID
# The heads of that store's journal that this host keeps: lines "head.N=RUN SEQUENCE HASH".
n=0
while read -r store head; do
  [ "$store" = "$1" ] || continue
  n=$((n + 1))
  printf 'head.%s=%s\n' "$n" "$head"
done 2>/dev/null <"$SB_STATE/journal.heads"
echo "heads=$n"
