# Hands one announcement, TEXT and MORE as one, to the command of the configuration, as its last
# argument. An announcement never stops a run: whatever happens, the script ends with 0 and says how
# it went.
message=$1$2
shift 2
if timeout 10 "$@" "$message" >&2; then
  echo delivered=yes
else
  echo "the announcement was not delivered" >&2
  echo delivered=no
fi
exit 0
