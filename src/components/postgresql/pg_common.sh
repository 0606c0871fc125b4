# Stands in front of every PostgreSQL script: the cluster that the first eight arguments describe,
# and what the scripts ask of it.
bin=$1 data=$2 conf=$3 port=$4 socket=$5 owner=$6 unit=$7 database=$8
shift 8
case $unit in *.service) ;; *) unit=$unit.service ;; esac
held=$SB_RUN/pg/$unit group=
PGCONNECT_TIMEOUT=5 PGAPPNAME=switchback HOME=/
export PGCONNECT_TIMEOUT PGAPPNAME HOME
unset PGHOST PGHOSTADDR PGPORT PGUSER PGDATABASE PGOPTIONS PGSERVICE PGSERVICEFILE PGPASSWORD PGPASSFILE PGDATA

say() { printf '%s\n' "$*" >&2; }
quit() { c=$1; shift; say "$*"; exit "$c"; }

is_lsn() { case $1 in *[!0-9A-Fa-f/]* | */*/* | /* | */ | '') return 1 ;; */*) return 0 ;; *) return 1 ;; esac; }
# Sets n: positions compare as numbers, never as text (9/0 is before 10/0).
lsn_number() { is_lsn "$1" && n=$((0x${1%/*} * 4294967296 + 0x${1#*/})); }

# Sets pm to the process that runs this very directory. The pid file alone proves nothing: a crash
# leaves it behind, and the number may belong to somebody else by now.
postmaster() {
  pm=
  { read -r pm <"$data/postmaster.pid"; } 2>/dev/null || return 1
  pm=${pm#-}
  case $pm in '' | *[!0-9]*) return 1 ;; esac
  [ "/proc/$pm/cwd" -ef "$data" ]
}

# Prints the processes in the unit's control group, as /proc/PID/cgroup. /proc answers for every
# hierarchy and mount point at once, and says nothing about hosts that share the machine.
list_processes() { grep -lsF "/$unit" /proc/[0-9]*/cgroup; }
# lives /proc/PID/cgroup: a zombie has nothing open any more; systemd may take its time to bury it.
lives() {
  { read -r v <"${1%cgroup}stat"; } 2>/dev/null || return 1
  case ${v##*) } in Z* | X*) return 1 ;; esac
}
# Sets left to those of them that live.
unit_processes() {
  left=''
  for p in $(list_processes); do ! lives "$p" || left="$left $p"; done
  [ "$left" ]
}

# The two witnesses of a stopped database: its control file, and what systemd says of its unit.
control_file() { TZ=UTC "$bin/pg_controldata" -D "$data" 2>/dev/null; }
unit_show() { systemctl show -p ActiveState -p ControlPID -p Job "$unit"; }

# Takes what they and list_processes say, line by line: active, stopper (the unit's stop command, 0:
# none), job (a waiting one, "": none), left, died (some of them have since), and the values of the
# control file.
hear() {
  active=unknown stopper=0 job='' left='' died=''
  system='' state='' checkpoint='' redo='' timeline='' minimum='' minimum_timeline='' checkpoint_time='' hints='' sums='' segment=''
  while IFS= read -r l; do
    v=${l#*[:=]} v=${v#"${v%%[! ]*}"}
    case $l in
      ActiveState=*) active=$v ;;
      ControlPID=*) stopper=$v ;;
      Job=*) job=${v#0} ;;
      /proc/*) if lives "$l"; then left="$left $l"; else died=yes; fi ;;
      'Database system identifier:'*) system=$v ;;
      'Database cluster state:'*) state=$v ;;
      'Latest checkpoint location:'*) checkpoint=$v ;;
      "Latest checkpoint's REDO location:"*) redo=$v ;;
      "Latest checkpoint's TimeLineID:"*) timeline=$v ;;
      'Time of latest checkpoint:'*) checkpoint_time="$v UTC" ;;
      'Minimum recovery ending location:'*) minimum=$v ;;
      "Min recovery ending loc's timeline:"*) minimum_timeline=$v ;;
      'wal_log_hints setting:'*) hints=$v ;;
      'Data page checksum version:'*) sums=$v ;;
      'Bytes per WAL segment:'*) segment=$v ;;
    esac
  done
}

# True: the control file was read.
control() {
  hear <<EOF
$(control_file)
EOF
  [ "$system" ] && is_lsn "$checkpoint"
}

unit_state() {
  hear <<EOF
$(unit_show & list_processes; wait)
EOF
}

# LOOK…: the control file and what else is asked for, all at once; users wait for it.
control_and() {
  hear <<EOF
$(for look do $look & done; control_file; wait)
EOF
  [ "$system" ] && is_lsn "$checkpoint"
}

# Did the server that ran when the guard was closed live on behind it, and has it ended since? Then nothing has
# been let through that could start it, and systemd need not be asked, which is busy and slow just now. A
# clock that was set meanwhile, or a shell that compares whole seconds, answers no.
ended_behind_guard() {
  [ -e "$SB_STATE/stopped/$unit" ] && [ "$data/global/pg_control" -nt "$SB_STATE/stopped/$unit" ]
}
# Debian's stop command by its name, and by the one that systemd's child has before it becomes that.
known_stop_command() {
  for p in $left; do
    p=${p#/proc/} p=${p%/cgroup}
    { read -r _ v _ k _ <"/proc/$p/stat"; } 2>/dev/null || continue
    case "$v $k" in '(pg_ctlcluster) 1' | '((lcluster)) 1') active=deactivating stopper=$p ;; esac
  done
}

# Takes the unit's own stop command out of left: systemd runs it after the server has ended, too, and
# Debian's takes longer to find nothing to do than the server took to stop.
spare_stop_command() {
  [ "$active" = deactivating ] && [ "$stopper" != 0 ] || return 0
  others=''
  for p in $left; do
    p=${p#/proc/} p=${p%/cgroup}
    [ "$p" = "$stopper" ] || { read -r _ _ _ k _ <"/proc/$p/stat" && [ "$k" = "$stopper" ]; } 2>/dev/null ||
      others="$others $p"
  done
  left=$others
}

# [known_stop_command]: does nobody live in the unit's control group but its stop command?
nobody_is_left() {
  # Who was still alive when the list was made may have left a child before he died.
  [ ! "$died" ] || unit_processes
  died=''
  $1
  spare_stop_command
  [ ! "$left" ]
}

# as_owner [OPTION OF setpriv…] COMMAND…; who calls it often asks for the group once.
as_owner() { setpriv --reuid "$owner" --regid "${group:-$(id -g "$owner")}" --init-groups "$@"; }

kib_free() { # PATH
  df -Pk "$1" 2>/dev/null | { read -r _; read -r _ _ _ v _ || v=0; echo "$v"; }
}

# The held session answers one asker at a time; two would take each other's answers. It is for the steps
# of the outage: whoever may come at any time, beside them, asks by a session of his own.
leave_held_session() { held=/nonexistent; }

# ask SECONDS SQL: sets reply. Takes the held session and, where that is gone, a fresh one: so the
# statement may run twice and must bear it. False: no answer, or an error, which reply then holds.
ask() {
  if ! ask_held "$@"; then
    leave_held_session  # what was gone, or hung, once is not waited for again
    reply=$(as_owner timeout "$1" "$bin/psql" -XAtq -v ON_ERROR_STOP=1 -h "$socket" -p "$port" \
      -d "$database" -f - 2>&1 <<EOF
$2
EOF
) || return 1
  fi
  case $reply in *ERROR:* | *FATAL:*) return 1 ;; esac
}

# The session says where its answer begins and ends, because an answer that an earlier reader gave
# up on may still stand in the pipe. No program is started for it: users wait for these answers. What
# wakes the reader of an answer that does not come is the session's own beat.
ask_held() {
  { read -r keeper <"$held/pid"; } 2>/dev/null && [ -d "/proc/$keeper" ] && [ -p "$held/out" ] || return 1
  # Not $$, which a script may share with the one before it.
  read -r mark _ </proc/self/stat && mark=$mark.$((marks = ${marks:-0} + 1))
  IFS='. ' read -r asked _ </proc/uptime; within='' reply=''
  {
    # A session that ends takes its pipes away, then says so: to whoever holds this one open by now.
    [ -p "$held/out" ] && printf '%s\n' "\\echo <$mark" "$2" "\\echo >$mark" 1<>"$held/in" || return 1
    while IFS= read -r l; do
      case $l in
        "<$mark") within=yes ;;
        ">$mark") reply=${reply%?}; return 0 ;;
        beat) IFS='. ' read -r l _ </proc/uptime; [ $((l - asked)) -le "$1" ] || return 1 ;;
        gone) return 1 ;;
        *) [ -z "$within" ] || reply="$reply$l
" ;;
      esac
    done
  } <>"$held/out"
  return 1
} 2>/dev/null
