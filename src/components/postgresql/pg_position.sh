# How far the data of this side reach, whether its server runs or not; changes nothing.
# Parameters: CLUSTER
if [ ! -e "$data/PG_VERSION" ]; then
  say "no database lies in $data"
  system=0 last_timeline=0 end=0/0 commit=none
else
  control || quit 2 "the control file in $data cannot be read"
  last_record 45 || exit 2
fi
printf '%s\n' "lsn=$end" "timeline=$last_timeline" "system_identifier=$system" "last_commit=$commit"
