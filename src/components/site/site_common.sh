# What the site scripts share; each of them is this text followed by its own.
dropins=/etc/systemd/system dropin=50-switchback.conf
guard=/usr/local/lib/switchback/guard

# Lines of cron tables that move files between hosts.
cron_lines() {
  grep -HEs '(^|[^A-Za-z])(rsync|scp|sftp|lftp|unison|csync2)|sync[A-Za-z0-9_]*\.sh' /etc/crontab \
    /etc/cron.d/* /etc/cron.hourly/* /etc/cron.daily/* /etc/cron.weekly/* /etc/cron.monthly/* \
    /var/spool/cron/* /var/spool/cron/crontabs/* 2>/dev/null | grep -v '^[^:]*:[[:space:]]*#'
}

# The directory of the unit's drop-ins.
dropin_folder() {
  case $1 in
    *.service | *.socket | *.timer | *.path | *.target | *.mount) echo "$dropins/$1.d" ;;
    *) echo "$dropins/$1.service.d" ;;
  esac
}

# Does another application guard this unit? Two cannot: each would undo the other's decision.
foreign_guard() {
  file=$(dropin_folder "$1")/$dropin
  [ -e "$file" ] && ! grep -qsF "release $SB_APP'" "$file"
}

# One word of a unit file: quoted, and `%` doubled, which systemd would expand.
unit_word() { printf '"%s"' "$(printf %s "$1" | sed 's/\\/\\\\/g; s/"/\\"/g; s/%/%%/g; s/\$/$$/g')"; }

# UNIT MODE DATADIR: the text of the unit's drop-in.
dropin_text() {
  echo "# Written by 'switchback adopt $SB_APP'; 'switchback release $SB_APP' removes it."
  case $1 in
    *.socket | *.timer | *.path | *.target | *.mount)
      printf '[Unit]\nConditionPathExists=%s\n' "/run/switchback/$SB_APP/open/$1" ;;
    *)
      # "+": with full rights, whatever user and sandbox the service itself has.
      printf '[Service]\nExecCondition=+%s %s %s %s' "$guard" "$SB_APP" "$(unit_word "$1")" "$2"
      [ -z "$3" ] || printf ' %s' "$(unit_word "$3")"
      echo ;;
  esac
}

# Debian's PostgreSQL units do not name their data directory; the cluster's table does.
data_directory() { # UNIT GIVEN
  if [ -n "$2" ]; then echo "$2"; return; fi
  case $1 in postgresql@*-*) ;; *) return ;; esac
  cluster=${1#postgresql@}; cluster=${cluster%.service}
  pg_lsclusters -h 2>/dev/null | while read -r version name port status owner folder log; do
    [ "$version-$name" != "$cluster" ] || echo "$folder"
  done
}

# Writes standard input to FILE, durably and in one move.
write_file() {
  mkdir -p "${1%/*}" && cat >"$1.new" && sync "$1.new" && mv "$1.new" "$1"
}
