# URL STATUS CONTAINS MAX_S
# Done when URL answers STATUS and its body holds CONTAINS (empty: anything). Standard input: a curl
# configuration with credentials, or empty.
body=$(mktemp) || exit 2
trap 'rm -f "$body"' EXIT
trap 'exit 143' TERM INT HUP
found=$(curl --config - -sS --max-time "$4" --max-filesize 10000000 -o "$body" -w '%{http_code}' --url "$1")
code=$?
if [ $code -ne 0 ]; then echo "$1: curl ended with $code" >&2; exit 1; fi
if [ "$found" != "$2" ]; then echo "$1 answers $found, not $2" >&2; exit 1; fi
if [ -n "$3" ] && ! grep -qF -e "$3" "$body"; then
  echo "$1 answers $found, and its body does not hold '$3'" >&2
  exit 1
fi
echo "status=$found"
