# Parameters: CLUSTER SLOT
case $1 in '' | *[!a-z0-9_]*) quit 2 "'$1' is no name of a slot" ;; esac
ask 10 "select coalesce((select slot_type||' '||wal_status from pg_replication_slots where slot_name = '$1'), 'none');" ||
  quit 2 "the active side does not answer: $reply"
case $reply in
  none) quit 1 "there is no slot $1" ;;
  'physical lost') quit 1 "the slot $1 has lost its records" ;;
  physical*) ;;
  *) quit 2 "the slot $1 is not one for a standby: $reply" ;;
esac
