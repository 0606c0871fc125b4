#!/bin/sh
# switchover of serviceops: dc -> dr
# A runbook that works without Switchback: it needs ssh to these hosts.
# plan efed6f2308348d44f22197f4ca4b0a35c9e27bdfc7d1cd3c650564c87f6f4321
# dc/app was never observed: nothing is known of it
# dc/db was never observed: nothing is known of it
# dr/app was never observed: nothing is known of it
# dr/db was never observed: nothing is known of it
# Afterwards dc stands by for dr as soon as it follows
# Afterwards tell Switchback: switchback resolve serviceops
# shellcheck disable=SC2317,SC2329,SC2086,SC2034
app=serviceops name=switchover short_hash=efed6f230834 headline='switchover of serviceops: dc -> dr'
from_site=dc to_site=dr takes_claim=yes
epoch=7 claim_id=c1a1m store_id=5704e

# ---- how this runbook works --------------------------------------------------------------------
# Steps run one after the other. Each asks its probe first and does nothing where it is done
# already, so the runbook may be stopped (Ctrl-C) and started again at any time: it goes on where it
# was. Its memory and its log lie in the folder $work.

LC_ALL=C
export LC_ALL
umask 077
usage() {
  cat <<END_OF_USAGE
usage: sh $0 [--dry-run | --script=NAME | --help]
  $headline.
  Asks every step first whether it is done, asks people at gates, keeps a log and its memory in a
  folder. Started again, it goes on where it was.
  -n, --dry-run   prints every step and what it would run; asks no host, changes nothing
  --script=NAME   prints the script of that name
environment:
  RUNBOOK_DIR     the folder for memory and log (now $work)
  RUNBOOK_SSH     another ssh, or ssh with options of yours ("ssh -F FILE")
  RUNBOOK_HERE    the address of this machine, when it is one of the hosts; "none": ask all by ssh
exit code: 0 done, 2 usage, 4 stopped; nothing more was done
END_OF_USAGE
}
ssh=${RUNBOOK_SSH:-ssh}
work=${RUNBOOK_DIR:-${HOME:-.}/switchback-runbook/$app-$name-$short_hash}
dry=no script=''
for word; do
  case $word in
    -n | --dry-run) dry=yes ;;
    --script=*) script=${word#--script=} ;;
    -h | --help) usage && exit 0 ;;
    *) usage >&2 && exit 2 ;;
  esac
done
exec 3<&0 # answers of people; standard input of commands is never the terminal

say() {
  printf '%s %s\n' "$(date -u +%Y-%m-%dT%H:%M:%SZ)" "$*" | tee -a "$work/log"
}

stop_here() {
  say "STOPPED: $*"
  echo "Nothing more is done. Correct the cause and start this runbook again: it goes on here." >&2
  exit 4
}

# One shell word that every shell reads back as it is.
quote() {
  case $1 in
    '') printf "''" ;;
    *) printf '%s' "$1" | sed "s/'/'\\\\''/g; 1s/^/'/; \$s/\$/'/" ;;
  esac
}

# Reads what is typed and not shown into `value`.
read_hidden() { # QUESTION
  printf '%s' "$1" >&2
  [ ! -t 3 ] || stty -echo <&3
  value=''
  IFS= read -r value <&3
  [ ! -t 3 ] || { stty echo <&3 && echo >&2; }
  [ -n "$value" ]
}

# Puts the secret that a reference names into `value`; kept in memory alone, asked for once.
load_secret() {
  [ "$secret_of" != "$1" ] || { value=$secret_value && return 0; }
  case $1 in
    file:*)
      path=${1#file:}
      if [ ! -r "$path" ]; then
        printf 'The secret %s is not on this machine. Path of a file here that holds it: ' "$1" >&2
        IFS= read -r path <&3 || return 1
      fi
      value=$(cat -- "$path") || return 1
      ;;
    env:*) value=$(printenv "${1#env:}") || read_hidden "Value of $1: " || return 1 ;;
    command:*) value=$(sh -c "${1#command:}" </dev/null) || read_hidden "Value of $1: " || return 1 ;;
    *) read_hidden "Value of $1: " || return 1 ;;
  esac
  secret_of=$1 secret_value=$value
}
secret_of='' secret_value=''

# What every command finds on its host. A host that has seen a newer claim, or another one of the
# same epoch, refuses every effect but stops. The locks are those of Switchback: should it live
# after all, no step runs twice at the same time.
environment() { # WHERE GUARDING
  printf 'LC_ALL=C SB_APP=%s SB_STEP=%s\n' "$app" "$(quote "$step")"
  if [ "$1" = controller ]; then
    printf 'SB_STATE=%s SB_RUN=%s\n' "$(quote "$memory/controller")" "$(quote "$memory/controller/run")"
  else
    # shellcheck disable=SC2016
    echo 'SB_STATE=/var/lib/switchback/$SB_APP SB_RUN=/run/switchback/$SB_APP'
  fi
  shift
  # shellcheck disable=SC2016
  echo 'export LC_ALL SB_APP SB_STATE SB_RUN
PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin:$PATH; export PATH
(umask 022; mkdir -p "$SB_STATE" "$SB_RUN")
umask 077
mkdir -p "$SB_STATE/receipts" "$SB_RUN/locks" "$SB_RUN/open" && cd / || exit 2'
  # shellcheck disable=SC2016
  [ "$1" = read ] || echo 'if command -v flock >/dev/null; then
exec 9>>"$SB_RUN/locks/$SB_STEP.lock" && flock -w 30 9 || { echo "$SB_STEP is running here already" >&2; exit 121; }
fi'
  case $1 in
    effect | publish)
      mode=-s
      [ "$1" = effect ] || mode=-x
      printf 'sb_epoch=%s sb_id=%s sb_mode=%s\n' "$epoch" "$claim_id" "$mode"
      # shellcheck disable=SC2016
      echo 'if command -v flock >/dev/null; then
exec 8>>"$SB_RUN/locks/.claim" && flock -w 30 $sb_mode 8 || { echo "the claim here is in use" >&2; exit 121; }
fi
if [ -r "$SB_STATE/claim" ] && read -r sb_seen sb_seen_id sb_rest <"$SB_STATE/claim"; then
if [ "$sb_seen" -gt "$sb_epoch" ] || { [ "$sb_seen" -eq "$sb_epoch" ] && [ "$sb_seen_id" != "$sb_id" ]; }; then
echo "this host has seen claim $sb_seen ($sb_seen_id): nothing is done here" >&2; exit 122
fi
fi'
      ;;
  esac
}

# run WHERE GUARDING BOUND_S SECRET SCRIPT ARGUMENT…: a named script, or with "-" a plain command.
run() {
  where=$1 guarding=$2 limit=$3 reference=$4 named=$5
  shift 5
  # A host that did not answer before is not waited for so long again.
  patience=8
  case " $gone " in *" $where "*) patience=2 ;; esac
  line=
  for word; do line="$line $(quote "$word")"; done
  [ "$named" = - ] || line=" sh -c $(quote "$(body "$named")") $named$line"
  line="timeout -k 5 $limit$line 8>&- 9>&-"
  case $reference in
    '') line="$line </dev/null" ;;
    host-file:*) line="$line <$(quote "${reference#host-file:}")" ;;
    *)
      load_secret "$reference" || { echo "no secret: $reference" >&2 && return 3; }
      line="printf '%s\\n' $(quote "$value") | $line"
      ;;
  esac
  {
    environment "$where" "$guarding"
    printf '%s\n' "$line"
  } | at "$where"
}

# reach ADDRESS PORT USER BECOME: runs the program on standard input there, as root.
reach() {
  case " $here " in *" $1 "*)
    if [ "$(id -u)" = 0 ]; then sh; else sudo -n sh; fi
    return
    ;;
  esac
  program='exec sh'
  [ "$4" = no ] || program='exec sudo -n sh'
  $ssh -o BatchMode=yes -o ConnectTimeout="$patience" -o ServerAliveInterval=3 \
    -o ServerAliveCountMax=3 -o ControlMaster=auto -o ControlPath="$control/%C" \
    -o ControlPersist=60 -p "$2" -- "$3@$1" "$program"
}
patience=8 gone='' control=/nowhere step=begin
here=${RUNBOOK_HERE:-$(ip -o addr show scope global 2>/dev/null |
  sed -n 's/.* inet6* \([^ /]*\).*/\1/p' | tr '\n' ' ')}

# The value of a reference: a capture, "STEP:outcome", or a value of the run itself.
got() {
  case $1 in
    run:name) echo "$run_number" ;;
    run:number) echo "$claim_run" ;;
    run:epoch) echo "$epoch" ;;
    run:claim_id) echo "$claim_id" ;;
    run:store_id) echo "$store_id" ;;
    run:who) id -un ;;
    run:news) echo "begins" ;;
    *:outcome) cat "$work/outcome/${1%:outcome}" 2>/dev/null ;;
    *) cat "$work/capture/$1" 2>/dev/null ;;
  esac
}

outcome_is() { [ "$(got "$1:outcome")" = "$2" ]; }

ended() { # OUTCOME WORDS…
  printf '%s\n' "$1" >"$work/outcome/$step" || stop_here "$step: $work cannot be written"
  outcome=$1
  shift
  say "$step: $outcome${*:+ ($*)}"
}

# new ID WHERE TITLE: begins the description of a step.
new() {
  step=$1 title=$3 passed='' captures='' missing=''
  unset -f sb_probe sb_apply
  printf '\n== %s (%s)\n   %s\n' "$1" "$2" "$3"
}
only_if() { [ "$(got "$1")" = "$2" ] || passed="$1 is not $2"; }
unless() {
  for each; do outcome_is "$each" 'done' || return 0; done
  passed="proven already: $*"
}
needs_value() { # a capture that this step hands to a command
  got "$1" >/dev/null || missing=$1
}

# Keeps the values that the deciding command printed; one of another type is no answer.
keep_captures() {
  for each in $captures; do
    key=${each%%:*}
    value=$(sed -n "s/^$key=//p" "$work/out" | head -n 1)
    case ${each#*:} in
      lsn) pattern='^[0-9A-Fa-f]+/[0-9A-Fa-f]+$' ;;
      integer) pattern='^-?[0-9]+$' ;;
      word) pattern='^[^ 	]+$' ;;
      *) pattern='' ;;
    esac
    printf '%s\n' "$value" | grep -Eq -- "$pattern" || { echo "no usable $key" >&2; return 1; }
    printf '%s\n' "$value" >"$work/capture/$step:$key"
  done
}

probe_once() {
  sb_probe >"$work/out" && keep_captures
}

# True when the probe is done within BOUND_S, and after HOLD_S still.
probe_until() { # BOUND_S HOLD_S
  end=$(($(date +%s) + $1))
  while :; do
    if probe_once; then
      [ "$2" -eq 0 ] || { sleep "$2" && probe_once; } && return 0
    fi
    [ "$(date +%s)" -lt "$end" ] || return 1
    sleep 1
  done
}

# What a step that is not done means for the run. True: it is settled; false: it is tried again.
not_done() { # TOLERANCE SKIPPABLE
  if [ "$1" = evidence ]; then
    ended unproven "tolerated: another proof is needed"
    return 0
  elif [ "$1" = skip ] && [ "$unreachable" = yes ]; then
    ended passed "its host is gone"
    return 0
  fi
  say "$step: NOT DONE${missing:+, $missing is not known}"
  choices='r = try again, q = stop here'
  [ "$2" = no ] || choices='r = try again, s = go on without it, q = stop here'
  while printf '   %s: ' "$choices" && read -r answer <&3; do
    case $answer$2 in
      ryes | rno) return 1 ;;
      syes)
        printf '   Your name, and why: ' && read -r reason <&3 || break
        [ -n "$reason" ] || continue
        ended passed "skipped by $reason"
        return 0
        ;;
      qyes | qno) break ;;
    esac
  done
  stop_here "$step: not done"
}

# skip_it KIND: true when there is nothing to do. Proofs are taken again until the claim is taken.
skip_it() {
  if [ -n "$passed" ]; then
    ended passed "$passed"
    return 0
  fi
  outcome_is "$step" 'done' || return 1
  [ "$1" != wait ] || [ -e "$work/claimed" ] || return 1
  say "$step: done before"
}

host_is_gone() {
  unreachable=yes
  case " $gone " in *" $where "*) ;; *) gone="$gone $where" ;; esac
  echo "$where does not answer" >&2
}

try_step() { # BOUND_S HOLD_S
  unreachable=no
  [ -z "$missing" ] || return 1
  if command -v sb_probe >/dev/null; then
    probe_once
    code=$?
    [ $code -ne 0 ] || { ended 'done' "was so already"; return 0; }
    # Without an answer nothing is known, and nothing is sent.
    [ $code -ne 255 ] || { host_is_gone; return 1; }
    say "$step: $title"
    sb_apply >"$work/applied"
    code=$?
    # 122: the host has seen a newer claim; 121: the step runs there already. Waiting does not help.
    [ $code -ne 122 ] && [ $code -ne 121 ] || return 1
    # A connection that broke says nothing of the effect: the probe does.
    [ $code -ne 255 ] || { probe_once && ended 'done' && return 0; host_is_gone; return 1; }
    probe_until "$1" "$2" && ended 'done'
  else
    say "$step: $title"
    sb_apply >"$work/out"
    code=$?
    [ $code -ne 255 ] || host_is_gone
    [ $code -eq 0 ] && keep_captures && ended 'done'
  fi
}

try_wait() { # BOUND_S HOLD_S TOLERANCE
  unreachable=no
  if [ "$3" != fail ]; then
    probe_once
    [ $? -ne 255 ] || { host_is_gone; return 1; }
  fi
  probe_until "$1" "$2" && ended 'done'
}

do_step() { # BOUND_S HOLD_S TOLERANCE SKIPPABLE
  skip_it command && return 0
  until try_step "$1" "$2"; do ! not_done "$3" "$4" || return 0; done
}

wait_for() { # BOUND_S HOLD_S TOLERANCE SKIPPABLE
  skip_it wait && return 0
  until try_wait "$1" "$2" "$3"; do ! not_done "$3" "$4" || return 0; done
}

ask() { # PEOPLE WORD TEXT: each person types a name and the word
  skip_it gate && return 0
  printf '   %s\n' "$3"
  names=' '
  people=$1
  while [ "$people" -gt 0 ]; do
    printf '   Your name: ' && read -r person <&3 || stop_here "$step: nobody answered"
    case $names in *" $person "*) echo "   Somebody else, please." && continue ;; esac
    [ -n "$person" ] || continue
    printf "   Type '%s' to confirm: " "$2" && read -r answer <&3 || stop_here "$step: nobody answered"
    [ "$answer" = "$2" ] || stop_here "$step: answered '$answer' by $person"
    say "$step: confirmed by $person"
    names="$names$person "
    people=$((people - 1))
  done
  ended 'done'
}

take_claim() {
  skip_it claim && return 0
  : >"$work/claimed" || stop_here "$step: cannot be kept"
  ended 'done' "claim $epoch ($claim_id); the hosts are told next"
}

# The newest claim among the hosts that answer: newest, newest_id, newest_store, newest_run,
# newest_active (the sites that it names), newest_host.
look_at_claims() {
  newest=0 newest_id='' newest_store='' newest_run=0 newest_active='' newest_host='' answered='' differs=''
  for where in $hosts; do
    printf 'cat /var/lib/switchback/%s/claim 2>/dev/null; exit 0\n' "$app" | at "$where" >"$work/seen"
    code=$?
    if [ $code -ne 0 ]; then
      say "$where: does not answer (ssh: $code)"
      gone="$gone $where"
      continue
    fi
    answered=yes c_epoch='' c_id='' c_store='' c_run=''
    read -r c_epoch c_id c_store c_run c_rest <"$work/seen"
    case $c_epoch in '' | *[!0-9]*) say "$where: holds no claim" && continue ;; esac
    c_active=$(sed -n 's/^active [^ ]* //p' "$work/seen" | sort -u | tr '\n' ' ')
    say "$where: claim $c_epoch ($c_id of $c_store), active: ${c_active:-not said}"
    if [ "$c_epoch" -gt "$newest" ]; then
      newest=$c_epoch newest_id=$c_id newest_store=$c_store newest_run=${c_run:-0} differs=''
      newest_active=${c_active% } newest_host=$where
    elif [ "$c_epoch" -eq "$newest" ] && [ "$c_id $c_store" != "$newest_id $newest_store" ]; then
      differs=$where
    fi
  done
  [ -n "$answered" ] || stop_here "no host answers: check ssh, its keys and the network from here"
  [ -z "$differs" ] || stop_here "$differs and $newest_host hold different claims of epoch $newest:" \
    "find out which site is active, and remove /var/lib/switchback/$app/claim from the other's hosts"
}

# The claim that this runbook works under or takes: epoch, claim_id, store_id, claim_run.
choose_claim() {
  look_at_claims
  claim_run=0
  if [ "$claim_id" != any ]; then # made for one claim (`plan --shell`)
    if [ "$newest" -gt "$epoch" ] || { [ "$newest" -gt 0 ] && [ "$newest" -eq "$epoch" ] && [ "$newest_id" != "$claim_id" ]; }; then
      stop_here "$newest_host has seen claim $newest ($newest_id): this runbook was made under claim $epoch"
    fi
  elif [ "$newest" -gt 0 ] && [ "$newest_active" != "$from_site" ]; then
    if [ "$takes_claim" = no ] || [ "$newest_active" != "$to_site" ]; then
      stop_here "by claim $newest ${newest_active:-no site} is active, and this runbook is for $from_site being active"
    fi
    # A move that began elsewhere: on another machine, or by Switchback before it was lost.
    echo "By claim $newest $to_site is to be active already: this move was begun before."
    printf "Type 'go on' to finish it under that claim: " && read -r answer <&3
    [ "$answer" = 'go on' ] || stop_here 'not begun'
    takes_claim=no
  fi
  if [ "$claim_id" = any ] || [ "$newest" -eq "$epoch" ]; then
    epoch=$newest claim_id=${newest_id:-none} store_id=${newest_store:-runbook} claim_run=$newest_run
  fi
  if [ "$takes_claim" = yes ] || [ "$epoch" -eq 0 ]; then
    claim_id=$(od -An -N16 -tx1 /dev/urandom | tr -d ' \n')
    epoch=$((epoch + 1)) store_id=runbook claim_run=0
  fi
}

# However this ends: connections are closed, and every host that answers gets the log.
leave() {
  code=$?
  trap - EXIT
  if [ -e "$work/begun" ]; then
    # shellcheck disable=SC2016
    for where in $hosts; do
      case " $gone " in *" $where "*) continue ;; esac
      {
        printf 'd=/var/lib/switchback/%s/runbook-log; mkdir -p "$d" && printf "%%s\\n" %s >"$d/%s"\n' \
          "$app" "$(quote "$(cat "$work/log")")" "$name-$run_number.log"
      } | at "$where" >/dev/null 2>&1
    done
  fi
  for socket in "$control"/*; do
    [ ! -S "$socket" ] || $ssh -o ControlPath="$socket" -O exit none 2>/dev/null
  done
  rm -rf "$control" "$work/lock"
  exit $code
}

# The memory's folder, for one at a time; a finished run's is put aside.
open_memory() {
  [ ! -s "$work/finished" ] || mv "$work" "$work.$(cat "$work/finished")" || exit 1
  mkdir -p "$work/outcome" "$work/capture" || exit 1
  memory=$(cd "$work" && pwd) || exit 1
  if ! mkdir "$work/lock" 2>/dev/null; then
    if read -r pid 2>/dev/null <"$work/lock/pid" && kill -0 "$pid" 2>/dev/null; then
      echo "this runbook is running already, as process $pid" >&2 && exit 4
    fi
  fi
  echo $$ >"$work/lock/pid"
  control=$(mktemp -d "${TMPDIR:-/tmp}/sb.XXXXXX") || exit 1
  trap leave EXIT
  trap 'exit 130' HUP INT TERM
}

begin() {
  [ -z "$script" ] || { body "$script"; exit; }
  echo "$headline"
  [ $dry = no ] || return 0
  open_memory
  say "begins: $headline"
  echo "Memory and log: $work"
  if [ -e "$work/begun" ] && [ -n "$(find "$work/begun" -mmin +720)" ]; then
    echo "An unfinished run of this runbook began at $(cat "$work/begun")."
    printf "Type 'go on' to continue it, 'new' to begin anew: " && read -r answer <&3
    case $answer in
      'go on') ;;
      new) rm -rf "$work/begun" "$work/claimed" "$work/outcome" "$work/capture" &&
        mkdir -p "$work/outcome" "$work/capture" ;;
      *) stop_here 'not begun' ;;
    esac
  fi
  if [ ! -e "$work/begun" ]; then
    choose_claim
    printf 'Type %s to begin: ' "$app" && read -r answer <&3
    [ "$answer" = "$app" ] || stop_here 'not begun'
    # Salvaged data is kept by this number: no two runs may share one.
    printf '%s %s %s %s %s\n' "$epoch" "$claim_id" "$store_id" "$claim_run" "$(date +%s)" >"$work/run" &&
      date -u +%Y-%m-%dT%H:%M:%SZ >"$work/begun" || exit 1
  fi
  read -r epoch claim_id store_id claim_run run_number <"$work/run" || exit 1
}

finish() {
  date -u +%Y%m%dT%H%M%SZ >"$work/finished"
  say 'done'
  echo "When Switchback is there again: switchback resolve $app"
}

if [ $dry = yes ]; then
  say() { printf '   %s\n' "$*"; }
  got() { echo "<$1>"; }
  only_if() { echo "   only if $1 is $2"; }
  unless() { echo "   not when proven already: $*"; }
  needs_value() { :; }
  run() {
    where=$1 named=$5
    shift 5
    line=
    for word; do line="$line $(quote "$word")"; done
    [ "$named" = - ] || line=" $named$line"
    echo "$where:$line"
  }
  do_step() {
    ! command -v sb_probe >/dev/null || printf '   done when  %s\n' "$(sb_probe)"
    printf '   runs       %s\n' "$(sb_apply)"
  }
  wait_for() { printf '   waits for  %s, at most %s s\n' "$(sb_probe)" "$1"; }
  ask() { printf '   asks       %s people to type "%s": %s\n' "$1" "$2" "$3"; }
  take_claim() { echo "   takes the next claim"; }
  finish() { echo "Nothing was done."; }
fi

# The scripts of the steps, byte for byte as Switchback runs them.
body() {
  case $1 in
    site_status_is) # FILE WORD
      cat <<'END_OF_SCRIPT'
[ "$(cat "$1")" = "$2" ]
END_OF_SCRIPT
      ;;
    claim_publish) # EPOCH CLAIM_ID STORE_ID RUN [COMPONENT SITE]...
      cat <<'END_OF_SCRIPT'
echo "$*" >"$SB_STATE/claim"
END_OF_SCRIPT
      ;;
    recorder_do) # COMPONENT HOOK
      cat <<'END_OF_SCRIPT'
echo "$1 $2" >>"$SB_STATE/done"
END_OF_SCRIPT
      ;;
    site_status) # FILE WORD
      cat <<'END_OF_SCRIPT'
echo "$2" >"$1"
END_OF_SCRIPT
      ;;
    recorder_done) # COMPONENT HOOK
      cat <<'END_OF_SCRIPT'
grep -qx "$1 $2" "$SB_STATE/done" && echo lsn=0/1A && echo method=copy
END_OF_SCRIPT
      ;;
    claim_published) # EPOCH CLAIM_ID [COMPONENT SITE]...
      cat <<'END_OF_SCRIPT'
read -r epoch id rest <"$SB_STATE/claim" && [ "$epoch $id" = "$1 $2" ]
END_OF_SCRIPT
      ;;
    *) echo "there is no script $1" >&2 && return 1 ;;
  esac
}

# at WHERE: runs the program on standard input there, as root.
at() {
  case $1 in
    controller) sh ;;
    dc/app) reach 10.77.1.10 22 ops sudo ;;
    dc/db) reach 10.77.1.20 22 root no ;;
    dr/app) reach 10.77.2.10 22 ops sudo ;;
    dr/db) reach 10.77.2.20 22 root no ;;
    *) echo "unknown host $1" >&2 && return 2 ;;
  esac
}
hosts='dc/app dc/db dr/app dr/db'

begin

# ---- 1: database.prepare
new database.prepare dc/db 'prepare of database'
sb_probe() { run dc/db read 30 '' recorder_done database prepare; }
sb_apply() { run dc/db effect 30 '' recorder_do database prepare; }
do_step 30 0 fail no

# ---- 2: attachments.prepare
new attachments.prepare dr/app 'prepare of attachments'
sb_probe() { run dr/app read 30 '' recorder_done attachments prepare; }
sb_apply() { run dr/app effect 30 '' recorder_do attachments prepare; }
do_step 30 0 fail no

# ---- 3: address.prepare
new address.prepare controller 'prepare of address'
sb_probe() { run controller read 30 '' recorder_done address prepare; }
sb_apply() { run controller effect 30 '' recorder_do address prepare; }
do_step 30 0 fail no

# ---- 4: services.stop
new services.stop dc/app 'stop of services'
sb_probe() { run dc/app read 30 '' recorder_done services stop; }
sb_apply() { run dc/app stop 30 '' recorder_do services stop; }
do_step 30 0 fail no

# ---- 5: database.stop
new database.stop dc/db 'stop of database'
captures=lsn:lsn
sb_probe() { run dc/db read 30 '' recorder_done database stop; }
sb_apply() { run dc/db stop 30 '' recorder_do database stop; }
do_step 30 0 fail no

# ---- 6: database.sync
new database.sync dr/db 'sync of database'
needs_value database.stop:lsn
sb_probe() { run dr/db read 30 '' recorder_done database sync; }
sb_apply() { run dr/db effect 30 '' recorder_do database sync "$(got database.stop:lsn)"; }
do_step 30 0 fail no

# ---- 7: attachments.sync
new attachments.sync dr/app 'sync of attachments'
sb_probe() { run dr/app read 30 '' recorder_done attachments sync; }
sb_apply() { run dr/app effect 30 '' recorder_do attachments sync; }
do_step 30 0 fail no

# ---- 8: fence.again.database.stop
# not if database.stop was proven at most 250 ms before
new fence.again.database.stop dc/db 'Still true: stop of database'
sb_probe() { run dc/db read 10 '' recorder_done database stop; }
wait_for 10 0 fail no

# ---- 9: fence.again.services.stop
# not if services.stop was proven at most 250 ms before
new fence.again.services.stop dc/app 'Still true: stop of services'
sb_probe() { run dc/app read 10 '' recorder_done services stop; }
wait_for 10 0 fail no

# ---- 10: claim
new claim controller 'Claim: dr becomes the active site'
take_claim

# ---- 11: claim.publish.dr.app
# undo: claim_publish <run:epoch> <run:claim_id> <run:store_id> <run:number> address=dc attachments=dc database=dc login=dc services=dc
new claim.publish.dr.app dr/app 'Write the claim of dr to dr/app'
sb_probe() { run dr/app read 10 '' claim_published "$(got run:epoch)" "$(got run:claim_id)" "$(got run:store_id)" "$(got run:number)" database=dr attachments=dr services=dr login=dr address=dr; }
sb_apply() { run dr/app publish 10 '' claim_publish "$(got run:epoch)" "$(got run:claim_id)" "$(got run:store_id)" "$(got run:number)" database=dr attachments=dr services=dr login=dr address=dr; }
do_step 10 0 fail no

# ---- 12: claim.publish.dr.db
# undo: claim_publish <run:epoch> <run:claim_id> <run:store_id> <run:number> address=dc attachments=dc database=dc login=dc services=dc
new claim.publish.dr.db dr/db 'Write the claim of dr to dr/db'
sb_probe() { run dr/db read 10 '' claim_published "$(got run:epoch)" "$(got run:claim_id)" "$(got run:store_id)" "$(got run:number)" database=dr attachments=dr services=dr login=dr address=dr; }
sb_apply() { run dr/db publish 10 '' claim_publish "$(got run:epoch)" "$(got run:claim_id)" "$(got run:store_id)" "$(got run:number)" database=dr attachments=dr services=dr login=dr address=dr; }
do_step 10 0 fail no

# ---- 13: claim.publish.dc.app
# undo: claim_publish <run:epoch> <run:claim_id> <run:store_id> <run:number> address=dc attachments=dc database=dc login=dc services=dc
new claim.publish.dc.app dc/app 'Write the claim of dr to dc/app'
sb_probe() { run dc/app read 10 '' claim_published "$(got run:epoch)" "$(got run:claim_id)" "$(got run:store_id)" "$(got run:number)" stopped database=dr attachments=dr services=dr login=dr address=dr; }
sb_apply() { run dc/app publish 10 '' claim_publish "$(got run:epoch)" "$(got run:claim_id)" "$(got run:store_id)" "$(got run:number)" database=dr attachments=dr services=dr login=dr address=dr; }
do_step 10 0 fail no

# ---- 14: claim.publish.dc.db
# undo: claim_publish <run:epoch> <run:claim_id> <run:store_id> <run:number> address=dc attachments=dc database=dc login=dc services=dc
new claim.publish.dc.db dc/db 'Write the claim of dr to dc/db'
sb_probe() { run dc/db read 10 '' claim_published "$(got run:epoch)" "$(got run:claim_id)" "$(got run:store_id)" "$(got run:number)" stopped database=dr attachments=dr services=dr login=dr address=dr; }
sb_apply() { run dc/db publish 10 '' claim_publish "$(got run:epoch)" "$(got run:claim_id)" "$(got run:store_id)" "$(got run:number)" database=dr attachments=dr services=dr login=dr address=dr; }
do_step 10 0 fail no

# ---- 15: database.promote
# point of no return
# From here on there is only forward.
new database.promote dr/db 'promote of database'
sb_probe() { run dr/db read 30 '' recorder_done database promote; }
sb_apply() { run dr/db effect 30 '' recorder_do database promote; }
do_step 30 0 fail no

# ---- 16: services.start
new services.start dr/app 'start of services'
sb_probe() { run dr/app read 30 '' recorder_done services start; }
sb_apply() { run dr/app effect 30 '' recorder_do services start; }
do_step 30 0 fail no

# ---- 17: login.verify
new login.verify dr/app 'verify of login'
sb_probe() { run dr/app read 30 '' - true; }
wait_for 30 0 fail no

# ---- 18: address.start
new address.start controller 'start of address'
sb_probe() { run controller read 30 '' recorder_done address start; }
sb_apply() { run controller effect 30 '' recorder_do address start; }
do_step 30 0 fail no

# ---- 19: database.follow
new database.follow dc/db 'follow of database'
sb_probe() { run dc/db read 30 '' recorder_done database follow; }
sb_apply() { run dc/db effect 30 '' recorder_do database follow; }
do_step 30 0 fail no

# ---- 20: status.dc.app
new status.dc.app dc/app 'Status of dc on dc/app: production_as_standby'
sb_probe() { run dc/app read 10 '' site_status_is /var/lib/switchback/serviceops/status production_as_standby; }
sb_apply() { run dc/app effect 10 '' site_status /var/lib/switchback/serviceops/status production_as_standby; }
do_step 10 0 fail no

# ---- 21: status.dc.db
new status.dc.db dc/db 'Status of dc on dc/db: production_as_standby'
sb_probe() { run dc/db read 10 '' site_status_is /var/lib/switchback/serviceops/status production_as_standby; }
sb_apply() { run dc/db effect 10 '' site_status /var/lib/switchback/serviceops/status production_as_standby; }
do_step 10 0 fail no

# ---- 22: status.dr.app
new status.dr.app dr/app 'Status of dr on dr/app: standby_as_production'
sb_probe() { run dr/app read 10 '' site_status_is /var/lib/switchback/serviceops/status standby_as_production; }
sb_apply() { run dr/app effect 10 '' site_status /var/lib/switchback/serviceops/status standby_as_production; }
do_step 10 0 fail no

# ---- 23: status.dr.db
new status.dr.db dr/db 'Status of dr on dr/db: standby_as_production'
sb_probe() { run dr/db read 10 '' site_status_is /var/lib/switchback/serviceops/status standby_as_production; }
sb_apply() { run dr/db effect 10 '' site_status /var/lib/switchback/serviceops/status standby_as_production; }
do_step 10 0 fail no

# ---- 24: attachments.finish
new attachments.finish dr/app 'finish of attachments'
sb_probe() { run dr/app read 30 '' recorder_done attachments finish; }
sb_apply() { run dr/app effect 30 '' recorder_do attachments finish; }
do_step 30 0 fail no

# ---- 25: address.finish
new address.finish controller 'finish of address'
sb_probe() { run controller read 30 '' recorder_done address finish; }
sb_apply() { run controller effect 30 '' recorder_do address finish; }
do_step 30 0 fail no

finish
