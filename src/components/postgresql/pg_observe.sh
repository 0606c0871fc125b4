# Looks, running or stopped, and changes nothing.
# Parameters: CLUSTER PEER_ADDRESS PEER_PORT REPLICATION_USER REWIND_USER
leave_held_session
value() { printf '%s=%s\n' "$1" "$2"; }
free_bytes() { value free_bytes $(($(kib_free "${data%/*}") * 1024)); }
group=$(id -g "$owner" 2>/dev/null)
# What this side asks for when it is a standby: read from the files, which a first build keeps.
asked_slot() {
  v=$(as_owner "$bin/postgres" -C primary_slot_name -D "$1" -c "config_file=$conf" 2>/dev/null) && value primary_slot_name "$v"
}
if [ ! -d "$data" ] || ! control_and unit_show; then
  value present no
  value running no
  asked_slot "${conf%/*}"
  free_bytes
  exit 0
fi
value present yes
value control_state "$state"
value system_identifier "$system"
value wal_segment_bytes "$segment"
value wal_log_hints "$hints"
[ "$sums" = 0 ] && value checksums off || value checksums on
[ -e "$SB_RUN/open/$unit" ] && value guard open || value guard closed
value unit "$active"
now=$timeline
[ "${minimum_timeline:-0}" -gt "$now" ] && now=$minimum_timeline
if postmaster && ask 10 "select concat_ws(e'\n', 'in_recovery='||case when pg_is_in_recovery() then 'yes' else 'no' end,
    'version='||current_setting('server_version'),
    'lsn='||case when pg_is_in_recovery() then pg_last_wal_replay_lsn() else pg_current_wal_lsn() end,
    'timeline='||case when pg_is_in_recovery() then coalesce(r.received_tli, $now) else ('x'||substr(pg_walfile_name(case when pg_is_in_recovery() then null else pg_current_wal_lsn() end),1,8))::bit(32)::int end,
    'received_lsn='||pg_last_wal_receive_lsn(), 'replayed_lsn='||pg_last_wal_replay_lsn(),
    'receiver='||coalesce(r.status, 'none'), 'sender='||r.sender_host,
    case when pg_is_in_recovery() then 'lag_bytes='||greatest(0, coalesce(r.latest_end_lsn, pg_last_wal_receive_lsn()) - pg_last_wal_replay_lsn())::bigint end,
    case when pg_is_in_recovery() then 'lag_ms='||case when coalesce(r.latest_end_lsn, pg_last_wal_receive_lsn()) <= pg_last_wal_replay_lsn() then 0
      else (extract(epoch from clock_timestamp() - pg_last_xact_replay_timestamp())*1000)::bigint end end,
    'heard_ms='||(extract(epoch from clock_timestamp() - r.last_msg_receipt_time)*1000)::bigint,
    case when pg_is_in_recovery() then 'replay_age_ms='||(extract(epoch from clock_timestamp() - pg_last_xact_replay_timestamp())*1000)::bigint end,
    'last_replay='||to_char(pg_last_xact_replay_timestamp() at time zone 'utc', 'YYYY-MM-DD\"T\"HH24:MI:SS.MS\"Z\"'),
    case when pg_is_in_recovery() then 'replay_paused='||case when pg_is_wal_replay_paused() then 'yes' else 'no' end end,
    case when not pg_is_in_recovery() then 'standbys='||(select coalesce(string_agg(concat_ws('/', coalesce(client_addr::text,'local'), state, sync_state, (pg_current_wal_lsn() - replay_lsn)::bigint), ',' order by client_addr), 'none')
      from pg_stat_replication where application_name <> 'pg_basebackup') end,
    'slots='||(select coalesce(string_agg(concat_ws('/', slot_name, slot_type, case when active then 'active' else 'inactive' end, wal_status), ',' order by slot_name), 'none') from pg_replication_slots),
    'slot_retained_bytes='||(select coalesce(max(case when pg_is_in_recovery() then pg_last_wal_replay_lsn() else pg_current_wal_lsn() end - restart_lsn), 0)::bigint from pg_replication_slots),
    'primary_conninfo_host='||substring(current_setting('primary_conninfo') from 'host *= *''?([^ '']+)'),
    (select string_agg(name||'='||setting, e'\n' order by name) from pg_settings where name in ('archive_mode','hot_standby','max_wal_senders','primary_slot_name',
      'synchronous_standby_names','full_page_writes','wal_level','default_transaction_read_only','recovery_min_apply_delay')),
    case when not pg_is_in_recovery() then 'slot_kept_bytes='||(select coalesce(max(pg_current_wal_lsn() - restart_lsn), 0)::bigint from pg_replication_slots where not active) end,
    'wal_keep_bytes='||(select setting::bigint*1048576 from pg_settings where name = 'wal_keep_size'),
    'max_slot_wal_keep_bytes='||(select case when setting = '-1' then -1 else setting::bigint*1048576 end from pg_settings where name = 'max_slot_wal_keep_size'),
    'restore_command='||case when current_setting('restore_command') = '' then 'no' else 'yes' end,
    'collversion='||coalesce((select pg_database_collation_actual_version(oid) from pg_database where datname = current_database()), 'none'),
    'tablespaces='||(select count(*) from pg_tablespace where spcname not in ('pg_default','pg_global')))
  from (select 1) one left join pg_stat_wal_receiver r on true;"; then
  value running yes
  printf '%s\n' "$reply"
  now=${reply#*timeline=} now=${now%%"
"*}
  # How long the disk lasts when nothing is removed any more; a server before 14 does not say.
  value wal_free_bytes $(($(kib_free "$data/pg_wal/.") * 1024))
  ask 5 "select 'wal_bytes_per_s='||round(wal_bytes / greatest(1, extract(epoch from clock_timestamp() - stats_reset)))::bigint from pg_stat_wal;" &&
    printf '%s\n' "$reply"
elif [ "$pm" ] && postmaster; then
  value running unknown
  say "$reply"
else
  value running no
  [ -e "$data/standby.signal" ] && value in_recovery yes || value in_recovery no
  past='' && last_record 4
  now=$last_timeline
  value timeline "$now"
  value lsn "$end"
  [ "$commit" != none ] || commit="none since the checkpoint of $checkpoint_time"
  value last_commit "$commit"
  asked_slot "$data"
  v=$("$bin/postgres" --version) && value version "${v##*) }"
  effective_conninfo
  case $conninfo in *host=*) v=${conninfo#*host=} && v=${v#\'} && value primary_conninfo_host "${v%%[ \']*}" ;; esac
fi
if past_of "$now"; then shorten_past; value history "$past${past:+,}$now:end"; value walkable yes
else value history "$now:end"; value walkable no; fi
grep -q '^[ 	]*primary_conninfo' "$data/postgresql.auto.conf" 2>/dev/null && value auto_conninfo yes || value auto_conninfo no
[ -e "$data/standby.signal" ] && value standby_signal yes || value standby_signal no
free_bytes
mountpoint -q "$data" && value own_mount yes || value own_mount no
v=0
for d in "$data".diverged.*; do [ -d "$d" ] && v=$((v + 1)); done
value kept_directories $v
# The way back needs both from here to there. The passwords are the owner's, in its .pgpass. Both at
# once, and the size beside them: a peer that is gone costs its bound one time.
answers=$(mktemp -d "${TMPDIR:-/tmp}/switchback.XXXXXX") || exit 2
trap 'rm -rf "$answers"' EXIT
reach() {
  who=$1 what=$2 && shift 2
  [ "$who" != - ] || { value "$what" none; return; }
  as_owner --reset-env timeout 4 "$bin/psql" -XAtqw "$@" 2>&1
}
reach "$3" replication_access -d "host=$1 port=$2 user=$3 replication=true connect_timeout=3 application_name=switchback" -c 'IDENTIFY_SYSTEM' >"$answers/replication" &
reach "$4" rewind_access -d "host=$1 port=$2 user=$4 dbname=$database connect_timeout=3 application_name=switchback" \
  -c "select has_function_privilege('pg_ls_dir(text,boolean,boolean)','execute') and has_function_privilege('pg_stat_file(text,boolean)','execute') and has_function_privilege('pg_read_binary_file(text,bigint,bigint,boolean)','execute') and has_function_privilege('pg_read_binary_file(text)','execute')" >"$answers/rewind" &
v=$(timeout 5 du -sk "$data" 2>/dev/null) && value data_bytes $((${v%%[!0-9]*} * 1024))
wait
v=$(cat "$answers/replication")
case $v in "$system|"*) value replication_access yes ;; *=none) echo "$v" ;; *'|'*) value replication_access other_database ;; *) value replication_access no; say "$v" ;; esac
v=$(cat "$answers/rewind")
case $v in t) value rewind_access yes ;; *=none) echo "$v" ;; *) value rewind_access no; say "$v" ;; esac
exit 0
