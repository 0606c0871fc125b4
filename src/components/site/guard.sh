#!/bin/sh
# switchback guard 2
# guard APP UNIT MODE [DATADIR]: systemd asks it (ExecCondition) before it starts a unit that must
# run on the active site only. Exit 0: start. Exit 1: do not start; the reason stands on standard
# error and in /run/switchback/APP/guard/UNIT. Never 255, which systemd takes for a failure.
# What a step has stopped, or a claim has made active elsewhere, stays down until a step, or a person, opens
# the guard.
# MODE says what happens when nobody has opened the guard since the boot: `peer` asks the other
# site's hosts, `confirm` waits for a person, `open` starts.
LC_ALL=C; export LC_ALL
app=$1 unit=$2 mode=$3 data=${4:-}
state=${SB_STATE_BASE:-/var/lib/switchback}/$app run=${SB_RUN_BASE:-/run/switchback}/$app

answer() { # CODE REASON…
  code=$1; shift
  mkdir -p "$run/guard" 2>/dev/null
  { echo "$*" >"$run/guard/$unit"; } 2>/dev/null
  echo "switchback guard: $unit: $*" >&2
  exit "$code"
}
start() {
  mkdir -p "$run/open" && : >"$run/open/$unit"
  answer 0 "$@"
}

if [ -e "$run/open/$unit" ] || [ -e "$run/open/${unit%.service}" ]; then
  rm -f "$state/stopped/$unit"
  answer 0 "started: the guard is open"
fi
[ ! -e "$state/stopped/$unit" ] ||
  answer 1 "not started: it stays down until a step of a run starts it; 'switchback status $app' says how it goes on"
if [ -n "$data" ] && [ -e "$data/standby.signal" ]; then
  answer 0 "started: $data/standby.signal makes it a standby"
fi
case $mode in
  open) start "started: after_reboot is open" ;;
  peer) ;;
  *) answer 1 "not started: after a boot a person confirms; 'switchback status $app' says how" ;;
esac

# Mode peer: our own claim must say that this site is active, and a host of the other site must
# answer with a claim that is the same or older. Silence keeps the guard closed.
component= me= epoch= id=
while read -r name owner rest; do
  [ "$name" != "$unit" ] && [ "$name.service" != "$unit" ] || component=$owner
done 2>/dev/null <"$state/units"
read -r me 2>/dev/null <"$state/site"
active=
{
  read -r epoch id rest
  while read -r word name site; do
    [ "$word $name" != "active $component" ] || active=$site
  done
} 2>/dev/null <"$state/claim"
[ -n "$component" ] && [ -n "$me" ] || answer 1 "not started: $state does not say whose unit it is"
case $epoch in '' | *[!0-9]*) answer 1 "not started: this host holds no claim" ;; esac
[ "$active" = "$me" ] ||
  answer 1 "not started: claim $epoch says that $component is active at '$active', this is $me"

ask() { # ADDRESS [PORT]: the first line of that host's claim
  case $app in *[!A-Za-z0-9._-]*) return 1 ;; esac
  file=/var/lib/switchback/$app/claim
  timeout 2 ssh -o BatchMode=yes -o StrictHostKeyChecking=yes -o ConnectTimeout=2 -p "${2:-22}" \
    -- "$1" "cat $file 2>/dev/null || sudo -n cat $file" </dev/null 2>/dev/null | head -n 1
}
asked=$(mktemp -d) || answer 1 "not started: no room for temporary files"
trap 'rm -rf "$asked"' EXIT
# Early in a boot the network may not be there yet: ask again until somebody answers, 5 s in all.
IFS='. ' read -r first rest </proc/uptime
while :; do
  n=0
  while read -r address port rest; do
    [ -n "$address" ] || continue
    n=$((n + 1))
    { ask "$address" "$port" >"$asked/$n"; echo "$address" >"$asked/by.$n"; } &
  done 2>/dev/null <"$state/peers"
  wait
  [ -z "$(cat "$asked"/[0-9]* 2>/dev/null)" ] || break
  IFS='. ' read -r now rest </proc/uptime
  [ $((now - first)) -lt 2 ] || break
  sleep 0.5
done
confirmed=
while [ "$n" -gt 0 ]; do
  peer_epoch= peer_id=
  read -r peer_epoch peer_id rest <"$asked/$n"
  read -r by <"$asked/by.$n"
  n=$((n - 1))
  case $peer_epoch in '' | *[!0-9]*) continue ;; esac
  [ "$peer_epoch" -le "$epoch" ] ||
    answer 1 "not started: $by holds claim $peer_epoch, newer than $epoch here"
  [ "$peer_epoch" -lt "$epoch" ] || [ "$peer_id" = "$id" ] ||
    answer 1 "not started: $by holds another claim $epoch: resolve with 'switchback resolve $app'"
  confirmed=$by
done
[ -n "$confirmed" ] || answer 1 "not started: no host of the other site confirms claim $epoch"
start "started: $confirmed confirms claim $epoch"
