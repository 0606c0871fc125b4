# PATH SHA256 FROM
# What a salvage has saved, one line each, 4000 of them from line FROM on:
#   transaction NUMBER POSITION TIME RECORDS RELATIONS   or   file NAME CHECKSUM   (tabs between)
# SHA256 is the checksum that the salvage reported. Exit 1: nothing is there; 2: it was changed.
path=$1 expected=$2 from=$3
sums=SHA256SUMS
[ -f "$path/$sums" ] || sums=SUMS
[ -f "$path/$sums" ] || { echo "$path holds no salvage" >&2; exit 1; }
found=$(sha256sum <"$path/$sums")
[ "${found%% *}" = "$expected" ] || { echo "$path/$sums was changed since the salvage" >&2; exit 2; }
[ "$sums" = SUMS ] || (cd "$path" && grep ' \./transactions\.tsv$' "$sums" | sha256sum --quiet -c) >&2 || exit 2
if [ "$sums" = SHA256SUMS ]; then
  tail -n +2 "$path/transactions.tsv" | sed 's/^/transaction	/'
else
  awk -v folder="$path" '{
    name = substr($0, index($0, "./") + 2); slash = index(name, "/")
    if (!slash) next
    part = substr(name, 1, slash - 1)
    if (!(part in root)) getline root[part] <(folder "/" part ".path")
    print "file\t" root[part] "/" substr(name, slash + 1) "\t" $1
  }' "$path/SUMS"
fi | tail -n "+$from" | head -n 4000 | cut -c 1-200
