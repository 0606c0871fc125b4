# At the active side: the slot that the standby asks for exists, and still has its records. One that
# has lost them feeds nobody any more and is made anew; one that is in use stays.
# Parameters: CLUSTER SLOT
case $1 in '' | *[!a-z0-9_]*) quit 2 "'$1' is no name of a slot" ;; esac
ask 10 "select pg_drop_replication_slot(slot_name) from pg_replication_slots
  where slot_name = '$1' and wal_status = 'lost' and not active;
select pg_create_physical_replication_slot('$1', true)
  where not exists (select from pg_replication_slots where slot_name = '$1');" ||
  quit 1 "no slot $1 at the active side: $reply"
