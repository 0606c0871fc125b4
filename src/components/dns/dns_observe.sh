# Per server: does it answer, and what; and what the controller's own resolver says.
ask_all "$@"
n=0
for server; do
  n=$((n + 1))
  why=$(got $n why)
  printf '%s\n' "server.$n=$server" "server.$n.answers=${why:-yes}" "server.$n.value=$(got $n value)" \
    "server.$n.ttl=$(got $n ttl)" "server.$n.claim=$(got $n text)"
done
printf '%s\n' "servers=$n" "resolver=$(dig +short +time=1 +tries=1 "$name" "$type" 2>/dev/null | grep -v '^;' | tr '\n' ' ')"
