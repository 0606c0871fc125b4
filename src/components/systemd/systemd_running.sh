# UNIT…
# Done when every unit is active and its guard open (else it could not start a second time).
lines=$(unit_lines "$@") || { echo "systemctl did not answer" >&2; exit 2; }
running=0
while read -r unit load active sub result rest; do
  case $active in
    active | reloading) ;;
    *) running=1; echo "$unit is $active ($sub, $result)" >&2 ;;
  esac
  [ -e "$SB_RUN/open/$unit" ] || { running=1; echo "$unit: its guard is closed" >&2; }
done <<EOF
$lines
EOF
exit $running
