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
