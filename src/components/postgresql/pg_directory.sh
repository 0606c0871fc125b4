# Stands in front of the scripts that replace a data directory.
memory=$SB_STATE/pg/$unit

# remember NAME TEXT...: durable before what follows it.
remember() {
  f=$memory.$1; shift
  mkdir -p "$SB_STATE/pg" && printf '%s\n' "$*" >"$f.part" && sync "$f.part" && mv "$f.part" "$f" && sync -f "$SB_STATE/pg"
}
recall() { remembered=''; { read -r remembered <"$memory.$1"; } 2>/dev/null; }

# The host's own settings: pg_rewind and pg_basebackup bring those of the other host, with its
# primary_conninfo, its memory sizes and, where they lie in the data directory, its access rules.
save_settings() {
  [ ! -e "$memory.settings" ] || return 0
  rm -rf "$memory.settings.part" && mkdir -p "$memory.settings.part" || return 1
  for f in "$1"/*.conf "$1"/conf.d; do [ ! -e "$f" ] || cp -a "$f" "$memory.settings.part/" || return 1; done
  sync -f "$SB_STATE/pg" && mv "$memory.settings.part" "$memory.settings"
}
restore_settings() {
  for f in "$memory.settings"/*; do
    [ -e "$f" ] || continue
    rm -rf "${1:?}/${f##*/}" && cp -a "$f" "$1/" || return 1
  done
}
forget_settings() { rm -rf "$memory.settings"; }

# On the disk before the directory takes its place.
make_standby() {
  rm -f "$1/recovery.signal" "$1/promote" "$1/postmaster.pid"
  : >"$1/standby.signal" && chown "$owner:" "$1/standby.signal" && sync -f "$1"
}
down_or_quit() {
  [ ! -e "$SB_RUN/open/$unit" ] || quit 2 "the guard is open"
  postmaster && quit 2 "the server runs"
  ! unit_processes || quit 2 "processes are left in $unit"
}
as_owner_at_home() { as_owner --reset-env "$@"; }
# Runs a long command; what it says becomes progress. Its exit code is kept across the pipe.
with_progress() {
  rc=$({ { "$@" 2>&1; echo "exit $?"; } | tr '\r' '\n' | while IFS= read -r l; do
    case $l in
      'exit '*) echo "${l#exit }" ;;
      ?*) echo "progress $l" >&2 ;;
    esac; done; })
  [ "$rc" = 0 ]
}
