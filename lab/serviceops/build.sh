# shellcheck shell=bash
# What the lab `serviceops` consists of, in the order in which it is made.

# shellcheck source=serviceops/identity.sh
. "$LAB_SOURCE/serviceops/identity.sh"
# shellcheck source=serviceops/dns.sh
. "$LAB_SOURCE/serviceops/dns.sh"
# shellcheck source=serviceops/database.sh
. "$LAB_SOURCE/serviceops/database.sh"
# shellcheck source=serviceops/application.sh
. "$LAB_SOURCE/serviceops/application.sh"

# Everything that is written into the trees before the first boot.
write_hosts() {
    in_parallel write_identity "${HOSTS[@]}" || die "writing the hosts' identities failed"
    write_trust
    write_dns
    write_databases || die "writing the databases failed"
    write_applications
    write_controller
}

write_controller() {
    local root file
    root=$(host_root ctl)
    install -d -m 755 "$root/etc/switchback" "$root/opt/switchback"
    for file in "$REPOSITORY"/examples/serviceops/*.yaml; do
        [ -e "$file" ] && install -m 644 "$file" "$root/etc/switchback/"
    done
    ln -s /opt/switchback/switchback "$root/usr/local/bin/switchback"
}

# What can only be done on running hosts. The application on dc was booted before its database had
# a schema; its services try again by themselves.
start_application() {
    start_databases
    make_backups
    wait_until 20 application_answers || die "the application on dc-app does not answer"
    wait_until 20 name_servers_answer || die "ns1 and ns2 do not both know the application's address"
}

application_answers() {
    local unit
    for unit in "${APP_UNITS[@]}"; do
        (exec_in dc-app systemctl is-active --quiet "$unit") || return 1
    done
    nsenter --net=/run/netns/client -- python3 -c '
import sys, urllib.request
urllib.request.urlopen(sys.argv[1], timeout=2).read()' \
        "http://${ADDRESS_OF[dc-app]}:8080/health" 2>/dev/null
}
