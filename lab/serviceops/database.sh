# shellcheck shell=bash
# PostgreSQL on the two database hosts: cluster 15/main, streaming from dc to dr.
#
# primary_conninfo is in conf.d on both hosts for good, each naming the other one, so standby.signal
# alone decides the role. `pg_basebackup -R` and `pg_rewind -R` would write it into
# postgresql.auto.conf, which beats conf.d and is copied by the next rewind: never use them here.

PG_CONF=/etc/postgresql/15/main
PG_DATA=/var/lib/postgresql/15/main
PG_BIN=/usr/lib/postgresql/15/bin
PG_DATABASE=flotoitsmdb
BACKUPS=/var/backups/serviceops

# Before the boot: the cluster on dc, only its configuration on dr; passwords on both.
write_databases() {
    local word
    for word in replicator rewind flotomate; do
        random_password >"$STATE/run/$word.password"
    done
    in_parallel write_database_host dc-db dr-db
}

password_of() { cat "$STATE/run/$1.password"; }

write_database_host() {
    local host=$1 root peer=dr-db mount word
    [ "$host" = dr-db ] && peer=dc-db
    root=$(host_root "$host")
    # The data's own file system is mounted over the tree while the cluster is made.
    mount=$(disk_mount "$host" /var/lib/postgresql)
    mount --bind "$mount" "$root/var/lib/postgresql"
    # Its own search for a free port would try this machine's, at the same time for both hosts.
    chroot "$root" env LC_ALL=C.UTF-8 pg_createcluster --locale C.UTF-8 --start-conf auto \
        --port 5432 15 main -- --auth-local=peer --auth-host=scram-sha-256 >"$STATE/run/$host.createcluster" 2>&1 ||
        die "making the cluster on $host failed; see $STATE/run/$host.createcluster"
    [ "$host" = dc-db ] || rm -rf --one-file-system "$root$PG_DATA"
    umount "$root/var/lib/postgresql"
    database_settings "$peer" >"$root$PG_CONF/conf.d/lab.conf"
    database_access >"$root$PG_CONF/pg_hba.conf"
    # The oracle and the fill test connect from outside as root through the unix socket.
    printf 'oracle root oracle\n' >>"$root$PG_CONF/pg_ident.conf"
    {
        for word in replicator rewind; do
            echo "${ADDRESS_OF[dc-db]}:5432:*:$word:$(password_of "$word")"
            echo "${ADDRESS_OF[dr-db]}:5432:*:$word:$(password_of "$word")"
        done
    } >"$mount/.pgpass"
    chroot "$root" stat -c '%u:%g' /var/lib/postgresql | xargs -I{} chown {} "$mount/.pgpass"
    chmod 600 "$mount/.pgpass"
    chroot "$root" install -d -m 750 -o postgres -g postgres "$BACKUPS"
    systemctl --root="$root" --quiet enable postgresql.service
}

database_settings() {
    cat <<CONF
listen_addresses = '*'
ssl = off
wal_level = replica
wal_log_hints = on
wal_keep_size = 256MB
max_slot_wal_keep_size = 512MB
min_wal_size = 32MB
max_wal_size = 128MB
max_wal_senders = 8
hot_standby = on
primary_conninfo = 'host=${ADDRESS_OF[$1]} port=5432 user=replicator passfile=/var/lib/postgresql/.pgpass connect_timeout=3'
wal_retrieve_retry_interval = 500ms
wal_sender_timeout = 10s
wal_receiver_timeout = 10s
wal_receiver_status_interval = 1s
tcp_keepalives_idle = 5
tcp_keepalives_interval = 2
tcp_keepalives_count = 3
shared_buffers = 32MB
dynamic_shared_memory_type = posix
max_connections = 60
autovacuum_max_workers = 1
max_parallel_workers = 2
log_line_prefix = '%m [%p] %q%u@%d '
CONF
}

database_access() {
    cat <<HBA
local  all             oracle                   peer map=oracle
local  all             all                      peer
host   replication     replicator  10.77.0.0/16 scram-sha-256
host   postgres        rewind      10.77.0.0/16 scram-sha-256
host   $PG_DATABASE    flotomate   10.77.0.0/16 scram-sha-256
HBA
}

postgres_in() {
    local host=$1
    shift
    (exec_in "$host" runuser -u postgres -- "$@")
}

database_answers() {
    postgres_in "$1" "$PG_BIN/pg_isready" -q 2>/dev/null
}

# After the boot: roles and schema on dc, then dr as its copy.
start_databases() {
    wait_until 30 database_answers dc-db || die "PostgreSQL on dc-db does not answer"
    database_schema | postgres_in dc-db "$PG_BIN/psql" -XAtq -v ON_ERROR_STOP=1 >/dev/null ||
        die "creating roles and tables on dc-db failed"
    postgres_in dr-db "$PG_BIN/pg_basebackup" -D "$PG_DATA" -h "${ADDRESS_OF[dc-db]}" \
        -U replicator -X stream -c fast || die "pg_basebackup on dr-db failed"
    postgres_in dr-db touch "$PG_DATA/standby.signal"
    (exec_in dr-db systemctl start postgresql@15-main) || die "the standby does not start"
    wait_until 20 replication_streams || die "replication does not reach 'streaming'"
}

replication_streams() {
    [ "$(postgres_in dc-db "$PG_BIN/psql" -XAtqc \
        "select state from pg_stat_replication where client_addr = '${ADDRESS_OF[dr-db]}'" \
        2>/dev/null)" = streaming ]
}

# rewind has exactly what pg_rewind's manual page asks of a role that is no superuser.
database_schema() {
    cat <<SQL
create role replicator login replication password '$(password_of replicator)';
create role rewind login password '$(password_of rewind)';
grant execute on function pg_ls_dir(text, boolean, boolean) to rewind;
grant execute on function pg_stat_file(text, boolean) to rewind;
grant execute on function pg_read_binary_file(text) to rewind;
grant execute on function pg_read_binary_file(text, bigint, bigint, boolean) to rewind;
create role flotomate login password '$(password_of flotomate)';
create role oracle login;
create database oracle owner oracle;
create database $PG_DATABASE owner flotomate;
grant pg_read_all_data to oracle;
\\connect oracle
set role oracle;
create table beats (site text, number bigint, written timestamptz default clock_timestamp(),
                    primary key (site, number));
\\connect $PG_DATABASE
set role flotomate;
$(cat "$LAB_SOURCE/serviceops/schema.sql")
SQL
}

# Two old dumps and one of today, named as the application names them (day-month-year, 12 hours).
# The names do not sort by age; the times of the files do.
make_backups() {
    local host
    for host in dc-db dr-db; do
        # shellcheck disable=SC2016 # expands inside the host
        (exec_in "$host" runuser -u postgres -- sh -ceu '
            cd "$1"
            today=DB_$(date "+%-d-%-m-%Y_%I-%M-%S_%P")
            pg_dump="$2/pg_dump"
            "$pg_dump" -Fc "$3" >"$today"
            for name in DB_9-6-2021_11-00-00_pm DB_10-6-2021_11-00-00_pm; do
                cp "$today" "$name"
                zip -qm "$name.zip" "$name"
            done
            touch -d "2021-06-09 23:00" DB_9-6-2021_11-00-00_pm.zip
            touch -d "2021-06-10 23:00" DB_10-6-2021_11-00-00_pm.zip
            zip -qm "$today.zip" "$today"' sh "$BACKUPS" "$PG_BIN" "$PG_DATABASE") ||
            die "making the backups on $host failed"
    done
}
