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
# One question for all of them: a line "NAME STATE ENABLED" each; who is unknown here is inactive.
movers="patroni repmgrd keepalived pacemaker corosync pgautofailover stolon-keeper heartbeat ucarp
  lsyncd vip-manager"
# shellcheck disable=SC2086
known=$(systemctl show -p ActiveState -p UnitFileState -- $movers 2>/dev/null)
# shellcheck disable=SC2086
set -- $movers "$@"
state= enabled=
while IFS= read -r line; do
  case $line in
    ActiveState=*) state=${line#*=} ;;
    UnitFileState=*) enabled=${line#*=} ;;
    '')
      [ -n "$state" ] || continue
      case $state:$enabled in
        active:* | activating:* | *:enabled)
          conflict "$1 ($state, ${enabled:-unknown}) moves roles or addresses by itself: stop and disable it" ;;
      esac
      state= enabled=
      shift ;;
  esac
done <<EOF
$known

EOF
[ $# -gt 0 ] || { echo "conflicts=$n"; exit 0; }
known=$(systemctl show -p DropInPaths -p LoadState -- "$@")
load= paths=
while IFS= read -r line; do
  case $line in
    LoadState=*) load=${line#*=} ;;
    DropInPaths=*) paths=${line#*=} ;;
    '')
      [ -n "$load" ] || continue
      foreign_guard "$1" && conflict "$1 is under the guard of another application"
      for file in $paths; do
        case $file in */"$dropin") continue ;; esac
        grep -qsE '^(ExecCondition|Condition[A-Za-z]*|Assert[A-Za-z]*)=' "$file" &&
          conflict "$1 has another condition in $file"
      done
      case $load in
        loaded) ;;
        masked) conflict "$1 is masked: nothing can start it" ;;
        *) conflict "$1 does not exist on this host" ;;
      esac
      load= paths=
      shift ;;
  esac
done <<EOF
$known

EOF
echo "conflicts=$n"
