# STATUS_FILE PATH…
# What a host is like: identity, clock, room, claim, status, guard, cron lines, addresses.
status=$1; shift
fact() { printf '%s=%s\n' "$1" "$2"; }
# NAME FILE: the file's first line, empty where there is none. Without a fork: hosts may be busy.
line_of() {
  line=
  [ ! -r "$2" ] || IFS= read -r line <"$2"
  fact "$1" "$line"
}
line_of machine_id /etc/machine-id
line_of hostname /proc/sys/kernel/hostname
IFS='. ' read -r up rest </proc/uptime
fact uptime_s "$up"
line_of boot_id /proc/sys/kernel/random/boot_id
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
line_of claim "$SB_STATE/claim"
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
  line=
  IFS= read -r line <"$file"
  fact "seen_run.$n" "${file##*/} $line"
done
fact seen_runs "$n"
line_of status "$status"
[ ! -r "$SB_STATE/runbook/manifest" ] || line_of runbook "$SB_STATE/runbook/manifest"
line_of site "$SB_STATE/site"
version=
while IFS= read -r line; do
  case $line in '# switchback guard '*) version=${line#'# switchback guard '}; break ;; esac
done 2>/dev/null <"$guard"
[ ! -x "$guard" ] || fact guard "$version"
n=0
while read -r unit component data; do
  n=$((n + 1))
  open=closed
  [ ! -e "$SB_RUN/open/$unit" ] || open=open
  fact "guarded.$n" "$unit $open"
  [ ! -r "$SB_RUN/guard/$unit" ] || line_of "guarded.$n.reason" "$SB_RUN/guard/$unit"
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
fact addresses "$(ip -o addr show scope global 2>/dev/null |
  while read -r index device family address rest; do printf '%s ' "${address%%/*}"; done)"
missing=
for tool in flock timeout sync stat base64 systemctl ssh rsync find awk sed grep; do
  command -v "$tool" >/dev/null 2>&1 || missing="$missing $tool"
done
fact missing_tools "${missing# }"
# Last, so that the answer is as near to this moment as it can be.
fact clock_ms "$(($(date +%s%N) / 1000000))"
