# At the active side: the names of relations that the other side's records touched. Both are copies
# of one database, so a file number means the same table, unless it was rewritten after the fork.
# Parameters: CLUSTER RELATIONS
names='' rest=$1, held=/nonexistent  # another database each time
while [ "$rest" ]; do
  r=${rest%%,*} rest=${rest#*,}
  case $r in *[!0-9/]* | */*/* | '') continue ;; */*) ;; *) continue ;; esac
  database=postgres
  ask 5 "select datname from pg_database where oid = ${r%/*};" && [ "$reply" ] && d=$reply || d=''
  name=$r
  if [ "$d" ]; then
    database=$d
    ask 5 "select coalesce((select coalesce(nullif(i.indrelid::regclass::text, '')||' (index)', c.oid::regclass::text) from pg_class c left join pg_index i on i.indexrelid = c.oid
      where c.oid = pg_filenode_relation(0, ${r#*/})), '${r#*/}');" && name=$d.$reply
  fi
  names=$names${names:+, }$name
done
printf 'names=%s\n' "${names:-none}"
