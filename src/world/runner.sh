# The runner: it lives at the far end of one channel per host, takes requests on standard input and
# answers on standard output. Plain POSIX sh; dash, bash and busybox ash have to read it.
#
# A request is ONE line of quoted words, for eval; the sender's quoting is the only code that is
# trusted (tests/world/quote_test.cc), and `read` fails on a line without its end, so half a request
# never runs:
#   S name text                          keeps a script for the requests that name it as $d/name
#   W                                    prepares for several requests at once
#   J id guarding application step attempt epoch claim store run bound_ms stall_ms hold_ms once
#     probe_stdin apply_stdin probe_words words word...        run a step (see job)
#   G id...                              a look at running requests: their newest `progress` lines
#   K id                                 end the process group of a running request
#   H text                               answers `! text`: the far end lives
# Answers, in the order in which they become ready, written by one process so that none interleave:
#   = id status exit_code applied elapsed_ms replayed cut out_bytes err_bytes  LF  out  err
#   + id progress TEXT                   a part of the answer to G, where there is such a line
#   ! TEXT                               the answer to H; `! looked` ends the one to G
# Descriptors: 3 answers, later the timekeeper; 4 requests; 5 the queue to the collector; 6 to 9 the
# spare wrappers; in a wrapper 8 the claim lock and 9 the step lock.
#
# Three shells serve a request. The runner reads it and hands it to a wrapper, which performs it, in a
# process group of its own, under the locks, and answers. The wrapper's job sleeps until the wrapper has
# ended, and answers where that could not.
# Every fork costs 0.2 ms and every exec 0.6 ms of somebody's outage: count them before adding one.
LC_ALL=C; export LC_ALL; umask 077; cd /
PATH=${SB_PATH:-/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin}; export PATH
: "${SB_STATE_ROOT:=/var/lib/switchback}" "${SB_RUN_ROOT:=/run/switchback}" "${SB_SH:=/bin/sh}"; export SB_SH
lacks=
for tool in flock timeout stat sync mkfifo base64 mktemp head tail grep sleep cat rm mv mkdir find; do
  command -v "$tool" >/dev/null 2>&1 || lacks="$lacks $tool"
done
# Only GNU timeout ends a whole process group.
case $lacks in *timeout*) ;; *) case $(timeout --version 2>/dev/null) in *GNU*) ;; *) lacks="$lacks timeout(GNU)" ;; esac ;; esac
[ -r /proc/uptime ] || lacks="$lacks /proc/uptime"
if [ -n "$lacks" ]; then printf 'switchback-runner 1 lacks%s\n' "$lacks"; exit 1; fi

# The channel's own files: on tmpfs, because secrets may pass through them.
[ -d "$SB_RUN_ROOT" ] || (umask 022; mkdir -p "$SB_RUN_ROOT") 2>/dev/null
for root in "$SB_RUN_ROOT" /dev/shm /tmp; do d=$(mktemp -d "$root/channel.$$.XXXXXX" 2>/dev/null) && break; done
if [ -z "$d" ] || ! mkfifo "$d/q" "$d/t" "$d/i1" "$d/i2" "$d/i3" "$d/i4"; then
  printf 'switchback-runner 1 lacks a writable directory\n'; exit 1
fi
# Leftovers of runners that were killed; a job may outlive its runner, but hardly for a day.
for old in "$SB_RUN_ROOT"/channel.*; do
  pid=${old#"$SB_RUN_ROOT"/channel.}; pid=${pid%%.*}
  [ -d "/proc/$pid" ] || find "$old" -maxdepth 0 -mtime +0 -exec rm -rf {} + 2>/dev/null
done
exec 3>&1 4<&0 5<>"$d/q" </dev/null >/dev/null
# When this channel was opened, in hundredths of a second since the boot.
read -r opened rest </proc/uptime; opened=${opened%.*}${opened#*.}

# What both the wrapper and the job need.
common=$(cat <<'COMMON'
n='
'
# Sets now, in hundredths of a second.
clock() { read -r up rest </proc/uptime; now=$((${up%.*} * 100 + 1${up#*.} - 100)); }

# small LIMIT FILE: reads a file of at most so many bytes without starting a program. Sets text. Only
# for what our own scripts print: NUL bytes, which no shell can hold, are left out.
small() {
  text= word=
  while IFS= read -r word; do
    text=$text$word$n
    [ ${#text} -le "$1" ] || return 1
  done <"$2"
  text=$text$word
  [ ${#text} -le "$1" ]
}

# tell: the one answer to a request. Sets ms.
tell() {
  [ "$ms" -ge 0 ] || { clock; ms=$(((now - begun) * 10)); }
  echo "$kind $id $st $rc $ap $ms $re" >&5
}

# The end line of a receipt. The wrapper writes it after its answer has left, still under the lock:
# whoever got the answer does not ask again, and whoever did not finds either this line or none, and
# probes.
end_line() {
  ol=0 el=0 log=$store/${at%.*}.log words=$store/$at.out
  if [ -s "$o" ] || [ -s "$e" ]; then
    if [ $kind = t ] && small 4096 "$o" && out=$text && small 4096 "$e"; then
      ol=${#out} el=${#text}; printf '%s%s' "$out" "$text" >"$words" || return
    else
      set -- $(stat -c %s "$o" "$e"); ol=$1 el=$2
      [ "$ol" -le 65536 ] || ol=65536
      [ "$el" -le 8192 ] || el=8192
      { head -c "$ol" "$o" && tail -c "$el" "$e"; } >"$words" || return
    fi
  fi
  printf 'end %s %s %s %s %s %s %s .\n' "$at" "$st" "$rc" "$ap" "$ms" "$ol" "$el" >>"$log"
} 2>/dev/null
COMMON
)
eval "$common"

# The wrapper. When it knows all of this by heart, a line on standard input tells it that the request lies in
# its file: a shell reads a file in blocks, and a pipe byte by byte. On TERM it ends only after its command
# has: a command that ignores TERM is killed, with its group, two seconds later, and the locks stay held
# until then.
wrapper=$(cat <<'WRAPPER'
d=$1 request=$2 opened=$5 term=
trap 'term=1' TERM

name() { case $1 in '' | .* | *[!A-Za-z0-9._@:+-]*) return 1 ;; esac; }  # fit to be a file's name
say() { echo "$1" >>"$e"; }
# The answer of a request that comes to its end before its command does.
quit() { st=$1; [ -z "$2" ] || say "$2"; leave; }
leave() { echo "$ap $rc $st told" >"$d/$id.r"; tell; exit 0; }

# lock DESCRIPTOR MODE: waits until the bound.
lock() {
  left || return 1
  flock -w "$left" "$2" "$1" & wait $!
}
# Seconds until the bound, with fractions.
left() {
  clock; c=$((end - now)); [ $c -gt 0 ] && [ -z "$term" ] && [ ! -e "$d/$id.cancel" ] || return 1
  c2=$((c % 100)); case $c2 in ?) c2=0$c2 ;; esac; left=$((c / 100)).$c2
}
verdict() { if [ -e "$d/$id.cancel" ]; then echo timed_out; else echo busy; fi; }

# Forgets the receipts of runs that this host refuses anyway; the last 20 stay for people to read.
prune() {
  of=$store/${at%%.*}  # every name is STORE.RUN…
  set --
  for old in "$of".*; do
    r=${old#"$of".}; r=${r%%.*}
    case $r in '' | *[!0-9]*) ;; *) [ "$r" -gt $((rn - 20)) ] || set -- "$@" "$old" ;; esac
  done
  [ $# -eq 0 ] || rm -f "$@"
}

# Is the request's claim good enough for this host?
current() {
  [ -e "$SB_STATE/claim" ] || return 0
  E= C= S= R=; read -r E C S R rest <"$SB_STATE/claim"
  case $E in '' | *[!0-9]*) quit stale "the claim file $SB_STATE/claim is damaged: compare it with the other hosts, then correct it" ;; esac
  [ "$E" -le "$ep" ] || quit stale "this host has seen epoch $E, the request has epoch $ep"
  if [ "$E" -eq "$ep" ] && { [ "$C" != "$cl" ] || [ "$S" != "$so" ]; }; then
    quit stale "this host holds claim $C of store $S for epoch $E, the request has claim $cl of store $so"
  fi
  [ "$S" != "$so" ] || not_older "$R"
}
not_older() {
  case $1 in '' | *[!0-9]*) return 0 ;; esac
  [ "$1" -le "$rn" ] || quit stale "this host has seen run $1 of this store, the request is of run $rn"
}

# Sets `seen` to the newest run that this host remembers, and refuses an older one.
newest() {
  seen=0; [ ! -e "$SB_STATE/runs/$so" ] || read -r seen rest <"$SB_STATE/runs/$so"
  case $seen in '' | *[!0-9]*) seen=0 ;; esac
  not_older "$seen"
}

# Sets run and by: the newest run that this host has served since its boot, and when the channel was opened that
# it came by. What was held up on an older channel is not served behind that: what a stop was to stop may have
# been rebuilt and started since.
in_turn() {
  served=$SB_RUN/served.$so run= by=; [ ! -e "$served" ] || read -r run by rest <"$served"
  case $run.$by in .* | *. | *[!0-9.]*) run=0 by=0 ;; esac
  [ "$rn" -gt "$run" ] || [ "$opened" -ge "$by" ] ||
    quit stale "a connection that was opened later has served run $run: this request was held up on its way"
}

# Remembers the newest run, durably, once per run and host, and the channel that it comes by.
remember() {
  not_older "$run"
  [ "$run $by" != "$rn $opened" ] || return 0
  command exec 7>>"$SB_RUN/locks/.runs" && left && flock -w "$left" 7 || return 1
  in_turn; newest
  if [ "$seen" -lt "$rn" ]; then
    # Written over the old one, in one sector of the disk: whole, or not at all.
    { [ -d "$SB_STATE/runs" ] || { mkdir -p "$SB_STATE/runs" && sync "$SB_STATE"; }; } &&
      printf '%-19d\n' "$rn" 1<>"$SB_STATE/runs/$so" && sync "$SB_STATE/runs/$so" "$SB_STATE/runs" || return 1
    prune
  fi
  [ -e "$SB_RUN/through" ] || write_through >"$SB_RUN/through" 2>/dev/null
  echo "$rn $opened" >"$served" || return 1
  exec 7>&-
}
# Names the file system where a write to a new receipt waits by itself until it is on the disk, which costs no
# program: the folder hands down the attribute S. Asked once a boot, of those that are known to bring a new file's
# name to the disk with its content; everywhere else there is `sync`. A folder that somebody has given a file system
# of its own is named apart: a claim is moved out of it, and a move to elsewhere is a copy.
write_through() {
  fs=$(findmnt -n -o FSTYPE -T "$store")
  case $fs in ext4 | xfs) ;; *) return ;; esac
  set -- $(stat -c %d "$store/." "$SB_STATE/."); [ "$1" = "$2" ] || fs=$fs-apart
  chattr +S "$store" && case $(lsattr -d "$store") in *S*' '*) echo "$fs" ;; esac
}

# Has this attempt been here before? Sets `before` to "", start or end.
lookup() {
  before=
  [ -s "$log" ] || return 0
  # A line that lacks its last word was torn by a crash, and says nothing.
  while read -r what a w3 w4 w5 w6 w7 w8 w9 || [ -n "$what" ]; do
    case $what.$a.$w5.$w9 in
      start."$at"...) [ "$before" = end ] || before=start ;;
      end."$at".*.'.') before=end st=$w3 rc=$w4 ap=$w5 ms=$w6 ol=$w7 el=$w8 ;;
    esac
  done <"$log"
  [ "$before" = end ] || return 0
  size=0; [ $((ol + el)) -eq 0 ] || size=$(stat -c %s "$store/$at.out" 2>/dev/null)
  # The end line reached the disk and the output did not: as if the end line had not either.
  if [ "${size:-0}" -ne $((ol + el)) ]; then before=start rc=-1 ms=-1 ap=0; return 0; fi
  [ "$ol" = 0 ] || head -c "$ol" "$store/$at.out" >>"$o"
  [ "$el" = 0 ] || tail -c "$el" "$store/$at.out" >>"$e"
  re=1
}

# The demands of the guarding: lock, claim, receipt. Sets `before`, or ends the request.
guarded() {
  name "$SB_APP" && name "$step" && name "$at" && name "$so" ||
    quit refused "application, step, attempt and store id must be plain names"
  # Without an apply nothing changes: no other step has to wait, and nothing needs a receipt.
  if [ "$np" -eq "$argc" ] || [ "$once" = 1 ]; then [ "$g" = stop ] || { current; newest; }; return 0; fi
  # A log for each step and run, so that it holds only what a retry may ask for.
  log=$store/${at%.*}.log
  [ -d "$SB_RUN/locks" ] || { (umask 022; mkdir -p "$SB_RUN") && mkdir -p "$SB_RUN/locks"; }
  if command exec 9>>"$SB_RUN/locks/$step.lock" 8>>"$SB_RUN/locks/.claim"; then
    # The first tries are the common case, and those of two locks take their time beside each other.
    if [ "$g" = publish ]; then  # the claim's lock keeps out a second publication, too
      flock -n -x 8 || lock 8 -x || quit "$(verdict)" "steps under the old claim are still running"
    else
      held=0; flock -n -x 9 & first=$!
      [ "$g" = stop ] || { flock -n -s 8; held=$?; }
      wait $first || lock 9 -x || quit "$(verdict)" "another holder kept the lock of $step"
      [ $held = 0 ] || lock 8 -s || quit "$(verdict)" "the claim is being changed"
    fi
  elif [ "$g" != stop ]; then quit refused "no lock can be taken in $SB_RUN: run as root, or set become: sudo"
  fi
  in_turn
  # No claim refuses a stop, and it needs no receipt.
  if [ "$g" = stop ]; then exec 8>&-; else current; fi
  [ -d "$store" ] || { (umask 022; mkdir -p "$SB_STATE") && mkdir -p "$store" && sync "$SB_STATE" && rm -f "$SB_RUN/through"; } ||
    { [ "$g" = stop ] && log=; } || quit no_receipt "receipts cannot be stored in $store: nothing was done"
  [ "$g" = stop ] || remember || quit no_receipt "the run's number cannot be stored in $SB_STATE/runs: nothing was done"
  # A claim that is written again is the same claim: whether it is there, the claim itself tells.
  [ "$g" != publish ] || log=
  [ -z "$log" ] || lookup
  case $before in
    end) leave ;;
    # Never run blindly: the probe, if there is one, tells what became of it.
    start) log= once=1 ;;
  esac
}

# secret WORD FILE: where a command's standard input comes from.
secret() {
  case $1 in
    '') in=/dev/null ;;
    host:*) in=${1#host:}; [ -r "$in" ] || quit refused "the secret file $in cannot be read" ;;
    b64:*) in=$d/$id.$2; printf %s "${1#b64:}" | base64 -d >"$in" || quit refused "the secret cannot be stored" ;;
    *) quit refused "unknown kind of standard input" ;;
  esac
}

# With a probe, the exit code that counts is that of the last probe which came to its end, and behind
# an apply only of one that began after it: an earlier "not done" says nothing about a cut-off apply.
counted() { said=$rc; [ -z "$pw" ] || said=$seen; }
# What the job finds where the wrapper is cut off.
note() { counted; echo "$ap $said ${before:+interrupted}${log:+receipt}" >"$d/$id.r"; }
finish() {
  [ -z "$watcher" ] || kill "$watcher"
  [ "$1" != running ] || { note; exit 0; }
  counted; rc=$said st=$1
  [ -z "$before" ] || interrupted
  echo "$ap $rc $st told" >"$d/$id.r" || exit 143
  tell
  # The next step starts now, here or elsewhere, and people wait for it: what remains has time.
  exec 8>&-; sleep 0.03
  [ -z "$log" ] || [ "$ap" = 0 ] || ! end_line || echo "$ap $rc $st ${through:-receipt}" >"$d/$id.r"
  exit 0
}
interrupted() {
  say "an earlier start of $at left no end: nothing was run but the probe"
  st=interrupted ap=1
}
# Becomes the command of these words, in a process of its own. A script is read by this very shell,
# which has been started already, and finds nothing of ours but what is exported.
become() {
  if [ "$1" = "$SB_SH" ] && [ "${2%/*}" = "$d" ]; then
    script=$2; shift 2
    [ -r "$script" ] || exit 2
    unset -f name say quit leave lock left verdict prune current not_older newest in_turn remember write_through \
      lookup guarded secret counted note finish interrupted become probe apply watch perform J clock small tell end_line
    unset n d request id g step at ep cl so rn begun end line log through store stall hold once pin ain in np argc o e f \
      kind ap rc st ms re before seen said term watcher pw aw i word up rest now c c2 left was since pause limit \
      verdict lost losses tick held first opened served run by fs E C S R
    . "$script"; exit
  fi
  exec "$@"
}
# A look that the bound cut off leaves the words of the last whole one, as it leaves its exit code.
probe() {
  was=; read -r was <"$f"
  : >"$o"; : >"$f"
  (eval "become $pw") <"$pin" 2>>"$f" 3>&- 5>&- 8>&- 9>&-; rc=$?
  [ -z "$term" ] || { [ "$seen" = -1 ] || [ -s "$f" ] || echo "$was" >"$f"; finish running; }
  seen=$rc
}
apply() {
  if [ -n "$log" ]; then
    [ ! -s "$SB_RUN/through" ] || [ -e "$log" ] || through=through
    # The empty line ends what a crash may have torn; a new file needs its folder on the disk too.
    { printf '\nstart %s %s %s .\n' "$at" "$ep" "$rn" >>"$log" && { [ -n "$through" ] || sync "$log" "$store"; }; } ||
      [ "$g" = stop ] || { say "the start cannot be stored in $log: nothing was done"; finish no_receipt; }
  fi
  ap=1 seen=-1; note
  if [ -n "$pw" ]; then (eval "become $aw") <"$ain" >&2 3>&- 5>&- 8>&- 9>&-; rc=$?
  else (eval "become $aw") <"$ain" 3>&- 5>&- 8>&- 9>&-; rc=$?; fi
  [ -z "$term" ] || finish running
}
watch() {
  exec 3>&- 5>&- 8>&- 9>&-; trap - TERM; last= ; clock; mark=$now
  while sleep "$tick"; do
    text=$(tail -q -c 4096 "$e" "$f" 2>/dev/null | grep '^progress '); clock
    if [ -n "$text" ] && [ "$text" != "$last" ]; then last=$text mark=$now
    elif [ $((now - mark)) -ge "$stall" ]; then : >"$d/$id.stalled"; kill $PPID; exit 0; fi
  done
}
perform() {
  pw= aw= i=0
  [ "$1" != "$SB_SH" ] || [ "${2%/*}" != "$d" ] || kind=t  # its output is that of a script of ours
  for word do i=$((i + 1)); if [ $i -le "$np" ]; then pw="$pw \"\${$i}\""; else aw="$aw \"\${$i}\""; fi; done
  if [ "$stall" -gt 0 ]; then
    tick=0.05; [ "$stall" -lt 100 ] || tick=0.25; [ "$stall" -lt 400 ] || tick=1
    watch & watcher=$!
  fi
  if [ -z "$pw" ]; then [ -n "$before" ] || apply "$@"; finish ended; fi
  since= pause=005 limit=$end verdict=timed_out lost= losses=0
  while :; do
    probe "$@"; clock
    # A wait whose probe cannot tell: a service that comes up may answer so for a moment, a probe that
    # does not work answers so for ever. Five seconds and five times of nothing else are an answer.
    if [ $rc -lt 2 ]; then lost= losses=0; else : "${lost:=$now}"; losses=$((losses + 1)); fi
    if [ -z "$aw" ] && [ $losses -ge 5 ] && [ $((now - lost)) -ge 500 ]; then finish ended; fi
    if [ $rc -eq 0 ]; then
      : "${since:=$now}"
      [ $((now - since)) -lt "$hold" ] && [ "$once" = 0 ] || finish ended
    else
      since=
      [ "$once" = 0 ] || finish ended
      if [ $ap = 0 ] && [ -n "$aw" ]; then
        apply "$@"
        # What failed seldom comes true later: one more second, then the answer.
        if [ $rc -ne 0 ]; then clock; verdict=ended; [ $((now + 100)) -ge "$limit" ] || limit=$((now + 100)); fi
        continue
      fi
    fi
    note
    [ "$now" -lt "$limit" ] || finish $verdict
    sleep "0.$pause"; [ -z "$term" ] || finish running
    case $pause in 005) pause=010 ;; 010) pause=020 ;; 020) pause=040 ;; *) pause=100 ;; esac
  done
}
J() {
  id=$1 g=$2 SB_APP=$3 step=$4 at=$5 ep=$6 cl=$7 so=$8 rn=$9; shift 9
  clock; begun=$now end=$((now + $1 / 10))
  echo "$PPID $end" >"$d/$id.p"; echo >&3  # from here on the timekeeper can end it, and K
  stall=$(($2 / 10)) hold=$(($3 / 10)) once=$4 pin=$5 ain=$6 np=$7 argc=$8; shift 8
  o=$d/$id.o e=$d/$id.e f=$d/$id.f
  exec >>"$o" 2>>"$e"; : >"$f"
  kind=a ap=0 rc=-1 ms=-1 re=0 before= log= through= seen=-1 watcher=
  [ $# -eq "$argc" ] || quit refused "the request arrived with $# words instead of $argc"
  SB_STATE=$SB_STATE_ROOT/$SB_APP SB_RUN=$SB_RUN_ROOT/$SB_APP; export SB_APP SB_STATE SB_RUN
  store=$SB_STATE/receipts
  case $g in
    read) ;;
    effect | stop | publish) guarded "$@" ;;
    *) quit refused "unknown guarding $g" ;;
  esac
  secret "$pin" s; pin=$in; secret "$ain" t; ain=$in
  left || quit timed_out "the request was ended, or its bound reached, before the command started"
  perform "$@"
}
SB_STATE_ROOT=$3 SB_RUN_ROOT=$4; shift 5
read -r line || exit 143
. "$request"
WRAPPER
)
wrapper=$common$n$wrapper

# The answer whose output is long, or may be no text.
large() {
  set -- $(stat -c %s "$o" "$e" "$f"); ol=$1 el=$2 fl=$3 cut=0
  [ "$ol" -le 1048576 ] || ol=1048576 cut=1
  [ "$el" -le 917504 ] || el=917504 cut=1
  [ "$fl" -le 65536 ] || fl=65536 cut=1
  [ ! -e "$d/$i.cut" ] || cut=1
  printf '%s %s %s %s\n' "$head" $cut "$ol" $((el + fl))
  head -c "$ol" "$o"; tail -c "$el" "$e"; head -c "$fl" "$f"
}

# The collector: the only writer of answers. It ends, and removes the channel's files, when the last
# job has closed the queue, which may be long after the channel broke.
collect() {
  exec 6<"$d/q" 5>&- 4<&-; trap '' PIPE HUP; swept=0 done=
  while read -r kind i st rc ap ms re <&6; do case $kind in
    a | t) o=$d/$i.o e=$d/$i.e f=$d/$i.f
      head="= $i $st $rc $ap $ms $re"
      if [ $kind = t ] && [ ! -e "$d/$i.cut" ] && small 4096 "$o" && out=$text && small 4096 "$e" && err=$text && small 4096 "$f"; then
        printf '%s 0 %s %s\n%s%s%s' "$head" ${#out} $((${#err} + ${#text})) "$out" "$err" "$text"
      elif [ -s "$o" ] || [ -s "$e" ] || [ -s "$f" ]; then large
      else printf '%s 0 0 0\n' "$head"; fi >&3 ;;
    p) printf '+ %s %s %s %s %s %s\n' "$i" "$st" "$rc" "$ap" "$ms" "$re" >&3 ;;
    h) printf '! %s\n' "$i" >&3 ;;
    z) done="$done $d/$i.*" swept=$((swept + 1)); [ $swept -lt 32 ] || { rm -f $done; swept=0 done=; } ;;
  esac; done 2>/dev/null
  rm -rf "$d"
}

# The timekeeper ends what has reached its bound, where `timeout` was started before the bound was
# known. It sleeps while there is nothing of the kind, and lives until the last job has ended.
keep_time() {
  exec 6<"$d/t" 3>&- 4<&- 5>&-; trap '' HUP
  while read -r _ <&6; do
    while next=; clock; for f in "$d"/*.p; do
        read -r pid until <"$f" && [ -n "$until" ] || continue
        c=$((until - now)); [ $c -gt 0 ] || { kill "$pid"; c=100; }
        [ -n "$next" ] && [ "$next" -le $c ] || next=$c
      done; [ -n "$next" ]; do
      case $next in ?) next=0.0$next ;; ??) next=0.$next ;; *) next=1 ;; esac
      sleep $next
    done
  done
} 2>/dev/null

# The job's part of a request, whose wrapper has ended.
J() {
  id=$1 at=$5 store=$SB_STATE_ROOT/$3/receipts; shift 9
  [ -n "$slot" ] || { printf '%s\n' "$line" >"$d/$id.i"; wrap "$d/$id.i" <"$d/$id.i" & wait $!; code=$?; }
  o=$d/$id.o e=$d/$id.e taken=
  if [ -s "$d/$id.p" ]; then taken=1; read -r _ end <"$d/$id.p"; else clock; end=$((now + $1 / 10)); fi
  begun=$((end - $1 / 10))
  : >"$d/$id.p"; [ -z "$slot" ] || : >"$d/r$slot"
  st= rc=-1 ap=0 told=; [ ! -s "$d/$id.r" ] || read -r ap rc st told <"$d/$id.r"
  [ -n "$told" ] || cut_off
  echo "z $id" >&5
  [ "$told" != receipt ] || settle
}
# Brings a receipt's end to the disk.
settle() {
  log=$store/${at%.*}.log words=$store/$at.out
  if [ -e "$words" ]; then sync "$words" "$log" "$store"; else sync "$log"; fi
} 2>/dev/null
# The wrapper had to end before its request, or was killed by somebody.
cut_off() {
  noted=$st ms=-1 re=0 kind=a; clock; : >>"$o"; : >>"$e"; : >>"$d/$id.f"
  if [ -e "$d/$id.cancel" ]; then st=timed_out; echo "ended on request" >>"$e"
  elif [ -e "$d/$id.stalled" ]; then st=stalled
  elif [ "$now" -ge $((end - 2)) ]; then st=timed_out
  else st=ended; [ "$rc" -ge 0 ] && [ $code -eq 0 ] || rc=$code; [ "$rc" -ne 0 ] || rc=255; fi
  case $noted in
    interrupted) st=interrupted ap=1 ;;
    # Before the answer, because the lock is free already.
    receipt) [ "$ap" = 0 ] || { ms=$(((now - begun) * 10)); end_line && settle; } ;;
  esac
  tell
}
# What cannot be kept whole must not be found: an empty script would mean "done".
S() { printf '%s\n' "$2" >"$d/$1" || rm -f "$d/$1"; }

# wrap FILE: becomes the wrapper of the request in that file.
wrap() { exec timeout -k 2 0 "$SB_SH" -c "$wrapper" runner "$d" "$1" "$SB_STATE_ROOT" "$SB_RUN_ROOT" "$opened" 4<&- 6>&- 7>&- 8>&- 9>&-; }

# Up to four wrappers wait for requests, each with the job that started it, which saves a request two
# programs' start. Each request brings one more of them, and W all: who asks a single question needs no
# four. A job that has seen one to its end starts the next. They end with the runner: then nobody holds
# the other end of descriptor 4 any more. Redirections of a function would not do: the shell keeps what
# they cover, here the channel's input.
spare() {
  slot=$1
  exec 6>&- 7>&- 8>&- 9>&-
  wrap "$d/r$slot" <&4 & pid=$!
  echo "$pid" >"$d/slot$slot"
  wait "$pid"; code=$?
  # A wrapper that was killed while it waited may have been given a request all the same, which wants its
  # answer. Its successor would be woken by the line that it left behind, so it gets none.
  [ -s "$d/r$slot" ] || read -r line <&4 || exit
  . "$d/r$slot"
  [ -n "$taken" ] || exit
  (spare "$slot") &
  exit 0
}
more() {
  [ $spares -lt 4 ] || return 0
  spares=$((spares + 1)); (exec 4<"$d/i$spares"; spare $spares) &
}
W() { more; more; more; more; }
# hand SLOT DESCRIPTOR: gives the request to that spare wrapper, if it waits and nobody killed it: what
# is dead has no program any more.
hand() {
  { read -r pid <"$d/slot$1"; } 2>/dev/null && [ -e "/proc/$pid/exe" ] || return 1
  printf '%s\n' "$line" >"$d/r$1" && : >"$d/slot$1" || return 1
  echo >&"$2"
}
# Also the moment to cut a flood short, before it fills the tmpfs: 32,768 blocks are 16 MiB. One `find`
# for all requests: a host that is short of time must not lose it to being watched.
G() { (
  find "$d" -name '*.[oe]' -size +32768 | while read -r file; do : >"${file%.?}.cut"; : >"$file"; done
  for i do
    [ -s "$d/$i.e" ] || [ -s "$d/$i.f" ] || continue
    tail -q -c 4096 "$d/$i.e" "$d/$i.f" | {
      text=; while IFS= read -r line; do case $line in 'progress '*) text=$line ;; esac; done
      [ -z "$text" ] || printf 'p %s %.300s\n' "$i" "$text" >&5
    }
  done
  echo "h looked" >&5
) 2>/dev/null 4<&- 6>&- 7>&- 8>&- 9>&- & }
K() { : >"$d/$1.cancel"; [ ! -s "$d/$1.p" ] || { read -r pid until <"$d/$1.p" && kill "$pid"; } 2>/dev/null; }
H() { echo "h $1" >&5; }

slot= spares=0 serial=0
collect 2>/dev/null &
printf 'switchback-runner 1 %s\n' "$$" >&3
exec 3<>"$d/t"
keep_time &
exec 6<>"$d/i1" 7<>"$d/i2" 8<>"$d/i3" 9<>"$d/i4"
more
while IFS= read -r line <&4; do
  case $line in
    'J '*)
      hand 1 6 || hand 2 7 || hand 3 8 || hand 4 9 || { (eval "$line") 4<&- 6>&- 7>&- 8>&- 9>&- & }
      more
      # Now and then, or ended jobs stay as zombies.
      serial=$((serial + 1)); [ $((serial % 20)) -ne 0 ] || jobs >/dev/null ;;
    *) eval "$line" ;;
  esac
done
exit 0
