# NADDRESSES ADDRESS… UNIT…
# Names everything on this host that would act beside Switchback: conflict.N=WORDS.
n=0
conflict() { n=$((n + 1)); printf 'conflict.%s=%s\n' "$n" "$*"; }
addresses=$1; shift
while [ "$addresses" -gt 0 ]; do
  for file in $(grep -rlsF -e "$1" /etc/network/interfaces /etc/network/interfaces.d /etc/netplan \
    /etc/systemd/network /etc/NetworkManager/system-connections /etc/sysconfig/network-scripts \
    /etc/keepalived /etc/rc.local); do
    grep -sF -e "$1" "$file" | grep -vq '^[[:space:]]*#' &&
      conflict "$file brings the service address $1 up at boot: take it out"
  done
  shift
  addresses=$((addresses - 1))
done
while IFS= read -r line; do
  [ -z "$line" ] || conflict "cron moves files: $line"
done <<EOF
$(cron_lines)
EOF
for name in patroni repmgrd keepalived pacemaker corosync pgautofailover stolon-keeper heartbeat \
  ucarp lsyncd vip-manager; do
  state=$(systemctl is-active "$name" 2>/dev/null) enabled=$(systemctl is-enabled "$name" 2>/dev/null)
  case $state:$enabled in
    active:* | activating:* | *:enabled)
      conflict "$name ($state, $enabled) moves roles or addresses by itself: stop and disable it" ;;
  esac
done
for unit; do
  foreign_guard "$unit" && conflict "$unit is under the guard of another application"
  for file in $(systemctl show -p DropInPaths --value -- "$unit"); do
    case $file in */"$dropin") continue ;; esac
    grep -qsE '^(ExecCondition|Condition[A-Za-z]*|Assert[A-Za-z]*)=' "$file" &&
      conflict "$unit has another condition in $file"
  done
  case $(systemctl show -p LoadState --value -- "$unit") in
    loaded) ;;
    masked) conflict "$unit is masked: nothing can start it" ;;
    *) conflict "$unit does not exist on this host" ;;
  esac
done
echo "conflicts=$n"
