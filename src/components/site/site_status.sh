# FILE WORD
# Writes the site's status word, and nothing else, into FILE: durably, in one move.
umask 022
folder=${1%/*}
mkdir -p "$folder" && printf '%s\n' "$2" >"$1.new" && sync "$1.new" &&
  mv "$1.new" "$1" && sync "$folder"
