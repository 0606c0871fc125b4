# SITE MODE STATUS_FILE NPEERS PEER… [UNIT COMPONENT DATADIR]…
# Done when everything that site_adopt puts in place is there, and systemd has read it.
adopted=0
missing() { adopted=1; echo "$*" >&2; }
site=$1 mode=$2 status=$3 peers=$4; shift 4
here=; [ -r "$SB_STATE/site" ] && read -r here <"$SB_STATE/site"
[ "$here" = "$site" ] || missing "this host does not know that it belongs to $site"
[ -d "${status%/*}" ] || missing "${status%/*} does not exist"
[ "$(stat -c %a "$SB_STATE" 2>/dev/null)" = 755 ] || missing "$SB_STATE is not open to readers of the status"
[ "$(grep -c . "$SB_STATE/peers" 2>/dev/null)" = "$peers" ] || missing "the peers are not known"
while [ "$peers" -gt 0 ]; do
  grep -qxF -e "$1" "$SB_STATE/peers" 2>/dev/null || missing "peer $1 is not known"
  shift
  peers=$((peers - 1))
done
[ -x "$guard" ] && [ "$(cat "$guard")" = "$(guard_text)" ] || missing "the guard is not installed"
while [ $# -ge 3 ]; do
  unit=$1 component=$2 data=$(data_directory "$1" "$3"); shift 3
  file=$(dropin_folder "$unit")/$dropin
  [ "$(cat "$file" 2>/dev/null)" = "$(dropin_text "$unit" "$mode" "$data")" ] ||
    missing "$unit has no guard"
  systemctl show -p DropInPaths --value -- "$unit" | grep -qF "$dropin" ||
    missing "systemd has not read the guard of $unit"
  grep -qxF "$unit $component $data" "$SB_STATE/units" 2>/dev/null || missing "$unit is not listed"
  case $(systemctl show -p ActiveState --value -- "$unit") in
    active | reloading) [ -e "$SB_RUN/open/$unit" ] || missing "$unit runs with its guard closed" ;;
  esac
  [ "$(systemctl is-enabled -- "$unit" 2>/dev/null)" != disabled ] || missing "$unit is disabled"
done
exit $adopted
