# What the files scripts share; each of them is this text followed by its own. All of them run on
# the side that receives, and take the same parameters:
# MODE RUN COMPONENT SOURCE PEER PORT BECOME KEY SHRINK NEXCLUDES EXCLUDE… PATH…
# SOURCE is the site that PEER (user@address) belongs to; BECOME is yes or no; SHRINK is the largest
# part of a tree, in percent, that one pass may delete.
mode=$1 run=$2 component=$3 source=$4 peer=$5 port=$6 become=$7 key=$8 shrink=$9; shift 9
excludes=$1; shift
tab=$(printf '\t')
open_work files
: >"$work/excludes"
while [ "$excludes" -gt 0 ]; do
  printf '%s\0' "$1" >>"$work/excludes"; shift
  excludes=$((excludes - 1))
done
origin=$SB_STATE/files/$component.origin synced=$SB_STATE/files/$component.synced
last=$SB_STATE/files/$component.last
# rsync takes the remote shell as one text and splits it at spaces.
case $key in *[\ \'\"\\]*) echo "the key's path '$key' holds a space or a quote" >&2; exit 2 ;; esac

# One connection for everything, kept a while: the pass during the outage finds it open.
secure="-o BatchMode=yes -o StrictHostKeyChecking=yes -o ConnectTimeout=5 -o ServerAliveInterval=5 -o ServerAliveCountMax=3 -o IdentitiesOnly=yes -i $key -p $port"
connect() {
  if ssh -o ControlPath="$control" -O check -- "$peer" 2>/dev/null; then return 0; fi
  rm -f "$control"
  # The master must not keep this script's descriptors, or its caller would wait for it. It begins
  # with a command that ends: a master of -N never counts as idle, and would stay for ever.
  # shellcheck disable=SC2086
  ssh $secure -o ControlMaster=yes -o ControlPath="$control" -o ControlPersist=120 \
    -- "$peer" : </dev/null >/dev/null 2>"$work/ssh" && return 0
  sed "s/^/$peer: /" "$work/ssh" >&2
  return 1
}
disconnect() { ssh -o ControlPath="$control" -O exit -- "$peer" 2>/dev/null; }
case $peer in
  *@*:*) from="${peer%%@*}@[${peer#*@}]" ;;
  *) from=$peer ;;
esac
through() {
  control=$1
  export RSYNC_RSH="ssh $secure -o ControlMaster=no -o ControlPath=$control"
}
if [ "$mode" = observe ]; then through "$work/ssh.once"; else through "$SB_RUN/files.$component.ssh"; fi
case $become in yes) there="sudo -n" ;; *) there= ;; esac

# The file system that PATH lies on, by its mount point: device numbers change from boot to boot.
mount_of() { findmnt -n -o TARGET -T "$1" 2>/dev/null || stat -c %m -- "$1"; }

quote() {
  case $1 in
    *\'*) printf "'%s'" "$(printf %s "$1" | sed "s/'/'\\\\''/g")" ;;
    *) printf "'%s'" "$1" ;;
  esac
}

# pull OPTION… : what every rsync here has in common. The last two arguments are the trees.
pull() {
  rsync -aH --numeric-ids -s --timeout=60 --no-human-readable ${there:+--rsync-path="$there rsync"} \
    --from0 --exclude-from="$work/excludes" "$@"
}

# One look at the other side: its clock, its claim, and where its trees lie.
look_there() { # PATH…
  {
    printf 's=%s c=%s n=0\n' "$(quote "$SB_STATE")" "$(quote "$component")"
    cat <<'THERE'
LC_ALL=C; export LC_ALL
echo "clock=$(date +%s%N)"
echo "moment=$(date -u +%Y/%m/%d-%H:%M:%S)"
if [ -r "$s/claim" ]; then
  read -r epoch id rest <"$s/claim"
  printf '%s\n' "epoch=$epoch" "claim=$id"
  while read -r word name site; do [ "$word $name" != "active $c" ] || echo "active=$site"; done <"$s/claim"
fi
command -v rsync >/dev/null 2>&1 || echo "lacks=rsync"
look() {
  n=$((n + 1))
  [ -d "$1" ] || return
  echo "mount.$n=$(findmnt -n -o TARGET -T "$1" 2>/dev/null || stat -c %m -- "$1")"
}
THERE
    for path; do printf 'look %s\n' "$(quote "$path")"; done
    echo 'echo end=1'
  } >"$work/look.sh"
  # shellcheck disable=SC2086
  $RSYNC_RSH -- "$peer" "$there sh -s" <"$work/look.sh" >"$work/there" 2>"$work/there.err" &&
    [ "$(recorded "$work/there" end)" = 1 ] && return 0
  sed "s/^/$peer: /" "$work/there.err" >&2
  echo "$peer did not answer as it should" >&2
  return 1
}

# May data flow from that side to this one? Never from a lower claim to a higher one, and only from
# the side that the newest claim calls active.
direction_allowed() {
  epoch=0 claim=
  [ ! -r "$SB_STATE/claim" ] || read -r epoch claim rest <"$SB_STATE/claim"
  their_epoch=$(recorded "$work/there" epoch) their_claim=$(recorded "$work/there" claim)
  : "${their_epoch:=0}"
  case $epoch$their_epoch in *[!0-9]*) echo "a claim file is damaged" >&2; return 1 ;; esac
  if [ "$their_epoch" -lt "$epoch" ]; then
    echo "$peer holds claim $their_epoch, older than $epoch here: data must not flow from it" >&2
    return 1
  fi
  if [ "$their_epoch" -eq "$epoch" ] && [ "$their_claim" != "$claim" ]; then
    echo "$peer holds another claim $epoch: 'switchback resolve $SB_APP' first" >&2
    return 1
  fi
  active=$(recorded "$work/there" active)
  if [ -n "$active" ] && [ "$active" != "$source" ]; then
    echo "claim $their_epoch says that $component is active at $active, not at $source" >&2
    return 1
  fi
  here=
  [ ! -r "$SB_STATE/site" ] || read -r here <"$SB_STATE/site"
  [ "$here" != "$source" ] || { echo "this host belongs to $source itself" >&2; return 1; }
}

# Do the trees lie where they lay at the last sync? An unmounted file system looks like an empty
# directory, and a sync would carry its emptiness over.
mounts_sound() { # PATH…
  n=0
  [ -z "$(recorded "$work/there" lacks)" ] || { echo "$peer has no rsync" >&2; return 1; }
  for path; do
    n=$((n + 1))
    there_now=$(recorded "$work/there" "mount.$n")
    [ -n "$there_now" ] || { echo "$path is no directory at $peer" >&2; return 1; }
    if [ -e "$origin" ]; then
      [ -d "$path" ] || { echo "$path is gone here, though it was synced before" >&2; return 1; }
    else
      mkdir -p -- "$path" || return 1
    fi
    here_now=$(mount_of "$path") || return 1
    here_then=$(recorded "$origin" "here.$n") there_then=$(recorded "$origin" "there.$n")
    if [ -n "$here_then" ] && [ "$here_then" != "$here_now" ]; then
      echo "$path lies on $here_now here, and lay on $here_then when it was synced: is a file system not mounted?" >&2
      return 1
    fi
    if [ -n "$there_then" ] && [ "$there_then" != "$there_now" ]; then
      echo "$path lies on $there_now at $peer, and lay on $there_then when it was synced: is a file system not mounted?" >&2
      return 1
    fi
    echo "here.$n=$here_now" >>"$work/mounts"
    echo "there.$n=$there_now" >>"$work/mounts"
  done
}

stat_of() { sed -n "/^$2: [0-9]/{s/^$2: \([0-9][0-9]*\).*/\1/p;q;}" "$1"; }

# The most entries that one pass may delete of EXISTING. Small trees may always lose three.
allowance() {
  most=$(($1 * shrink / 100))
  [ "$most" -ge 3 ] || most=3
  # What the salvage of this run has saved may go, and with each file the folder that it leaves empty.
  if [ "$mode" = rebuild ]; then
    saved=$(recorded "$SB_STATE/salvage/$run/files-$component/RESULT" files 2>/dev/null)
    most=$((most + ${saved:-0} * 2))
  fi
  echo "$most"
}

# Counts, without touching anything, what a pass over PATH would delete; refuses too much. Sets
# `most`.
shrink_tolerable() { # PATH
  pull -n --delete --stats -- "$from:$1/" "$1/" >"$work/stats" 2>"$work/err"
  code=$?
  if [ "$code" -ne 0 ] && [ "$code" -ne 24 ]; then cat "$work/err" >&2; return 1; fi
  files=$(stat_of "$work/stats" "Number of files")
  created=$(stat_of "$work/stats" "Number of created files")
  deleted=$(stat_of "$work/stats" "Number of deleted files")
  case $files$created$deleted in '' | *[!0-9]*) echo "rsync's statistics are not readable" >&2; return 1 ;; esac
  existing=$((files - created + deleted))
  most=$(allowance "$existing")
  if [ "$deleted" -gt "$most" ] || { [ "$deleted" -gt 0 ] && [ "$files" -le 1 ]; }; then
    echo "refused: this pass would delete $deleted of $existing entries below $1 (max_shrink is $shrink%): is the right file system mounted at $peer?" >&2
    return 1
  fi
}

# The names that rsync printed, one a line with \#ooo for odd bytes, as they are, each ended by NUL.
true_names() {
  sed 's/\\/\\\\/g; s/\\\\#\([0-7]\{3\}\)/\\0\1/g' | tr '\n' '\0' | xargs -0 -r printf '%b\0'
}

write_record() { # FILE: standard input, durably and in one move
  cat >"$1.new" && sync "$1.new" && mv "$1.new" "$1" && sync "${1%/*}"
}

record_origin() {
  {
    echo "source=$source"
    echo "epoch=${their_epoch:-0}"
    echo "claim=${their_claim:-}"
    echo "run=$run"
    echo "at=$(date +%s)"
    cat "$work/mounts" "$work/counts" 2>/dev/null
  } | write_record "$origin"
}

record_last() { # RESULT WORDS
  {
    echo "at=$(date +%s)"
    echo "result=$1"
    echo "words=$2"
    echo "source=$source"
    echo "changed=${changed:-0}"
    echo "deleted=${gone:-0}"
    echo "started=${began:-0}"
  } | write_record "$last"
}
