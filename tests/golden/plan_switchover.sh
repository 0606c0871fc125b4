#!/bin/sh
# switchover of serviceops: dc -> dr
# A runbook that works without Switchback: it needs ssh to these hosts.
# plan 242954a20268f1323a461507dd452f2f98246be0859ef8f51c9c3d197fea17cc
# dc/app was never observed: nothing is known of it
# dc/db was never observed: nothing is known of it
# dr/app was never observed: nothing is known of it
# dr/db was never observed: nothing is known of it
# Afterwards dc stands by for dr as soon as it follows
# Afterwards tell Switchback: switchback resolve serviceops
# shellcheck disable=SC2317,SC2329,SC2086
app=serviceops operation=switchover short_hash=242954a20268 takes_claim=yes
epoch=7 claim_id=c1a1m store_id=5704e

# ---- how this runbook works --------------------------------------------------------------------
# Steps run one after the other. Each asks its probe first and does nothing where it is done
# already, so the runbook may be stopped and started again at any time: it goes on where it was.
# Its memory and its log lie in the folder $work.

LC_ALL=C
export LC_ALL
umask 077
ssh=${RUNBOOK_SSH:-ssh}
work=${RUNBOOK_DIR:-./$app-$operation-$short_hash}
mkdir -p "$work/outcome" "$work/capture" || exit 1
memory=$(cd "$work" && pwd) || exit 1
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

# The value of a secret reference.
secret() {
  case $1 in
    file:*) cat "${1#file:}" ;;
    env:*) printenv "${1#env:}" ;;
    command:*) sh -c "${1#command:}" </dev/null ;;
    *) printf 'Value of %s: ' "$1" >&2 && IFS= read -r value <&3 && printf '%s\n' "$value" ;;
  esac
}

# What every command finds on its host. A host that has seen a newer claim, or another one of the
# same epoch, refuses every effect but stops.
environment() { # WHERE GUARDING
  printf 'LC_ALL=C SB_APP=%s\n' "$app"
  if [ "$1" = controller ]; then
    printf 'SB_STATE=%s SB_RUN=%s\n' "$(quote "$memory/controller")" "$(quote "$memory/controller/run")"
  else
    # shellcheck disable=SC2016
    echo 'SB_STATE=/var/lib/switchback/$SB_APP SB_RUN=/run/switchback/$SB_APP'
  fi
  shift
  # shellcheck disable=SC2016
  echo 'export LC_ALL SB_APP SB_STATE SB_RUN
umask 077
mkdir -p "$SB_STATE/receipts" "$SB_RUN/locks" "$SB_RUN/open" && cd / || exit 2'
  case $1 in
    effect | publish)
      printf 'sb_epoch=%s sb_id=%s\n' "$epoch" "$claim_id"
      # shellcheck disable=SC2016
      echo 'if [ -r "$SB_STATE/claim" ] && read -r sb_seen sb_seen_id sb_rest <"$SB_STATE/claim"; then
if [ "$sb_seen" -gt "$sb_epoch" ] || { [ "$sb_seen" -eq "$sb_epoch" ] && [ "$sb_seen_id" != "$sb_id" ]; }; then
echo "this host has seen claim $sb_seen ($sb_seen_id): nothing is done here" >&2; exit 122
fi
fi'
      ;;
  esac
}

# run WHERE GUARDING BOUND_S SECRET SCRIPT ARGUMENT…: a named script, or with "-" a plain command.
run() {
  where=$1 guarding=$2 limit=$3 reference=$4 script=$5
  shift 5
  line=
  for word; do line="$line $(quote "$word")"; done
  [ "$script" = - ] || line=" sh -c $(quote "$(body "$script")") $script$line"
  line="timeout -k 5 $limit$line"
  {
    environment "$where" "$guarding"
    case $reference in
      '') printf '%s </dev/null\n' "$line" ;;
      host-file:*) printf '%s <%s\n' "$line" "$(quote "${reference#host-file:}")" ;;
      *) printf 'printf "%%s\\n" %s | %s\n' "$(quote "$(secret "$reference")")" "$line" ;;
    esac
  } | at "$where"
}

# The value of a reference: a capture, "STEP:outcome", or a value of the run itself.
got() {
  case $1 in
    run:number) echo "$run_number" ;;
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
  printf '%s\n' "$1" >"$work/outcome/$step"
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
    name=${each%%:*}
    value=$(sed -n "s/^$name=//p" "$work/out" | head -n 1)
    case ${each#*:} in
      lsn) pattern='^[0-9A-Fa-f]+/[0-9A-Fa-f]+$' ;;
      integer) pattern='^-?[0-9]+$' ;;
      word) pattern='^[A-Za-z0-9._:/+-]+$' ;;
      *) pattern='' ;;
    esac
    printf '%s\n' "$value" | grep -Eq -- "$pattern" || { echo "no usable $name" >&2; return 1; }
    printf '%s\n' "$value" >"$work/capture/$step:$name"
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

# What a step that is not done means for the run.
not_done() { # TOLERANCE
  if [ "$1" = evidence ]; then
    ended unproven "tolerated: another proof is needed"
  elif [ "$1" = skip ] && [ "$unreachable" = yes ]; then
    ended passed "its host is gone"
  else
    stop_here "$step: not done"
  fi
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

do_step() { # BOUND_S HOLD_S TOLERANCE
  skip_it command && return 0
  unreachable=no
  if [ -n "$missing" ]; then
    echo "$missing is not known" >&2
    not_done "$3"
    return 0
  fi
  if command -v sb_probe >/dev/null; then
    probe_once && { ended 'done' "was so already"; return 0; }
    say "$step: $title"
    sb_apply >"$work/applied"
    code=$?
    [ $code -ne 255 ] || unreachable=yes
    # 122: the host has seen a newer claim; waiting would not change that.
    [ $code -ne 255 ] && [ $code -ne 122 ] && probe_until "$1" "$2" && { ended 'done'; return 0; }
  else
    say "$step: $title"
    sb_apply >"$work/out"
    code=$?
    [ $code -ne 255 ] || unreachable=yes
    [ $code -eq 0 ] && keep_captures && { ended 'done'; return 0; }
  fi
  not_done "$3"
}

wait_for() { # BOUND_S HOLD_S TOLERANCE
  skip_it wait && return 0
  unreachable=no
  if [ "$3" != fail ]; then
    probe_once
    [ $? -ne 255 ] || unreachable=yes
  fi
  [ $unreachable = no ] && probe_until "$1" "$2" && { ended 'done'; return 0; }
  not_done "$3"
}

ask() { # PEOPLE WORD TEXT: each person types a name and the word
  skip_it gate && return 0
  printf '   %s\n' "$3"
  names=' '
  people=$1
  while [ "$people" -gt 0 ]; do
    printf '   Your name: ' && read -r name <&3 || stop_here "$step: nobody answered"
    case $names in *" $name "*) echo "   Somebody else, please." && continue ;; esac
    [ -n "$name" ] || continue
    printf "   Type '%s' to confirm: " "$2" && read -r answer <&3 || stop_here "$step: nobody answered"
    [ "$answer" = "$2" ] || stop_here "$step: answered '$answer' by $name"
    say "$step: confirmed by $name"
    names="$names$name "
    people=$((people - 1))
  done
  ended 'done'
}

take_claim() {
  skip_it claim && return 0
  : >"$work/claimed" || stop_here "$step: cannot be kept"
  ended 'done' "claim $epoch ($claim_id); the hosts are told next"
}

# The claim that this runbook works under or takes, the same at every start.
if [ ! -s "$work/run" ]; then
  if [ "$takes_claim" = yes ]; then
    claim_id=$(od -An -N16 -tx1 /dev/urandom | tr -d ' \n')
    epoch=$((epoch + 1))
  fi
  printf '%s %s %s\n' "$epoch" "$claim_id" "$store_id" >"$work/run" || exit 1
fi
read -r epoch claim_id store_id <"$work/run" || exit 1
run_number=0 # no run of Switchback: a real one of a later claim is newer

# The scripts of the steps, byte for byte as Switchback runs them.
body() {
  case $1 in
    claim_publish) # EPOCH CLAIM_ID STORE_ID RUN [COMPONENT SITE]...
      cat <<'END_OF_SCRIPT'
echo "$*" >"$SB_STATE/claim"
END_OF_SCRIPT
      ;;
    claim_published) # EPOCH CLAIM_ID [COMPONENT SITE]...
      cat <<'END_OF_SCRIPT'
read -r epoch id rest <"$SB_STATE/claim" && [ "$epoch $id" = "$1 $2" ]
END_OF_SCRIPT
      ;;
    recorder_do) # COMPONENT HOOK
      cat <<'END_OF_SCRIPT'
echo "$1 $2" >>"$SB_STATE/done"
END_OF_SCRIPT
      ;;
    recorder_done) # COMPONENT HOOK
      cat <<'END_OF_SCRIPT'
grep -qx "$1 $2" "$SB_STATE/done" && echo lsn=0/1A && echo method=copy
END_OF_SCRIPT
      ;;
    site_status) # FILE WORD
      cat <<'END_OF_SCRIPT'
echo "$2" >"$1"
END_OF_SCRIPT
      ;;
    site_status_is) # FILE WORD
      cat <<'END_OF_SCRIPT'
[ "$(cat "$1")" = "$2" ]
END_OF_SCRIPT
      ;;
  esac
}

# at WHERE: runs the program on standard input there, as root.
at() {
  case $1 in
    controller) sh ;;
    dc/app)
      $ssh -o BatchMode=yes -o ConnectTimeout=10 -o ServerAliveInterval=3 \
        -o ServerAliveCountMax=3 -p 22 -- ops@10.77.1.10 'exec sudo -n sh'
      ;;
    dc/db)
      $ssh -o BatchMode=yes -o ConnectTimeout=10 -o ServerAliveInterval=3 \
        -o ServerAliveCountMax=3 -p 22 -- root@10.77.1.20 'exec sh'
      ;;
    dr/app)
      $ssh -o BatchMode=yes -o ConnectTimeout=10 -o ServerAliveInterval=3 \
        -o ServerAliveCountMax=3 -p 22 -- ops@10.77.2.10 'exec sudo -n sh'
      ;;
    dr/db)
      $ssh -o BatchMode=yes -o ConnectTimeout=10 -o ServerAliveInterval=3 \
        -o ServerAliveCountMax=3 -p 22 -- root@10.77.2.20 'exec sh'
      ;;
    *) echo "unknown host $1" >&2 && return 2 ;;
  esac
}

say 'begins: switchover of serviceops: dc -> dr'
[ -e "$work/begun" ] || {
  printf 'Type %s to begin: ' serviceops && read -r answer <&3
  [ "$answer" = serviceops ] || stop_here 'not begun'
  : >"$work/begun"
}

# ---- 1: database.prepare
new database.prepare dc/db 'prepare of database'
sb_probe() { run dc/db read 30 '' recorder_done database prepare; }
sb_apply() { run dc/db effect 30 '' recorder_do database prepare; }
do_step 30 0 fail

# ---- 2: attachments.prepare
new attachments.prepare dr/app 'prepare of attachments'
sb_probe() { run dr/app read 30 '' recorder_done attachments prepare; }
sb_apply() { run dr/app effect 30 '' recorder_do attachments prepare; }
do_step 30 0 fail

# ---- 3: address.prepare
new address.prepare controller 'prepare of address'
sb_probe() { run controller read 30 '' recorder_done address prepare; }
sb_apply() { run controller effect 30 '' recorder_do address prepare; }
do_step 30 0 fail

# ---- 4: services.stop
new services.stop dc/app 'stop of services'
sb_probe() { run dc/app read 30 '' recorder_done services stop; }
sb_apply() { run dc/app stop 30 '' recorder_do services stop; }
do_step 30 0 fail

# ---- 5: database.stop
new database.stop dc/db 'stop of database'
captures=lsn:lsn
sb_probe() { run dc/db read 30 '' recorder_done database stop; }
sb_apply() { run dc/db stop 30 '' recorder_do database stop; }
do_step 30 0 fail

# ---- 6: database.sync
new database.sync dr/db 'sync of database'
needs_value database.stop:lsn
sb_probe() { run dr/db read 30 '' recorder_done database sync; }
sb_apply() { run dr/db effect 30 '' recorder_do database sync "$(got database.stop:lsn)"; }
do_step 30 0 fail

# ---- 7: attachments.sync
new attachments.sync dr/app 'sync of attachments'
sb_probe() { run dr/app read 30 '' recorder_done attachments sync; }
sb_apply() { run dr/app effect 30 '' recorder_do attachments sync; }
do_step 30 0 fail

# ---- 8: fence.again.database.stop
new fence.again.database.stop dc/db 'Still true: stop of database'
sb_probe() { run dc/db read 10 '' recorder_done database stop; }
wait_for 10 0 fail

# ---- 9: fence.again.services.stop
new fence.again.services.stop dc/app 'Still true: stop of services'
sb_probe() { run dc/app read 10 '' recorder_done services stop; }
wait_for 10 0 fail

# ---- 10: claim
new claim controller 'Claim: dr becomes the active site'
take_claim

# ---- 11: claim.publish.dr.app
new claim.publish.dr.app dr/app 'Write the claim of dr to dr/app'
sb_probe() { run dr/app read 10 '' claim_published "$(got run:epoch)" "$(got run:claim_id)" "$(got run:store_id)" "$(got run:number)" database=dr attachments=dr services=dr login=dr address=dr; }
sb_apply() { run dr/app publish 10 '' claim_publish "$(got run:epoch)" "$(got run:claim_id)" "$(got run:store_id)" "$(got run:number)" database=dr attachments=dr services=dr login=dr address=dr; }
do_step 10 0 fail

# ---- 12: claim.publish.dr.db
new claim.publish.dr.db dr/db 'Write the claim of dr to dr/db'
sb_probe() { run dr/db read 10 '' claim_published "$(got run:epoch)" "$(got run:claim_id)" "$(got run:store_id)" "$(got run:number)" database=dr attachments=dr services=dr login=dr address=dr; }
sb_apply() { run dr/db publish 10 '' claim_publish "$(got run:epoch)" "$(got run:claim_id)" "$(got run:store_id)" "$(got run:number)" database=dr attachments=dr services=dr login=dr address=dr; }
do_step 10 0 fail

# ---- 13: claim.publish.dc.app
new claim.publish.dc.app dc/app 'Write the claim of dr to dc/app'
sb_probe() { run dc/app read 10 '' claim_published "$(got run:epoch)" "$(got run:claim_id)" "$(got run:store_id)" "$(got run:number)" database=dr attachments=dr services=dr login=dr address=dr; }
sb_apply() { run dc/app publish 10 '' claim_publish "$(got run:epoch)" "$(got run:claim_id)" "$(got run:store_id)" "$(got run:number)" database=dr attachments=dr services=dr login=dr address=dr; }
do_step 10 0 fail

# ---- 14: claim.publish.dc.db
new claim.publish.dc.db dc/db 'Write the claim of dr to dc/db'
sb_probe() { run dc/db read 10 '' claim_published "$(got run:epoch)" "$(got run:claim_id)" "$(got run:store_id)" "$(got run:number)" database=dr attachments=dr services=dr login=dr address=dr; }
sb_apply() { run dc/db publish 10 '' claim_publish "$(got run:epoch)" "$(got run:claim_id)" "$(got run:store_id)" "$(got run:number)" database=dr attachments=dr services=dr login=dr address=dr; }
do_step 10 0 fail

# ---- 15: database.promote
# point of no return
# From here on there is only forward.
new database.promote dr/db 'promote of database'
sb_probe() { run dr/db read 30 '' recorder_done database promote; }
sb_apply() { run dr/db effect 30 '' recorder_do database promote; }
do_step 30 0 fail

# ---- 16: services.start
new services.start dr/app 'start of services'
sb_probe() { run dr/app read 30 '' recorder_done services start; }
sb_apply() { run dr/app effect 30 '' recorder_do services start; }
do_step 30 0 fail

# ---- 17: login.verify
new login.verify dr/app 'verify of login'
sb_probe() { run dr/app read 30 '' - true; }
wait_for 30 0 fail

# ---- 18: address.start
new address.start controller 'start of address'
sb_probe() { run controller read 30 '' recorder_done address start; }
sb_apply() { run controller effect 30 '' recorder_do address start; }
do_step 30 0 fail

# ---- 19: database.follow
new database.follow dc/db 'follow of database'
sb_probe() { run dc/db read 30 '' recorder_done database follow; }
sb_apply() { run dc/db effect 30 '' recorder_do database follow; }
do_step 30 0 fail

# ---- 20: status.dc.app
new status.dc.app dc/app 'Status of dc on dc/app: production_as_standby'
sb_probe() { run dc/app read 10 '' site_status_is /var/lib/switchback/serviceops/status production_as_standby; }
sb_apply() { run dc/app effect 10 '' site_status /var/lib/switchback/serviceops/status production_as_standby; }
do_step 10 0 fail

# ---- 21: status.dc.db
new status.dc.db dc/db 'Status of dc on dc/db: production_as_standby'
sb_probe() { run dc/db read 10 '' site_status_is /var/lib/switchback/serviceops/status production_as_standby; }
sb_apply() { run dc/db effect 10 '' site_status /var/lib/switchback/serviceops/status production_as_standby; }
do_step 10 0 fail

# ---- 22: status.dr.app
new status.dr.app dr/app 'Status of dr on dr/app: standby_as_production'
sb_probe() { run dr/app read 10 '' site_status_is /var/lib/switchback/serviceops/status standby_as_production; }
sb_apply() { run dr/app effect 10 '' site_status /var/lib/switchback/serviceops/status standby_as_production; }
do_step 10 0 fail

# ---- 23: status.dr.db
new status.dr.db dr/db 'Status of dr on dr/db: standby_as_production'
sb_probe() { run dr/db read 10 '' site_status_is /var/lib/switchback/serviceops/status standby_as_production; }
sb_apply() { run dr/db effect 10 '' site_status /var/lib/switchback/serviceops/status standby_as_production; }
do_step 10 0 fail

# ---- 24: attachments.finish
new attachments.finish dr/app 'finish of attachments'
sb_probe() { run dr/app read 30 '' recorder_done attachments finish; }
sb_apply() { run dr/app effect 30 '' recorder_do attachments finish; }
do_step 30 0 fail

# ---- 25: address.finish
new address.finish controller 'finish of address'
sb_probe() { run controller read 30 '' recorder_done address finish; }
sb_apply() { run controller effect 30 '' recorder_do address finish; }
do_step 30 0 fail

say 'done'
