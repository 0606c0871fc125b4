# Parameters: CLUSTER RUN SYSTEM_IDENTIFIER
recall rewind
case $remembered in
  "$1 done") ;;
  *started) quit 2 "pg_rewind was interrupted: what it left cannot be trusted; run reprotect again, it will rebuild" ;;
  *) exit 1 ;;
esac
[ -e "$data/standby.signal" ] && control && [ "$system" = "$2" ] || quit 2 "$data is not what pg_rewind left"
