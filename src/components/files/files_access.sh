# Proves, changing nothing but the first origin record's directories, that this side may pull: log-in
# with the host's own key, a known host key, rsync and the trees there, sudo where it is needed.
connect || { echo "this host cannot log in to $peer with $key" >&2; exit 1; }
look_there "$@" && direction_allowed && mounts_sound "$@" || exit 1
if [ -n "$there" ]; then
  # What rsync will be started by, over there.
  # shellcheck disable=SC2086
  $RSYNC_RSH -- "$peer" "$there rsync --version" </dev/null >/dev/null 2>"$work/err" ||
    { cat "$work/err" >&2; echo "'$there rsync' does not work at $peer" >&2; exit 1; }
fi
