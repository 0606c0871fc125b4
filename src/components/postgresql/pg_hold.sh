# Opens a session for the critical path, so that it pays for no connection. Idle, it holds neither
# lock nor snapshot. It ends by itself; whoever finds it gone takes a fresh one.
# Parameters: CLUSTER LIFE_S
ask_held 5 'select 1;' && [ "$reply" = 1 ] && exit 0
gid=$(id -g "$owner") || exit 1
umask 077
mkdir -p "$SB_RUN/pg" && rm -rf "$held" && mkdir "$held" && mkfifo "$held/in" "$held/out" || exit 1
setsid sh -c '
  held=$1 life=$2; shift 2
  exec 9<>"$held/out"
  echo $$ >"$held/pid"
  {
    while sleep 1 && [ -d "/proc/$$" ] && [ -p "$held/out" ]; do printf "beat\n" 1<>"$held/out"; done
    [ ! -p "$held/out" ] || printf "gone\n" 1<>"$held/out"
  } 9>&- &
  PGOPTIONS="-c idle_session_timeout=0 -c statement_timeout=0" timeout "$life" "$@" 0<>"$held/in" 1<>"$held/out" 2>&1 9>&-
  kill $!
  # A newer session may have taken the place; a reader may be waiting, and none may come after the word.
  { read -r now <"$held/pid"; } 2>/dev/null && [ "$now" = $$ ] && rm -rf "$held"
  echo gone >&9
' switchback-hold "$held" "$1" setpriv --reuid "$owner" --regid "$gid" --init-groups \
  "$bin/psql" -XAtq -h "$socket" -p "$port" -d "$database" -f - \
  </dev/null >/dev/null 2>&1 3>&- 4>&- 5>&- 6>&- 7>&- 8>&- 9>&- &
tries=0
until [ -s "$held/pid" ]; do
  [ $((tries = tries + 1)) -lt 500 ] || exit 1
  sleep 0.002
done
