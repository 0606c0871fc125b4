# FILE WORD
# Done when FILE holds exactly that word.
word=
[ -r "$1" ] && read -r word <"$1"
[ "$word" = "$2" ] || { echo "$1 holds '$word'" >&2; exit 1; }
