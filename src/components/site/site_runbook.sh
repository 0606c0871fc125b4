# MANIFEST
# Stores the break-glass bundle from standard input: for each file a line "NAME BYTES", then its
# bytes. The old copy stays until the new one is whole. Scripts hold no secret: whoever may log in
# may read them.
umask 022
mkdir -p "$SB_STATE" || exit 1
umask 077
new=$SB_STATE/runbook.new
rm -rf "$new" && mkdir "$new" || exit 1
while read -r file bytes; do
  case $file in '' | .* | */*) echo "'$file' is no file name" >&2; exit 1 ;; esac
  head -c "$bytes" >"$new/$file" && [ "$(stat -c %s "$new/$file")" = "$bytes" ] ||
    { echo "$file is cut short, or there is no room" >&2; exit 1; }
  case $file in *.sh) chmod 755 "$new/$file" ;; *) chmod 644 "$new/$file" ;; esac
  sync "$new/$file" || exit 1
done
[ "$(cat "$new/manifest" 2>/dev/null)" = "$1" ] || { echo "another bundle than announced" >&2; exit 1; }
# Whoever has a script of the old copy open keeps it.
chmod 755 "$new" && rm -rf "$SB_STATE/runbook.old" &&
  { [ ! -e "$SB_STATE/runbook" ] || mv "$SB_STATE/runbook" "$SB_STATE/runbook.old"; } &&
  mv "$new" "$SB_STATE/runbook" && sync "$SB_STATE" && rm -rf "$SB_STATE/runbook.old"
