# What the scripts that keep a folder and records of their own share; it stands in front of them.

# open_work KIND: sets `work` to a new folder that is gone when the script ends. Whoever only looks
# (`mode` is observe) leaves nothing behind, on a host that was never adopted either. The way to the
# status file stays open to everybody; what lies in our own folders is for root.
open_work() {
  if [ "$mode" = observe ]; then
    umask 077
    work=$(mktemp -d)
  else
    umask 022
    mkdir -p "$SB_RUN" "$SB_STATE"
    umask 077
    mkdir -p "$SB_STATE/$1" && work=$(mktemp -d "$SB_RUN/$1.XXXXXX")
  fi || { echo "no room in $SB_RUN or $SB_STATE" >&2; exit 2; }
  trap 'rm -rf "$work"' EXIT
  trap 'exit 143' TERM INT HUP
}

# recorded FILE NAME: the first value of that name in a record, a file of lines NAME=VALUE; nothing
# where there is none. No program is started for it: some of these looks lie in somebody's outage.
recorded() {
  while IFS= read -r line || [ -n "$line" ]; do
    case $line in "$2="*) printf '%s\n' "${line#*=}"; return ;; esac
  done 2>/dev/null <"$1"
}
