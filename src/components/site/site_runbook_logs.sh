# The logs that break-glass runbooks left on this host: lines "log.N=NAME" and "log.N.M=WORDS", of the
# newest four logs the last hundred lines each.
n=0
for file in $(cd "$SB_STATE/runbook-log" 2>/dev/null && ls -t -- *.log 2>/dev/null | head -n 4); do
  n=$((n + 1))
  printf 'log.%s=%s\n' "$n" "$file"
  tail -n 100 -- "$SB_STATE/runbook-log/$file" | awk -v n="$n" '{printf "log.%s.%03d=%s\n", n, NR, substr($0, 1, 300)}'
done
echo "logs=$n"
