# shellcheck shell=bash
# The base: one Debian tree with every package that any host needs, built once by debootstrap and
# then only ever used as the lower layer of an overlay. A change of how it is made makes a new base,
# because a sum over the lists and functions below is part of its directory's name.

BASE_SUITE=bookworm

# minbase on purpose: no dbus, no logind, no udev work at boot; seven hosts share a small machine.
BASE_PACKAGES=(
    systemd systemd-sysv openssh-server openssh-client sudo rsync cron
    iproute2 iptables nftables iputils-ping netcat-openbsd procps
    curl ca-certificates sqlite3 zip unzip less
    python3 python3-psycopg2 postgresql-15 postgresql-client-15
    bind9 bind9-dnsutils
    libyaml-cpp0.7 libfmt9 libsqlite3-0 libcurl4 libssl3 libcpp-httplib0.11
)

# Units that cost time or memory at boot and that no host of the lab uses.
BASE_MASKED=(
    systemd-logind.service console-getty.service getty.target systemd-udevd.service
    systemd-udev-trigger.service systemd-journal-flush.service systemd-update-utmp.service
    systemd-update-utmp-runlevel.service systemd-random-seed.service systemd-pstore.service
    systemd-networkd.service systemd-timesyncd.service systemd-tmpfiles-clean.timer
    apt-daily.timer apt-daily-upgrade.timer dpkg-db-backup.timer e2scrub_all.timer
    e2scrub_reap.service fstrim.timer logrotate.timer rc-local.service
)

# What the outer machine needs, as "command package".
OUTER_TOOLS="debootstrap debootstrap
systemd-nspawn systemd-container
ip iproute2
nft nftables
nsenter util-linux
mkfs.ext4 e2fsprogs
python3 python3
pgrep procps
ssh-keygen openssh-client"

install_outer_tools() {
    local tool package missing=()
    while read -r tool package; do
        command -v "$tool" >/dev/null || missing+=("$package")
    done <<<"$OUTER_TOOLS"
    ((${#missing[@]})) || return 0
    say "installing ${missing[*]}"
    if ! { apt-get update -qq &&
        DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends \
            "${missing[@]}"; } >/dev/null; then
        die "installing ${missing[*]}: apt-get failed; install them by hand and try again"
    fi
}

# The mirror is the one that this machine's own apt uses for the suite. Nothing is stored.
base_mirror() {
    # shellcheck disable=SC2016 # apt's own placeholders
    apt-get indextargets --format '$(SITE) $(RELEASE) $(COMPONENT)' 2>/dev/null |
        awk -v suite="$BASE_SUITE" '$2 == suite && $3 == "main" { print $1; exit }'
}

base_tree() {
    local sum
    sum=$({
        printf '%s\n' "$BASE_SUITE" "${BASE_PACKAGES[@]}" "${BASE_MASKED[@]}"
        declare -f install_base_packages configure_base
    } | sha256sum)
    printf '%s/base-%s\n' "$LAB_CACHE" "${sum:0:12}"
}

build_base() {
    local base tmp mirror started=$SECONDS
    base=$(base_tree)
    [ -e "$base/etc/debian_version" ] && return 0
    mirror=$(base_mirror)
    [ -n "$mirror" ] || die "no apt source for $BASE_SUITE main on this machine; add one"
    say "building the base (once; about a minute and a half)"
    tmp=$base.part
    rm -rf --one-file-system "$tmp"
    mkdir -p "$LAB_CACHE"
    debootstrap --variant=minbase "$BASE_SUITE" "$tmp" "$mirror" >"$LAB_CACHE/base.log" 2>&1 ||
        die "debootstrap failed; see $LAB_CACHE/base.log"
    say "installing the packages of all hosts"
    install_base_packages "$tmp" "$mirror" >>"$LAB_CACHE/base.log" 2>&1 ||
        die "installing packages into the base failed; see $LAB_CACHE/base.log"
    configure_base "$tmp"
    mv "$tmp" "$base"
    say "base built in $((SECONDS - started)) s"
}

install_base_packages() {
    local tree=$1 mirror=$2
    printf 'deb %s %s main\n' "$mirror" "$BASE_SUITE" >"$tree/etc/apt/sources.list"
    # No service starts in the chroot, and no cluster is made: each database host makes its own.
    printf '#!/bin/sh\nexit 101\n' >"$tree/usr/sbin/policy-rc.d"
    chmod 755 "$tree/usr/sbin/policy-rc.d"
    mkdir -p "$tree/etc/postgresql-common"
    printf 'create_main_cluster = false\n' >"$tree/etc/postgresql-common/createcluster.conf"
    cp /etc/resolv.conf "$tree/etc/resolv.conf"
    local conf
    for conf in /etc/apt/apt.conf.d/*proxy*; do
        [ -e "$conf" ] && cp "$conf" "$tree/etc/apt/apt.conf.d/"
    done
    mount -t proc proc "$tree/proc" || return 1
    DEBIAN_FRONTEND=noninteractive LC_ALL=C chroot "$tree" sh -c '
        apt-get update && apt-get install -y --no-install-recommends \
            -o Dpkg::Options::=--force-unsafe-io "$@" && apt-get clean' sh "${BASE_PACKAGES[@]}"
    local rc=$?
    umount "$tree/proc"
    return $rc
}

configure_base() {
    local tree=$1
    rm -f "$tree"/etc/ssh/ssh_host_* "$tree/usr/sbin/policy-rc.d" "$tree/etc/bind/rndc.key" \
        "$tree"/etc/apt/apt.conf.d/*proxy* "$tree"/etc/apt/sources.list "$tree"/etc/resolv.conf
    rm -rf "$tree"/var/lib/apt/lists/* "$tree"/usr/share/{doc,man,locale}/*
    : >"$tree/etc/machine-id"
    # The package's own defaults for new clusters (conf.d among them), which our line had displaced.
    sed -i '/create_main_cluster/!d' "$tree/etc/postgresql-common/createcluster.conf"
    cat "$tree/etc/postgresql-common/createcluster.conf.ucf-dist" \
        >>"$tree/etc/postgresql-common/createcluster.conf"
    systemctl --root="$tree" --quiet mask "${BASE_MASKED[@]}" 2>/dev/null
    systemctl --root="$tree" --quiet disable cron.service named.service postgresql.service \
        nftables.service 2>/dev/null
    # In memory and small: the hosts must not write the machine's disk for their logs.
    mkdir -p "$tree/etc/systemd/journald.conf.d" "$tree/etc/systemd/system.conf.d"
    printf '[Journal]\nStorage=volatile\nRuntimeMaxUse=16M\n' \
        >"$tree/etc/systemd/journald.conf.d/lab.conf"
    printf '[Manager]\nDefaultTimeoutStopSec=20s\n' >"$tree/etc/systemd/system.conf.d/lab.conf"
    # The lab writes an ed25519 key for each host; other key types would only slow the first boot.
    printf 'HostKey /etc/ssh/ssh_host_ed25519_key\nUseDNS no\n' \
        >"$tree/etc/ssh/sshd_config.d/lab.conf"
    # Nobody reads a greeting here; composing it starts five programs for every connection.
    sed -i '/pam_motd/d' "$tree/etc/pam.d/sshd"
}
