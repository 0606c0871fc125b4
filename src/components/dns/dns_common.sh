# What the dns scripts share; each of them is this text followed by its own. They run on the
# controller and take the same parameters:
# MODE PORT ZONE RECORD VALUE TTL EPOCH CLAIM_ID COMPONENT UPDATE_SERVER SERVER…
# Standard input is the update key's file, or empty. The text record _switchback.RECORD.ZONE holds
# "EPOCH CLAIM_ID" of the claim that RECORD points for: an update names what it read there as its
# prerequisite, so that a stale controller cannot write.
mode=$1 port=$2 zone=${3%.} record=$4 value=$5 ttl=$6 epoch=$7 claim=$8 component=$9; shift 9
update=$1; shift
name=$record.$zone. mark=_switchback.$record.$zone.
open_work dns
cat >"$work/key"
lowered=$SB_STATE/dns/$component.lowered
case $value in
  *:*) type=AAAA ;;
  *[!0-9.]*) type=CNAME value=${value%.}. ;;
  *) type=A ;;
esac

look_up() {
  dig -p "$port" +norecurse +noall +comments +answer +time=1 +tries=2 "@$1" "$2" "$3" 2>/dev/null
}

# ask SERVER FILE: FILE gets "ttl=", "value=", "text=" of that server's own answers, or "why=".
ask() {
  # At the same time: a server that is gone costs the longest wait only once.
  look_up "$1" "$mark" TXT >"$2.raw.text" &
  other=$!
  look_up "$1" "$name" "$type" >"$2.raw"
  code=$?
  if ! wait $other || [ $code -ne 0 ]; then echo "why=does not answer" >"$2"; return; fi
  cat "$2.raw.text" >>"$2.raw"
  awk -v type="$type" '
    /^;; ->>HEADER<<-/ { if ($0 ~ /status: (NOERROR|NXDOMAIN)/) fine++ }
    /^;; flags:/ { if ($0 ~ /[ ]aa[ ;]/) own++ }
    /^;/ || NF < 5 { next }
    $4 == "TXT" { text = $5; for (i = 6; i <= NF; i++) text = text " " $i; gsub(/"/, "", text) }
    $4 == type { ttl = $2; value = value (value == "" ? "" : " ") $5 }
    END {
      if (fine < 2) print "why=answers with an error"
      else if (own < 2) print "why=is not authoritative"
      else { print "ttl=" ttl; print "value=" value; print "text=" text }
    }' "$2.raw" >"$2"
}
# Asks all servers at once; the answers lie in $work/1, $work/2 …
ask_all() {
  n=0
  for server; do
    n=$((n + 1))
    ask "$server" "$work/$n" &
  done
  wait
}
got() { recorded "$work/$1" "$2"; }

# The claim in the text record must not be newer than ours, nor another one of the same epoch.
claim_permits() {
  [ -n "$1" ] || return 0
  their_epoch=${1%% *} their_claim=${1#* }
  case $their_epoch$epoch in
    *[!0-9]*) echo "$mark holds '$1', which is no claim: correct or delete it" >&2; return 1 ;;
  esac
  [ "$their_epoch" -ge "$epoch" ] || return 0
  [ "$their_epoch $their_claim" = "$epoch $claim" ] && return 0
  echo "refused: $mark holds claim '$1', and this run has '$epoch $claim'" >&2
  return 1
}

# Reads the update server's text record and value into `text` and `present`.
read_update_server() {
  ask "$update" "$work/update"
  why=$(got update why)
  [ -z "$why" ] || { echo "$update $why" >&2; return 1; }
  text=$(got update text) present=$(got update value) present_ttl=$(got update ttl)
}

# Sends standard input between the prerequisite and `send`.
send_update() {
  {
    echo "server $update $port"
    echo "zone $zone."
    if [ -n "$text" ]; then echo "prereq yxrrset $mark TXT \"$text\""; else echo "prereq nxrrset $mark TXT"; fi
    cat
    echo send
  } >"$work/request"
  if [ -s "$work/key" ]; then set -- -k "$work/key"; else set --; fi
  nsupdate -t 10 "$@" "$work/request" >"$work/answer" 2>&1 && return 0
  echo "$update refused the update: $(sed 's/^; *//; 2q' "$work/answer" | tr '\n' ' ')" >&2
  ! grep -q BADTIME "$work/answer" || echo "its clock and the controller's differ: now it is $(date -u) here; set the wrong one" >&2
  return 1
}

# The record's time to live becomes $1; value and claim stay, and must be as read.
send_ttl() {
  case $present in
    '') echo "$name has no $type record at $update" >&2; return 1 ;;
    *' '*) echo "$name has several $type records: $present" >&2; return 1 ;;
  esac
  send_update <<EOF
prereq yxrrset $name $type $present
update delete $name $type
update add $name $1 $type $present
EOF
}

# Is the ttl of the record at most (or exactly) that everywhere? Silent servers are named; with
# MODE answering they are passed over as long as one answers.
ttl_everywhere() { # atmost|exactly TTL SERVER…
  how=$1 wanted=$2; shift 2
  ask_all "$@"
  n=0 heard=0 verdict=0
  for server; do
    n=$((n + 1))
    why=$(got $n why) found=$(got $n ttl)
    if [ -n "$why" ]; then
      echo "$server $why" >&2
      [ "$mode" = answering ] || verdict=2
      continue
    fi
    heard=$((heard + 1))
    [ -n "$found" ] || continue
    if [ "$found" -gt "$wanted" ] || { [ "$how" = exactly ] && [ "$found" -ne "$wanted" ]; }; then
      echo "$server gives $name $found s" >&2
      [ "$verdict" = 2 ] || verdict=1
    fi
  done
  [ "$heard" -gt 0 ] || verdict=2
  return $verdict
}
