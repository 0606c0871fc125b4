# [WORDS WORD…]…
# Runs several commands in order, each given as its number of words and the words; the first that
# fails ends it with its exit code.
while [ $# -gt 0 ]; do
  words=$1 command=
  shift
  # By position, so that no word is read as code.
  i=0
  while [ "$i" -lt "$words" ]; do
    i=$((i + 1))
    command="$command \"\${$i}\""
  done
  (eval "$command") || exit
  shift "$words"
done
