# Parameters: CLUSTER RUN SYSTEM_IDENTIFIER
recall rebuild
[ "$remembered" = "$1 done" ] || exit 1
[ -e "$data/standby.signal" ] && control && [ "$system" = "$2" ] || quit 2 "$data is not what pg_basebackup left"
