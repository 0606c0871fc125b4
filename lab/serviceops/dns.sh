# shellcheck shell=bash
# DNS: ns1 is the primary of example.test, ns2 its secondary (NOTIFY, then a transfer signed with
# the key). The key may update the zone at ns1; ns2 forwards updates to ns1.

DNS_ZONE=example.test
DNS_KEY=serviceops-dns

dns_key_text() {
    printf 'key "%s" {\n    algorithm hmac-sha256;\n    secret "%s";\n};\n' "$DNS_KEY" "$1"
}

write_dns() {
    local host root secret
    secret=$(head -c 32 /dev/urandom | base64)
    for host in ns1 ns2; do
        root=$(host_root "$host")
        dns_key_text "$secret" >"$root/etc/bind/$DNS_KEY.key"
        chroot "$root" chown root:bind "/etc/bind/$DNS_KEY.key"
        chmod 640 "$root/etc/bind/$DNS_KEY.key"
        # rndc works with a key of this host's own.
        chroot "$root" rndc-confgen -a -u bind >/dev/null 2>&1
        printf 'OPTIONS="-u bind -4 -n 1"\n' >"$root/etc/default/named"
        dns_options "$host" >"$root/etc/bind/named.conf"
        systemctl --root="$root" --quiet enable named.service
    done
    dns_zone >"$(host_root ns1)/var/lib/bind/$DNS_ZONE.zone"
    chroot "$(host_root ns1)" chown bind:bind "/var/lib/bind/$DNS_ZONE.zone"
    root=$(host_root ctl)
    install -d -m 755 "$root/etc/switchback"
    (umask 077 && dns_key_text "$secret" >"$root/etc/switchback/$DNS_KEY.key")
}

# notify-delay 0: bind's default of 5 s would be the larger part of every outage measured here.
dns_options() {
    cat <<CONF
include "/etc/bind/$DNS_KEY.key";
options {
    directory "/var/cache/bind";
    listen-on { 127.0.0.1; ${ADDRESS_OF[$1]}; };
    recursion no;
    dnssec-validation no;
    empty-zones-enable no;
    max-cache-size 4m;
    notify-delay 0;
};
CONF
    if [ "$1" = ns1 ]; then
        cat <<CONF
zone "$DNS_ZONE" {
    type primary;
    file "/var/lib/bind/$DNS_ZONE.zone";
    allow-update { key $DNS_KEY; };
    allow-transfer { key $DNS_KEY; };
    notify explicit;
    also-notify { ${ADDRESS_OF[ns2]} key $DNS_KEY; };
};
CONF
    else
        cat <<CONF
zone "$DNS_ZONE" {
    type secondary;
    file "/var/cache/bind/$DNS_ZONE.zone";
    primaries { ${ADDRESS_OF[ns1]} key $DNS_KEY; };
    allow-update-forwarding { key $DNS_KEY; };
    allow-notify { key $DNS_KEY; };
    min-refresh-time 2;
    min-retry-time 1;
    max-retry-time 2;
};
CONF
    fi
}

dns_zone() {
    cat <<ZONE
\$TTL 60
@          IN SOA ns1.$DNS_ZONE. hostmaster.$DNS_ZONE. 1 10 2 86400 5
           IN NS  ns1.$DNS_ZONE.
           IN NS  ns2.$DNS_ZONE.
ns1        IN A   ${ADDRESS_OF[ns1]}
ns2        IN A   ${ADDRESS_OF[ns2]}
serviceops 30 IN A ${ADDRESS_OF[dc-app]}
ZONE
}

# A secondary that boots before its primary has no zone until its first transfer was tried again.
name_servers_answer() {
    local host
    for host in ns1 ns2; do
        [ "$( (exec_in ctl dig +short +time=1 +tries=1 "@${ADDRESS_OF[$host]}" \
            "serviceops.$DNS_ZONE") 2>/dev/null)" = "${ADDRESS_OF[dc-app]}" ] || return 1
    done
}
