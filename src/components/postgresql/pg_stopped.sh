# The server is down and stays down: guard closed, no process, unit inactive, control file says so.
# Parameters: CLUSTER planned|fence SYSTEM_IDENTIFIER|-
[ ! -e "$SB_RUN/open/$unit" ] || quit 1 "the guard is open"
if postmaster; then
  [ "$1" = fence ] || [ ! -e "$data/standby.signal" ] || quit 2 "the server runs as a standby: there is nothing to stop"
  quit 1 "the server runs as process $pm"
fi
if [ "$1" = fence ] && [ ! -e "$data/PG_VERSION" ]; then
  say "no database lies in $data"
  unit_state
  checkpoint=0/0 timeline=0 system=0 state=absent
elif [ "$1" = planned ] && ended_behind_guard && control_and list_processes && nobody_is_left known_stop_command; then
  active=inactive
else
  control_and unit_show list_processes || quit 2 "no control file in $data"
fi
[ "$2" = - ] || [ $system = 0 ] || [ "$2" = "$system" ] || quit 2 "another database lies here: system identifier $system, not $2"
nobody_is_left || quit 1 "processes are left in $unit:" $left
# Deactivating with no process but its own stop command: it can only become inactive.
case $active in
  inactive | failed) [ ! "$job" ] || quit 1 "$unit is $active, and a job is waiting" ;;
  deactivating) ;;
  *) quit 1 "$unit is $active" ;;
esac
case $state in
  'shut down') clean=yes ;;
  'shut down in recovery') clean=standby ;;
  absent) clean=absent ;;
  *) clean=no ;;
esac
[ "$1" = fence ] || [ $clean = yes ] || quit 2 "it did not stop cleanly as a primary: the control file says '$state'"
printf '%s\n' "lsn=$checkpoint" "timeline=$timeline" "system_identifier=$system" "clean=$clean"
