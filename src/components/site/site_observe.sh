# STATUS_FILE PATH…
# What a host is like: identity, clock, room, claim, status, guard, cron lines, addresses.
status=$1; shift
fact() { printf '%s=%s\n' "$1" "$2"; }
first_line() { [ -r "$1" ] && head -n 1 "$1"; }
fact machine_id "$(first_line /etc/machine-id)"
fact hostname "$(uname -n)"
IFS='. ' read -r up rest </proc/uptime
fact uptime_s "$up"
fact boot_id "$(first_line /proc/sys/kernel/random/boot_id)"
fact cpus "$(nproc 2>/dev/null)"
read -r load rest </proc/loadavg && fact load "$load"
while read -r name kb rest; do
  case $name in
    MemTotal:) fact memory_kb "$kb" ;;
    MemAvailable:) fact memory_available_kb "$kb" ;;
  esac
done </proc/meminfo
n=0
for path in "$SB_STATE" /run "$@"; do
  # A directory that does not exist yet lies on its parent's file system.
  look=$path
  while [ -n "$look" ] && [ ! -e "$look" ]; do look=${look%/*}; done
  n=$((n + 1))
  fact "disk.$n" "$path"
  df -Pk -- "${look:-/}" 2>/dev/null | {
    read -r heading
    read -r device size used free percent mount
    printf 'disk.%s.size_kb=%s\ndisk.%s.free_kb=%s\n' "$n" "$size" "$n" "$free"
  }
done
fact disks "$n"
fact claim "$(first_line "$SB_STATE/claim")"
n=0
while read -r word component site; do
  [ "$word" = active ] || continue
  n=$((n + 1))
  fact "active.$n" "$component $site"
done 2>/dev/null <"$SB_STATE/claim"
n=0
for file in "$SB_STATE"/runs/*; do
  [ -f "$file" ] && [ "$n" -lt 20 ] || continue
  n=$((n + 1))
  fact "seen_run.$n" "${file##*/} $(first_line "$file")"
done
fact seen_runs "$n"
fact status "$(first_line "$status")"
[ ! -r "$SB_STATE/runbook/manifest" ] || fact runbook "$(first_line "$SB_STATE/runbook/manifest")"
fact site "$(first_line "$SB_STATE/site")"
[ ! -x "$guard" ] || fact guard "$(sed -n 's/^# switchback guard //p' "$guard" | head -n 1)"
n=0
while read -r unit component data; do
  n=$((n + 1))
  open=closed
  [ ! -e "$SB_RUN/open/$unit" ] || open=open
  fact "guarded.$n" "$unit $open"
  [ ! -r "$SB_RUN/guard/$unit" ] || fact "guarded.$n.reason" "$(first_line "$SB_RUN/guard/$unit")"
done 2>/dev/null <"$SB_STATE/units"
fact guarded "$n"
n=0
while IFS= read -r line; do
  [ -n "$line" ] && [ "$n" -lt 20 ] || continue
  n=$((n + 1))
  fact "cron.$n" "$line"
done <<EOF
$(cron_lines)
EOF
fact crons "$n"
fact addresses "$(ip -o addr show scope global 2>/dev/null | awk '{sub("/.*", "", $4); printf "%s ", $4}')"
missing=
for tool in flock timeout sync stat base64 systemctl ssh rsync find awk sed grep; do
  command -v "$tool" >/dev/null 2>&1 || missing="$missing $tool"
done
fact missing_tools "${missing# }"
# Last, so that the answer is as near to this moment as it can be.
fact clock_ms "$(($(date +%s%N) / 1000000))"
