# shellcheck shell=bash
# Who a host is and whom it knows: machine id, names, ssh keys, users. Written before the first boot.

write_resolv_conf() {
    printf 'nameserver %s\nnameserver %s\noptions timeout:1 attempts:2\n' \
        "${ADDRESS_OF[ns1]}" "${ADDRESS_OF[ns2]}" >"$1"
}

write_identity() {
    local host=$1 root name
    root=$(host_root "$host")
    tr -d - </proc/sys/kernel/random/uuid >"$root/etc/machine-id"
    echo "$host" >"$root/etc/hostname"
    {
        echo "127.0.0.1 localhost"
        for name in "${NAMESPACES[@]}"; do echo "${ADDRESS_OF[$name]} $name"; done
    } >"$root/etc/hosts"
    write_resolv_conf "$root/etc/resolv.conf"
    install -d -m 700 "$root/root/.ssh"
    ssh-keygen -q -t ed25519 -N '' -C "root@$host" -f "$root/root/.ssh/id_ed25519"
    ssh-keygen -q -t ed25519 -N '' -C "$host" -f "$root/etc/ssh/ssh_host_ed25519_key"
    case $host in *-app)
        chroot "$root" useradd --create-home --shell /bin/bash ops
        printf 'ops ALL=(ALL) NOPASSWD: ALL\n' >"$root/etc/sudoers.d/ops"
        chmod 440 "$root/etc/sudoers.d/ops"
        chroot "$root" install -d -m 700 -o ops -g ops /home/ops/.ssh
        ;;
    esac
}

# Every host knows every host's real key, for root and for everybody else.
write_known_hosts() {
    local host root lines=''
    for host in "${HOSTS[@]}"; do
        lines+="${ADDRESS_OF[$host]},$host "
        lines+="$(cut -d' ' -f1,2 "$(host_root "$host")/etc/ssh/ssh_host_ed25519_key.pub")"$'\n'
    done
    for host in "${HOSTS[@]}"; do
        root=$(host_root "$host")
        printf %s "$lines" >"$root/etc/ssh/ssh_known_hosts"
        printf %s "$lines" >"$root/root/.ssh/known_hosts"
    done
}

# authorise FROM USER TO: root on FROM may log in as USER on TO.
authorise() {
    local home=/root root
    [ "$2" = root ] || home=/home/$2
    root=$(host_root "$3")
    cat "$(host_root "$1")/root/.ssh/id_ed25519.pub" >>"$root$home/.ssh/authorized_keys"
    chmod 600 "$root$home/.ssh/authorized_keys"
    chroot "$root" chown "$2:" "$home/.ssh/authorized_keys"
}

# The controller reaches everything; each site reaches its twin, because the sync of files and the
# question to the peer after a reboot go from host to host.
write_trust() {
    write_known_hosts
    local host
    for host in dc-app dr-app; do authorise ctl ops "$host"; done
    for host in dc-db dr-db ns1 ns2; do authorise ctl root "$host"; done
    authorise dc-app ops dr-app
    authorise dr-app ops dc-app
    authorise dc-db root dr-db
    authorise dr-db root dc-db
}
