# What the scripts that stop and start guarded units share; it stands in front of them. Who asks is
# components/site/guard.sh.

read_uptime() { IFS='. ' read -r up _ </proc/uptime; }  # sets up, in seconds

# UNIT…: written down before anything builds on it.
guard_open() {
  [ -d "$SB_RUN/open" ] || mkdir -p "$SB_RUN/open" || return 1
  for unit; do
    : >"$SB_RUN/open/$unit" || return 1
    [ ! -e "$SB_STATE/stopped/$unit" ] || rm -f "$SB_STATE/stopped/$unit"
  done
}

# BY UNIT…: the mark in `stopped` keeps it closed for whatever might start the unit before a step
# does; it is not waited for on the disk, and a lost one loses only that. It is written once more when
# the guard is closed: what happens later than its time happens behind a closed guard.
guard_close() {
  by=$1; shift
  [ -d "$SB_STATE/stopped" ] || mkdir -p "$SB_STATE/stopped"
  for unit; do
    echo "$by" >"$SB_STATE/stopped/$unit"
    [ ! -e "$SB_RUN/open/$unit" ] || rm -f "$SB_RUN/open/$unit" || return 1
    echo "$by" >"$SB_STATE/stopped/$unit"
  done
}
