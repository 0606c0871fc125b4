# LOGS LINES
# What break-glass runbooks wrote down on this host: lines "log.N=NAME" and "log.N.M=WORDS", of the
# newest LOGS logs the last LINES each.
n=0
for file in $(cd "$SB_STATE/runbook-log" 2>/dev/null && ls -t -- *.log 2>/dev/null | head -n "$1"); do
  n=$((n + 1))
  printf 'log.%s=%s\n' "$n" "$file"
  tail -n "$2" -- "$SB_STATE/runbook-log/$file" |
    awk -v n="$n" '{printf "log.%s.%03d=%s\n", n, NR, substr($0, 1, 300)}'
done
echo "logs=$n"
