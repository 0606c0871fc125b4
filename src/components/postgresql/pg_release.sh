# Ends the held session. Nothing depends on it: it would end by itself.
# Parameters: CLUSTER
{ read -r keeper <"$held/pid"; } 2>/dev/null && [ -d "/proc/$keeper" ] && printf '%s\n' '\q' 1<>"$held/in"
exit 0
