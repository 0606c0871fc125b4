# Makes the stopped, diverged directory a standby again. Meanwhile it lies under another name, so
# that a crash at any moment leaves no directory that could come up as a primary: pg_rewind removes
# standby.signal, which its source has not. Never pg_rewind -R, which writes primary_conninfo into
# postgresql.auto.conf. The source has had a CHECKPOINT: before it, PostgreSQL 15 compares with an
# old timeline and says that nothing is to be done.
# Parameters: CLUSTER RUN SYSTEM_IDENTIFIER FORK_LSN FORK_TIMELINE ADDRESS PORT REWIND_USER
run=$1 fork=$3
source="host=$5 port=$6 user=$7 dbname=$database connect_timeout=10 application_name=switchback"
down_or_quit
recall rewind
case $remembered in *started) quit 2 "an earlier pg_rewind was interrupted: what it left cannot be trusted; run reprotect again, it will rebuild" ;; esac
[ -r "$SB_STATE/salvage/$run/${unit%.service}/report" ] || quit 2 "what only this side has was not saved"
control || quit 2 "no control file in $data"
[ "$system" = "$2" ] || quit 2 "another database lies here: system identifier $system, not $2"
save_settings "$data" || exit 1
work=$data.rewinding
if mountpoint -q "$data"; then
  say "$data is a file system of its own: only the guard keeps it from starting meanwhile"
  work=$data
else
  [ ! -e "$work" ] && mv "$data" "$work" && sync "${data%/*}" || quit 1 "$data cannot be renamed to $work"
fi
back() { [ "$work" = "$data" ] || mv "$work" "$data"; forget_settings; }
config=$conf
case $conf in "$data"/*) config=$work${conf#"$data"} ;; esac
rm -f "$work/standby.signal" "$work/recovery.signal"
# pg_rewind would do this itself, but in the directory that the settings name.
if [ "$state" != 'shut down' ]; then
  say "progress crash recovery"
  as_owner_at_home "$bin/postgres" --single -F -D "$work" -c "config_file=$config" -c "data_directory=$work" \
    -c archive_mode=off template1 </dev/null >&2 || { back; quit 1 "crash recovery of $data failed"; }
fi
# Its own judgement first: the fork must be the one that was approved.
said=$(as_owner_at_home "$bin/pg_rewind" --dry-run -D "$work" --source-server="$source" --no-ensure-shutdown 2>&1)
case $said in
  *"servers diverged at WAL location $fork on timeline $4"*) ;;
  *) back; quit 1 "pg_rewind does not see the fork at $fork on timeline $4: $said" ;;
esac
remember rewind "$run started" || exit 1
with_progress as_owner_at_home "$bin/pg_rewind" --progress -D "$work" --source-server="$source" --no-ensure-shutdown ||
  quit 1 "pg_rewind ended with $rc; $work cannot be trusted any more: run reprotect again, it will rebuild"
restore_settings "$work" && make_standby "$work" || exit 1
[ "$work" = "$data" ] || { mv "$work" "$data" && sync "${data%/*}"; } || exit 1
remember rewind "$run done" && forget_settings
