# Copies the active side into a directory beside the old one, and puts it in place once it is whole
# and on the disk. The old one stays, under another name.
# Parameters: CLUSTER RUN SYSTEM_IDENTIFIER SOURCE_BYTES ADDRESS PORT REPLICATION_USER
run=$1 new=$data.rebuilding old=$data.diverged.$1
source="host=$4 port=$5 user=$6 connect_timeout=10 application_name=switchback"
down_or_quit
[ ! -d "$data" ] || ! mountpoint -q "$data" || quit 2 "$data is a file system of its own: nothing can be put in its place; make it a subdirectory"
present=''
for d in "$data" "$data.rewinding"; do [ -e "$d/PG_VERSION" ] && present=$d && break; done
if [ "$present" ]; then
  real=$data data=$present
  control && [ "$system" != "$2" ] && quit 2 "another database lies in $present: system identifier $system, not $2"
  data=$real
  save_settings "$present" || exit 1
fi
rm -rf "$new"
free=$(kib_free "${data%/*}")
need=$(($3 / 1024 + $3 / 20480 + 131072))
[ "$free" -ge "$need" ] || quit 1 "$free KiB are free beside $data, $need are needed: remove what is not needed there, then retry"
mkdir "$new" && chown "$owner:" "$new" && chmod 700 "$new" || exit 1
with_progress as_owner_at_home "$bin/pg_basebackup" -D "$new" -d "$source" -X stream -c fast -P --no-password ||
  { rm -rf "$new"; quit 1 "pg_basebackup ended with $rc"; }
real=$data data=$new
control && [ "$system" = "$2" ] || quit 2 "the copy is of another database: system identifier $system, not $2"
data=$real
if [ -e "$memory.settings" ]; then restore_settings "$new"
else sed -i '/^[ 	]*primary_conninfo/d' "$new/postgresql.auto.conf"; fi && make_standby "$new" || exit 1
# Between the two renames there is nothing that could start.
if [ "$present" ]; then
  [ ! -e "$old" ] || old=$old.$$
  mv "$present" "$old" && sync "${data%/*}" && say "the old directory is kept as $old" || exit 1
fi
[ ! -e "$data" ] || rmdir "$data" || quit 2 "$data holds something that is no database"
mv "$new" "$data" && sync "${data%/*}" || exit 1
rm -f "$memory.rewind"
remember rebuild "$run done" && forget_settings
