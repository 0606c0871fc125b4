# The direction is reversed from now on: this side receives, and remembers from whom and onto which
# file systems. Its trees are the last ones it had as the source.
connect && look_there "$@" && direction_allowed && mounts_sound "$@" || exit 1
n=0
for path; do
  n=$((n + 1))
  echo "count.$n=$(find "$path" -xdev 2>/dev/null | wc -l)" >>"$work/counts"
done
record_origin
