# Saves what only this stopped side has, before anything overwrites it: the records after the fork
# first, then who was committed in them, then the whole directory if the disk allows.
# Parameters: CLUSTER RUN FORK_LSN FORK_TIMELINE METHOD keep|drop
run=$1 fork=$2 method=$4 keep=$5
out=$SB_STATE/salvage/$run/${unit%.service}
[ ! -e "$SB_RUN/open/$unit" ] || quit 2 "the guard is open"
postmaster && quit 2 "the server runs"
[ -d "$data" ] || data=$data.rewinding
control || quit 2 "no control file in $data"
own_end
umask 077
# Only this side's own timelines, from the file that holds the fork to the one that holds the end.
first=''
[ "$fork" = 0/0 ] || { segment_name 1 "$fork" && first=${name#????????}; }
segment_name 1 "$end" && last=${name#????????} && oldest=$(printf '%08X' "$3")
set -- "$@" --
for f in "$data/pg_wal/"*; do
  w=${f##*/}
  case $w in
    *.history) set -- "$@" "$f" ;;
    *[!0-9A-F]*) ;;
    ????????????????????????)
      [ "${w%????????????????}" \< "$oldest" ] || [ "${w#????????}" \< "$first" ] || [ "${w#????????}" \> "$last" ] ||
        set -- "$@" "$f" ;;
  esac
done
fork_timeline=$3
while [ "$1" != -- ]; do shift; done
shift
rm -rf "$out" && mkdir -p "$out" || exit 1
size=$(du -ck "$@" | tail -n 1) && size=${size%%[!0-9]*}
if [ "$(kib_free "$out")" -lt $((size * 2 + 65536)) ]; then
  far=${data%.rewinding}.salvage.$run
  rm -rf "$far" && mkdir "$far" && rmdir "$out" && ln -s "$far" "$out" || exit 1
  say "$size KiB do not fit into $SB_STATE: they are saved as $far"
fi
say "progress copying $size KiB of records"
mkdir "$out/wal" && cp -p "$@" "$out/wal/" || exit 1
sync -f "$out"
past_of "$last_timeline"
from=$fork walk=$past${past:+,}$last_timeline:end
: >"$out/records"
while [ "$walk" ]; do
  t=${walk%%:*} e=${walk%%,*} e=${e#*:}
  case $walk in *,*) walk=${walk#*,} ;; *) walk='' ;; esac
  [ "$t" -ge "$fork_timeline" ] || continue
  # Nothing older than the first file that is still there.
  f=$(ls "$out/wal" | sed -n "/^$(printf '%08X' "$t")[0-9A-F]\{16\}\$/{p;q}")
  [ "$f" ] || continue
  h=${f#????????} && h=$((0x${h%????????} * (4294967296 / segment) + 0x${h#????????})) && h=$((h * segment))
  lsn_number "$from" && [ "$n" -ge "$h" ] || from=$(printf '%X/%08X' $((h >> 32)) $((h & 4294967295)))
  # Its normal end is an invalid record: the place where nothing was written any more.
  if [ "$e" = end ]; then "$bin/pg_waldump" -p "$out/wal" -t "$t" -s "$from"
  else "$bin/pg_waldump" -p "$out/wal" -t "$t" -s "$from" -e "$e"; from=$e; fi >>"$out/records" 2>>"$out/waldump.messages"
done
say "progress reading records"
awk -v out="$out/transactions.tsv" -v rels="$out/relations" '
  function touch(x, r) { if (!((x, r) in seen)) { seen[x, r] = 1; touched[x] = touched[x] (touched[x] ? "," : "") r } }
  BEGIN { print "transaction\tposition\tcommitted\trecords\trelations" >out }
  {
    if (!match($0, /tx: +[0-9]+/)) next
    x = substr($0, RSTART, RLENGTH); sub(/tx: +/, "", x); x += 0
    if (!x) next
    count[x]++
    rest = $0
    while (match(rest, /rel [0-9]+\/[0-9]+\/[0-9]+/)) {
      r = substr(rest, RSTART + 4, RLENGTH - 4); sub(/^[0-9]+\//, "", r); rest = substr(rest, RSTART + RLENGTH)
      split(r, part, "/")
      if (part[2] >= 16384) touch(x, r)
    }
    if ($0 !~ /rmgr: Transaction/ || $0 !~ /desc: COMMIT/) next
    at = $0; sub(/.*desc: COMMIT(_PREPARED [0-9]+:)? */, "", at); when = at; sub(/ UTC.*/, "", when); sub(/;.*/, "", when)
    sub(/ /, "T", when); when = when "Z"
    lsn = $0; sub(/.*lsn: /, "", lsn); sub(/,.*/, "", lsn)
    if (match(at, /subxacts: [0-9 ]+/)) {
      s = substr(at, RSTART + 10, RLENGTH - 10); k = split(s, sub_x, " ")
      for (i = 1; i <= k; i++) { y = sub_x[i]; count[x] += count[y]; m = split(touched[y], part, ","); for (j = 1; j <= m; j++) touch(x, part[j]) }
    }
    print x "\t" lsn "\t" when "\t" count[x] "\t" touched[x] >out
    n++; if (!first) first = when; final = when
    m = split(touched[x], part, ","); for (i = 1; i <= m; i++) all[part[i]] = 1
  }
  END { for (r in all) print r >rels; printf "%d %s %s\n", n, first ? first : "none", final ? final : "none" }
' "$out/records" >"$out/summary" || quit 1 "the records cannot be read"
read -r transactions first_time last_time <"$out/summary"
[ -e "$out/relations" ] && relations=$(sort -u "$out/relations" | head -n 40 | tr '\n' ',') || relations=none
relations=${relations%,}
gzip -f "$out/records" && rm -f "$out/summary" "$out/relations"
size=$(du -sk "$data") && size=${size%%[!0-9]*}
free=$(kib_free "${data%/*}")
copy=${data%.rewinding}.diverged.$run copied=no why=-
if [ "$method" = rebuild ]; then copied=yes why="the rebuild keeps it under that name"
elif [ "$keep" != keep ]; then why="the option keep_diverged is off"
elif mountpoint -q "$data"; then why="the data directory is a file system of its own"
elif [ -e "$copy" ]; then copied=yes
elif [ "$free" -lt $((size + size / 10 + 262144)) ]; then why="$free KiB are free beside $data, $size are needed"
else
  say "progress copying $size KiB of $data"
  rm -rf "$copy.part"
  cp -a --reflink=auto "$data" "$copy.part" && sync -f "$copy.part" && mv "$copy.part" "$copy" && copied=yes || { rm -rf "$copy.part"; why="the copy failed"; }
fi
(cd "$out" && find . -type f ! -name SHA256SUMS ! -name report -exec sha256sum {} + | sort -k 2 >SHA256SUMS) || exit 1
sum=$(sha256sum "$out/SHA256SUMS") || exit 1
printf '%s\n' "fork_lsn=$fork" "fork_timeline=$fork_timeline" "end_lsn=$end" "end_timeline=$last_timeline" "transactions=$transactions" \
  "first_time=$first_time" "last_time=$last_time" "relations=$relations" "path=$out" "sha256=${sum%% *}" \
  "copied=$copied" "copy=$([ $copied = yes ] && echo "$copy" || echo none)" "reason=$why" >"$out/report.part"
sync -f "$out" && mv "$out/report.part" "$out/report" && sync -f "$out"
