# [ADDRESS PORT,PORT…]…
# Done when nothing at these addresses answers any more. A refused connection is an answer too: a
# machine refused it. Not done says who answers; unknown when this host has no way to look.
command -v bash >/dev/null 2>&1 || { echo "bash is missing: cannot open connections" >&2; exit 2; }
found=$(mktemp -d) || exit 2
trap 'rm -rf "$found"' EXIT
knock() { # ADDRESS PORT
  words=$(timeout 1 bash -c 'exec 3<>"/dev/tcp/$0/$1"' "$1" "$2" 2>&1)
  case $?:$words in
    0:*) echo "$1 answers on port $2" ;;
    *refused*) echo "$1 answers on port $2: connection refused" ;;
  esac
}
# A walreceiver that makes progress has a living primary at its other end.
received() { ps -eo args 2>/dev/null | grep '[w]alreceiver *streaming'; }
before=$(received)
looked=$#
while [ $# -ge 2 ]; do
  address=$1 ports=$2,; shift 2
  while [ -n "$ports" ]; do
    knock "$address" "${ports%%,*}" >"$found/$address.${ports%%,*}" &
    ports=${ports#*,}
  done
done
wait
after=$(received)
cat "$found"/* >&2 2>/dev/null
silent=0
[ -z "$(cat "$found"/* 2>/dev/null)" ] || silent=1
if [ -n "$before$after" ] && [ "$before" != "$after" ]; then
  echo "the walreceiver here still receives: $after" >&2
  silent=1
fi
[ "$looked" -gt 0 ] || { echo "nothing was asked" >&2; exit 2; }
echo "silent=$([ $silent = 0 ] && echo yes || echo no)"
exit $silent
