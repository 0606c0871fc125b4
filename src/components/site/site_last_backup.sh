# GLOB
# The newest file of GLOB by modification time: its age, size and name, and how many there are.
count=0 newest= newest_s=0
IFS=
for file in $1; do
  [ -f "$file" ] || continue
  count=$((count + 1))
  at=$(stat -c %Y -- "$file") || continue
  if [ "$at" -ge "$newest_s" ]; then newest_s=$at newest=$file; fi
done
echo "count=$count"
[ "$count" -gt 0 ] || exit 0
printf 'name=%s\n' "$(printf %s "${newest##*/}" | tr '\n' '?')"
echo "bytes=$(stat -c %s -- "$newest")"
echo "at_ms=${newest_s}000"
echo "age_s=$(($(date +%s) - newest_s))"
