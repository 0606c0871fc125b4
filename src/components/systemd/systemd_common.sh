# What the systemd scripts share; each of them is this text followed by its own.
# Units are named in full ("ft-main-server.service").

# One question for all units. Prints a line for each: UNIT LOAD ACTIVE SUB RESULT CONDITION JOB
# SLICE CGROUP ENABLED, in the order asked; CGROUP is "-" when systemd has forgotten it.
unit_lines() {
  answers=$(systemctl show -p LoadState -p ActiveState -p SubState -p Result -p ConditionResult \
    -p Job -p Slice -p ControlGroup -p UnitFileState -- "$@") || return 1
  load= active= sub= result= condition= job= slice= group= enabled=
  while IFS= read -r line; do
    case $line in
      LoadState=*) load=${line#*=} ;;
      ActiveState=*) active=${line#*=} ;;
      SubState=*) sub=${line#*=} ;;
      Result=*) result=${line#*=} ;;
      ConditionResult=*) condition=${line#*=} ;;
      Job=*) job=${line#*=} ;;
      Slice=*) slice=${line#*=} ;;
      ControlGroup=*) group=${line#*=} ;;
      UnitFileState=*) enabled=${line#*=} ;;
      '')
        [ -n "$active" ] || continue
        echo "$1 ${load:--} $active ${sub:--} ${result:--} ${condition:--} ${job:-0} ${slice:--} ${group:--} ${enabled:--}"
        load= active= sub= result= condition= job= slice= group= enabled=
        shift
        ;;
    esac
  done <<EOF
$answers

EOF
  [ $# -eq 0 ]
}

# "a-b.slice" -> "/a.slice/a-b.slice": where systemd puts a slice.
slice_path() {
  [ "$1" != -.slice ] && [ "$1" != - ] || return 0
  rest=${1%.slice} name= path=
  while [ -n "$rest" ]; do
    name=${name:+$name-}${rest%%-*}
    path=$path/$name.slice
    case $rest in *-*) rest=${rest#*-} ;; *) rest= ;; esac
  done
  printf %s "$path"
}

# UNIT SLICE CGROUP -> the unit's place below the hierarchy's root. systemd forgets the place of a
# unit that is inactive, though processes may have stayed behind in it.
unit_cgroup() {
  if [ "$3" != - ]; then echo "$3"; return; fi
  top=$(systemctl show -p ControlGroup --value -- -.slice) || return 1
  [ "$2" = - ] && set -- "$1" system.slice "$3"
  echo "${top%/}$(slice_path "$2")/$1"
}

# Prints the living processes of a cgroup and of those below it, in every hierarchy.
cgroup_processes() {
  case $1 in */?*.*) place=$1 ;; *) return 1 ;; esac
  set --
  for tree in /sys/fs/cgroup /sys/fs/cgroup/systemd /sys/fs/cgroup/unified; do
    [ ! -d "$tree$place" ] || set -- "$@" "$tree$place"
  done
  [ $# -gt 0 ] || return 0
  # `cat` goes on where a group has vanished in the meantime; `sort` would give up.
  find "$@" -name cgroup.procs -exec cat {} + 2>/dev/null | sort -un | while read -r pid; do
    # A zombie holds nothing any more; its parent has only not asked yet. The name of a command may
    # hold anything, so that its state is what follows the last parenthesis.
    { IFS= read -r line <"/proc/$pid/stat"; } 2>/dev/null || line=
    case ${line##*) } in Z* | X*) continue ;; esac
    echo "$pid"
  done
}

command_of() { tr '\0' ' ' <"/proc/$1/cmdline" 2>/dev/null | cut -c 1-120; }

# Says on standard error what of the units still lives. 0: nothing, 1: something, 2: cannot tell.
# With `quiet` as first argument nothing is said.
prove_stopped() {
  say=$1; shift
  # Without a readable hierarchy an empty answer would prove nothing.
  [ -e /sys/fs/cgroup/cgroup.procs ] || [ -e /sys/fs/cgroup/systemd/cgroup.procs ] ||
    { echo "no cgroup hierarchy below /sys/fs/cgroup: cannot prove what is stopped" >&2; return 2; }
  lines=$(unit_lines "$@") || { echo "systemctl did not answer" >&2; return 2; }
  proven=0
  while read -r unit load active sub result condition job slice group rest; do
    case $active in
      inactive | failed) [ "$job" = 0 ] || { proven=1; [ "$say" = quiet ] || echo "$unit: a job is waiting" >&2; } ;;
      *) proven=1; [ "$say" = quiet ] || echo "$unit is still $active ($sub)" >&2 ;;
    esac
    group=$(unit_cgroup "$unit" "$slice" "$group") || return 2
    for pid in $(cgroup_processes "$group"); do
      proven=1
      [ "$say" = quiet ] || echo "$unit: process $pid still lives: $(command_of "$pid")" >&2
    done
  done <<EOF
$lines
EOF
  for unit; do
    [ ! -e "$SB_RUN/open/$unit" ] || { proven=1; [ "$say" = quiet ] || echo "$unit: its guard is open" >&2; }
  done
  return $proven
}

# The unit's last words, for people.
last_words() {
  timeout 5 journalctl -q -u "$1" -n 6 --no-pager -o cat 2>/dev/null | cut -c 1-200 |
    while IFS= read -r line; do echo "$1: $line" >&2; done
}

# BOUND_S UNIT…: opens the guard, starts all at once, waits until each runs. `systemctl start`
# answering 0 proves nothing: a condition may have kept the unit from starting.
start_units() {
  read_uptime; end=$((up + $1)); shift
  guard_open "$@" || { echo "cannot open the guard in $SB_RUN/open" >&2; return 1; }
  systemctl reset-failed -- "$@" 2>/dev/null
  systemctl start --no-block -- "$@" || return 1
  while :; do
    lines=$(unit_lines "$@") || { echo "systemctl did not answer" >&2; return 2; }
    waiting= broken=
    while read -r unit load active sub result condition job slice group rest; do
      case $active:$job in
        active:* | reloading:*) ;;
        failed:0) broken="$broken $unit"; echo "$unit failed: $result" >&2 ;;
        inactive:0)
          broken="$broken $unit"
          if [ "$result" = exec-condition ] || [ "$condition" = no ]; then
            echo "$unit: a condition kept it from starting ($result)" >&2
            [ -r "$SB_RUN/guard/$unit" ] && echo "$unit: guard: $(cat "$SB_RUN/guard/$unit")" >&2
          elif [ "$load" != loaded ]; then echo "$unit: $load" >&2
          else echo "$unit ended at once, or something that it needs failed" >&2; fi ;;
        *) waiting="$waiting $unit($active/$sub)" ;;
      esac
    done <<EOF
$lines
EOF
    for unit in $broken; do last_words "$unit"; done
    [ -z "$broken" ] || return 1
    [ -n "$waiting" ] || return 0
    read_uptime
    if [ "$up" -ge "$end" ]; then
      echo "not running within the bound:$waiting" >&2
      for unit in $waiting; do last_words "${unit%%(*}"; done
      return 1
    fi
    sleep 0.02
  done
}
