# What is known of the trees on this side, and whether it could pull from the other.
fact() { printf '%s=%s\n' "$1" "$2"; }
now=$(date +%s)
fact paths $#
n=0
for path; do
  n=$((n + 1))
  fact "path.$n" "$path"
  if [ ! -d "$path" ]; then fact "path.$n.state" missing; continue; fi
  fact "path.$n.state" present
  fact "path.$n.mount" "$(mount_of "$path")"
  then=$(recorded "$origin" "here.$n")
  [ -z "$then" ] || [ "$then" = "$(mount_of "$path")" ] || fact "path.$n.state" unmounted
  # A large tree is not worth a long wait: its last known count stands in.
  if timeout 5 find "$path" -xdev -type f -printf '%s\n' >"$work/sizes" 2>/dev/null; then
    fact "path.$n.files" "$(wc -l <"$work/sizes")"
    fact "path.$n.bytes" "$(awk '{sum += $1} END {printf "%d", sum}' "$work/sizes")"
  fi
  df -Pk -- "$path" 2>/dev/null | awk -v n="$n" 'NR == 2 {printf "path.%s.free_kb=%s\n", n, $4}'
done
fact origin_source "$(recorded "$origin" source)"
at=$(recorded "$origin" at)
[ -z "$at" ] || { fact last_good_s "$at"; fact last_good_age_s "$((now - at))"; }
at=$(recorded "$last" at)
[ -z "$at" ] || {
  fact last_age_s "$((now - at))"
  fact last_result "$(recorded "$last" result)"
  fact last_words "$(recorded "$last" words)"
  fact last_changed "$(recorded "$last" changed)"
}
before=$(date +%s%N)
if [ ! -r "$key" ]; then fact access "no key $key"
elif ! connect 2>"$work/err"; then fact access "$(tail -n 1 "$work/err")"
else
  before=$(date +%s%N)
  if look_there "$@" 2>"$work/err"; then
    after=$(date +%s%N)
    fact access yes
    clock=$(recorded "$work/there" clock)
    # Half of the round trip is the best guess for the way there.
    fact clock_offset_ms "$(((clock - (before + after) / 2) / 1000000))"
    n=0
    for path; do n=$((n + 1)); fact "path.$n.there" "$(recorded "$work/there" "mount.$n")"; done
  else fact access "$(tail -n 1 "$work/err")"; fi
fi
disconnect
exit 0
