# METHOD URL BODY STATUS MAX_S HEADER_FILE
# Sends one request. STATUS empty: any 2xx will do. Standard input: a curl configuration with
# credentials, or empty.
method=$1 url=$2 body=$3 status=$4 most=$5 headers=$6
set --
[ -z "$body" ] || set -- "$@" --data-binary "$body"
[ -z "$headers" ] || set -- "$@" -H "@$headers"
found=$(curl --config - -sS --max-time "$most" -o /dev/null -w '%{http_code}' -X "$method" "$@" --url "$url")
code=$?
if [ $code -ne 0 ]; then echo "$url: curl ended with $code" >&2; exit 1; fi
case $found in
  "$status") ;;
  2??) [ -z "$status" ] || { echo "$url answers $found, not $status" >&2; exit 1; } ;;
  *) echo "$url answers $found" >&2; exit 1 ;;
esac
echo "status=$found"
