# The heads of the controller's journal that this host keeps: lines "head.N=STORE_ID RUN SEQUENCE HASH".
n=0
while IFS= read -r line; do
  n=$((n + 1))
  printf 'head.%s=%s\n' "$n" "$line"
done 2>/dev/null <"$SB_STATE/journal.heads"
echo "heads=$n"
