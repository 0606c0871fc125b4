# SITE MODE STATUS_FILE NPEERS PEER… [UNIT COMPONENT DATADIR]…
# Puts the units under guard. Nothing is stopped or started; running units find their guard open.
# May be repeated: what was enabled before the first adoption stays recorded.
site=$1 mode=$2 status=$3 peers=$4; shift 4
# The status file is for every script on the host: the way to it must be open.
umask 022
mkdir -p "$SB_STATE/adopted" "$SB_RUN/open" "$SB_RUN/guard" "${status%/*}" || exit 1
chmod 755 "$SB_STATE" || exit 1
echo "$site" | write_file "$SB_STATE/site" || exit 1
while [ "$peers" -gt 0 ]; do
  echo "$1"; shift
  peers=$((peers - 1))
done >"$SB_STATE/peers.new" && sync "$SB_STATE/peers.new" || exit 1
mv "$SB_STATE/peers.new" "$SB_STATE/peers" || exit 1
mkdir -p "${guard%/*}" && guard_text >"$guard.new" && chmod 755 "$guard.new" &&
  sync "$guard.new" && mv "$guard.new" "$guard" || exit 1
: >"$SB_STATE/units.new" || exit 1
while [ $# -ge 3 ]; do
  unit=$1 component=$2 data=$(data_directory "$1" "$3"); shift 3
  foreign_guard "$unit" && { echo "$unit is under the guard of another application" >&2; exit 1; }
  echo "$unit $component $data" >>"$SB_STATE/units.new"
  state=$(systemctl is-enabled -- "$unit" 2>/dev/null)
  [ -e "$SB_STATE/adopted/$unit" ] || echo "${state:-unknown}" | write_file "$SB_STATE/adopted/$unit" ||
    exit 1
  # Open before the condition exists: a running unit that restarts meanwhile must not be caught.
  case $(systemctl show -p ActiveState --value -- "$unit") in
    active | reloading | activating) : >"$SB_RUN/open/$unit" || exit 1 ;;
  esac
  dropin_text "$unit" "$mode" "$data" | write_file "$(dropin_folder "$unit")/$dropin" || exit 1
  # Enabled on both sites: the guard decides after a boot, not the enablement.
  [ "$state" != disabled ] || systemctl enable -q -- "$unit" || exit 1
done
sync "$SB_STATE/units.new" && mv "$SB_STATE/units.new" "$SB_STATE/units" && systemctl daemon-reload
