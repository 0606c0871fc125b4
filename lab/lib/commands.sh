# shellcheck shell=bash
# The verbs of `lab`. Each function is one verb; its arguments are those after the lab's name.

# Nothing but one lab changes at a time; exec, shell and status do not take part.
take_lock() {
    mkdir -p "$LAB_DIR"
    exec 9>"$LAB_DIR/lock"
    flock -n 9 || {
        say "waiting for another lab command"
        flock -w 300 9 || die "another lab command holds $LAB_DIR/lock for five minutes"
    }
}

boot_id() { cat /proc/sys/kernel/random/boot_id; }

# Complete and built since the machine booted; single hosts may be off.
lab_is_up() { [ "$(cat "$STATE/complete" 2>/dev/null)" = "$(boot_id)" ] && [ -e /run/netns/wan ]; }

need_up() { lab_is_up || die "the lab is down; try: lab up $APPLICATION"; }

verb_up() {
    local started=$SECONDS
    [ "$(id -u)" = 0 ] || die "the lab needs root"
    if [ -n "${SWITCHBACK_BIN_DIR:-}" ]; then
        [ -d "$SWITCHBACK_BIN_DIR" ] || die "SWITCHBACK_BIN_DIR=$SWITCHBACK_BIN_DIR: no such directory"
        SWITCHBACK_BIN_DIR=$(realpath "$SWITCHBACK_BIN_DIR")
    fi
    take_lock
    if lab_is_up; then
        follow_bin_dir
        say "up already"
        return 0
    fi
    install_outer_tools
    build_base
    if [ -e "$STATE" ] || [ -e /run/netns/wan ]; then
        say "removing what is left of an earlier lab"
        remove_lab
    fi
    mkdir -p "$STATE"/{run,hosts}
    chmod 700 "$STATE/run"
    printf %s "${SWITCHBACK_BIN_DIR:-}" >"$STATE/bin-dir"
    say "network: ${SITES[*]}"
    build_network
    say "trees, disks and keys: ${HOSTS[*]}"
    in_parallel build_disks "${HOSTS[@]}" || die "making the hosts' disks failed"
    write_hosts
    say "booting"
    in_parallel power_on "${HOSTS[@]}" || die "not every host boots"
    say "databases and application"
    start_application
    wait_until 20 secondary_answers || die "ns2 has not received the zone"
    boot_id >"$STATE/complete"
    say "up in $((SECONDS - started)) s"
}

# The secondary has transferred the zone; until then it answers with errors.
secondary_answers() {
    exec_in ctl dig +short +time=1 +tries=1 "@${ADDRESS_OF[ns2]}" "serviceops.$DNS_ZONE" A 2>/dev/null | grep -q .
}

# A running controller sees another directory of binaries only after it has been booted again.
follow_bin_dir() {
    [ -n "${SWITCHBACK_BIN_DIR:-}" ] || return 0
    [ "$(cat "$STATE/bin-dir")" != "$SWITCHBACK_BIN_DIR" ] || return 0
    say "booting ctl again to see $SWITCHBACK_BIN_DIR"
    printf %s "$SWITCHBACK_BIN_DIR" >"$STATE/bin-dir"
    power_off ctl
    power_on ctl
}

verb_down() {
    take_lock
    remove_lab
    say "down"
}

# Also after a crash or a reboot, when only a part of it exists.
remove_lab() {
    local pids
    stop_clients
    rm -f "$STATE/complete"
    local on=() host
    for host in "${HOSTS[@]}"; do
        if host_is_on "$host"; then on+=("$host"); fi
    done
    ((${#on[@]} == 0)) || power_off "${on[@]}"
    # Whoever is left in a host's cgroups: a boot that was interrupted, for instance.
    for host in "${HOSTS[@]}"; do
        thaw "$host"
        pids=$(cgroups_of "$host" | while read -r group; do
            find "$group" -name cgroup.procs -exec cat {} + 2>/dev/null
        done | sort -un)
        # shellcheck disable=SC2086
        [ -z "$pids" ] || kill -9 $pids 2>/dev/null
        wait_until 10 is_gone "$host" || say "$host: processes are left"
    done
    remove_mounts
    remove_cgroups
    remove_network
    rm -rf --one-file-system "$STATE"
}

stop_clients() {
    local file pid
    for file in "$STATE"/load/pid "$STATE"/oracle/pid; do
        pid=$(cat "$file" 2>/dev/null) || continue
        if grep -qzF "$LAB_SOURCE/" "/proc/$pid/cmdline" 2>/dev/null; then kill "$pid"; fi
    done
    return 0
}

verb_status() {
    local json=false
    case ${1:-} in
    '') ;;
    --json) json=true ;;
    *) usage_error "status knows --json, not '$1'" ;;
    esac
    {
        if lab_is_up; then echo "lab up"; else echo "lab down"; fi
        if lab_is_up; then status_lines; fi
    } | python3 "$LAB_SOURCE/lib/status.py" "$APPLICATION" "$json"
}

status_lines() {
    local name power
    for name in "${NAMESPACES[@]}"; do
        power=none
        if is_host "$name"; then
            power=off
            if host_is_on "$name"; then power=on; fi
            if [ "$power" = on ] && is_frozen "$name"; then power=frozen; fi
        fi
        echo "host $name ${SITE_OF[$name]} ${ADDRESS_OF[$name]} $power" \
            "$(init_pid "$name" || echo -)" "$(link_is_up "$name" && echo up || echo down)"
    done
    list_cuts | while read -r from to; do echo "cut $from $to"; done
}

verb_exec() {
    local host=${1:-}
    need_host "$host"
    shift
    [ "${1:-}" != -- ] || shift
    (($#)) || usage_error "exec needs a command"
    need_up
    exec_in "$host" "$@"
}

verb_shell() {
    need_host "${1:-}"
    need_up
    exec_in "$1" bash -l
}

verb_cut() { change_links add_cuts "$@"; }

verb_heal() {
    if [ "${1:-}" = all ]; then
        need_up
        heal_all
    else
        change_links remove_cuts "$@"
    fi
}

# [--both] A B, in any order of the option.
change_links() {
    local change=$1 both=false names=() word
    shift
    for word in "$@"; do
        if [ "$word" = --both ]; then both=true; else names+=("$word"); fi
    done
    ((${#names[@]} == 2)) || usage_error "two hosts or sites, please"
    need_up
    "$change" "${names[0]}" "${names[1]}" || return
    if $both; then "$change" "${names[1]}" "${names[0]}"; fi
}

verb_power_off() {
    local hosts
    hosts=$(hosts_of "${1:-}") || exit
    need_up
    take_lock
    # shellcheck disable=SC2086
    power_off $hosts
}

verb_power_on() {
    local hosts
    hosts=$(hosts_of "${1:-}") || exit
    need_up
    take_lock
    # shellcheck disable=SC2086
    in_parallel power_on $hosts
}

verb_freeze() {
    need_host "${1:-}"
    need_up
    freeze "$1"
    wait_until 5 is_frozen "$1" || die "$1 does not freeze"
}

verb_thaw() {
    need_host "${1:-}"
    need_up
    thaw "$1"
}

verb_fill() {
    need_host "${1:-}"
    need_up
    fill_disk "$1" "${2:-}"
}

verb_unfill() {
    need_host "${1:-}"
    need_up
    unfill_disk "$1" "${2:-}"
}

# The load client lives in the third place, in a network namespace of its own.
verb_load() {
    need_up
    exec nsenter --net=/run/netns/client -- "$LAB_SOURCE/load" --state "$STATE/load" \
        --server "${ADDRESS_OF[ns1]}" --server "${ADDRESS_OF[ns2]}" "$@"
}

# The oracle stays outside: it reaches each site through /proc, never through the lab's network.
verb_oracle() {
    local site sites=()
    for site in dc dr; do
        sites+=(--site "$site:$STATE/run/$site-db.init:$(disk_mount "$site-app" /opt/flotomate)")
    done
    exec "$LAB_SOURCE/oracle" --state "$STATE/oracle" "${sites[@]}" "$@"
}
