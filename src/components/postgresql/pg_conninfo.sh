# Stands in front of the scripts that make a directory a standby: whom it will follow.

# Sets conninfo to what the server would use, from all its configuration files.
effective_conninfo() {
  conninfo=$(as_owner "$bin/postgres" -C primary_conninfo -D "$data" -c "config_file=$conf" 2>/dev/null)
}

# postgresql.auto.conf beats every other file, and pg_rewind, pg_basebackup -R and an earlier rewind
# leave primary_conninfo of ANOTHER host in it: the server would then follow itself, for ever. The
# line goes when the configuration names the other side without it, and stays when it is all there is.
settle_conninfo() {
  auto=$data/postgresql.auto.conf
  if grep -q '^[ 	]*primary_conninfo' "$auto" 2>/dev/null; then
    rm -f "$auto.switchback"
    cp -p "$auto" "$auto.switchback" && sync "$auto.switchback" || return 1
    grep -v '^[ 	]*primary_conninfo' "$auto.switchback" | cat >"$auto.tmp" && chown --reference="$auto" "$auto.tmp" &&
      chmod --reference="$auto" "$auto.tmp" && sync "$auto.tmp" && mv "$auto.tmp" "$auto" || return 1
    effective_conninfo
    if [ "$conninfo" ]; then
      say "primary_conninfo taken out of $auto: the configuration files name the other side"
      rm -f "$auto.switchback"
    else
      mv "$auto.switchback" "$auto" || return 1
      say "primary_conninfo stays in $auto: no other file has it"
    fi
  fi
  effective_conninfo
  [ "$conninfo" ] || { say "no primary_conninfo in any configuration file: this standby would follow nobody"; return 1; }
}
