# shellcheck shell=bash
# Containers as machines: power, freezing, running commands inside.
#
# Facts behind the order of things: killing systemd-nspawn does not stop its container, killing the
# container's PID 1 does. A host whose link is still up when it dies says goodbye with FIN and RST,
# which is a crash and not a power loss. Each container needs a cgroup of its own before it starts,
# else same-named units of two hosts share one.

CGROUP=/sys/fs/cgroup

cgroup_is_v2() { [ -e "$CGROUP/cgroup.controllers" ]; }

# One line per directory that is the host's cgroup (several in the old layout).
cgroups_of() {
    local controller
    if cgroup_is_v2; then
        echo "$CGROUP/switchback-lab-$1"
    else
        for controller in systemd unified freezer memory pids; do
            [ -d "$CGROUP/$controller" ] && echo "$CGROUP/$controller/switchback-lab-$1"
        done
    fi
}

# PID of the running systemd-nspawn of a host, or failure.
nspawn_pid() {
    local pid
    pid=$(cat "$STATE/run/$1.nspawn" 2>/dev/null) || return 1
    # Between fork and exec it is still a shell or setsid; another program has taken over the number.
    case $(cat "/proc/$pid/comm" 2>/dev/null) in
    systemd-nspawn | setsid | lab) echo "$pid" ;;
    *) return 1 ;;
    esac
}

# Is the process one of the container's? A recycled process id has another network namespace.
is_inside() { [ -n "${2:-}" ] && [ "/proc/$2/ns/net" -ef "/run/netns/$1" ]; }

# PID of the container's init as seen from outside, or failure when the host is off. A host that
# rebooted by itself has a new one.
init_pid() {
    local pid
    pid=$(cat "$STATE/run/$1.init" 2>/dev/null)
    if ! is_inside "$1" "$pid"; then
        find_init "$1" || return 1
        pid=$(cat "$STATE/run/$1.init")
    fi
    echo "$pid"
}

find_init() {
    local pid
    pid=$(nspawn_pid "$1") && pid=$(pgrep -P "$pid" | head -1)
    is_inside "$1" "$pid" && [ -S "/proc/$pid/root/run/systemd/private" ] &&
        echo "$pid" >"$STATE/run/$1.init"
}

host_is_on() { init_pid "$1" >/dev/null; }
host_answers() { nsenter --net="/run/netns/$1" bash -c ': </dev/tcp/127.0.0.1/22' 2>/dev/null; }

power_on() {
    local host=$1
    if nspawn_pid "$host" >/dev/null; then
        say "$host is on already"
        return 0
    fi
    raise_link "$host"
    start_container "$host"
    wait_until 20 find_init "$host" || die "$host does not boot; see $STATE/run/$host.console"
    wait_until 20 host_answers "$host" || die "$host boots, but its sshd does not answer"
}

start_container() {
    local host=$1 options=() line fd
    while read -r line; do options+=("$line"); done < <(disk_binds "$host")
    if [ "$host" = ctl ] && [ -s "$STATE/bin-dir" ]; then
        options+=("--bind-ro=$(cat "$STATE/bin-dir"):/opt/switchback")
    fi
    (
        while read -r line; do
            mkdir -p "$line"
            echo "$BASHPID" >"$line/cgroup.procs"
        done < <(cgroups_of "$host")
        echo "$BASHPID" >"$STATE/run/$host.nspawn"
        # No lock or pipe, ours or the caller's, may live on in a container.
        for fd in /proc/self/fd/*; do
            fd=${fd##*/}
            ((fd <= 2)) || eval "exec $fd>&-"
        done
        exec setsid systemd-nspawn -q -D "$(host_root "$host")" --boot --register=no \
            --keep-unit --network-namespace-path="/run/netns/$host" --machine="$host" \
            --capability=CAP_NET_ADMIN --resolv-conf=off --timezone=off --link-journal=no \
            "${options[@]}"
    ) </dev/null >"$STATE/run/$host.console" 2>&1 &
}

# power_off HOST...: all links first, then all processes, then wait until nothing is left.
power_off() {
    local host pid
    for host in "$@"; do drop_link "$host"; done
    for host in "$@"; do
        pid=$(init_pid "$host") && kill -9 "$pid"
        thaw "$host" # a frozen process dies only when it is thawed
    done
    for host in "$@"; do
        wait_until 15 is_gone "$host" || die "$host does not die; see status"
        rm -f "$STATE/run/$host".{nspawn,init}
    done
}

is_gone() {
    local group
    ! nspawn_pid "$1" >/dev/null || return 1
    while read -r group; do
        [ ! -d "$group" ] || [ -z "$(cat "$group/cgroup.procs" 2>/dev/null)" ] || return 1
    done < <(cgroups_of "$1")
}

freeze() { set_frozen "$1" FROZEN 1; }
thaw() { set_frozen "$1" THAWED 0; }

set_frozen() {
    local host=$1
    if cgroup_is_v2; then
        [ ! -d "$CGROUP/switchback-lab-$host" ] ||
            echo "$3" >"$CGROUP/switchback-lab-$host/cgroup.freeze"
    elif [ -d "$CGROUP/freezer/switchback-lab-$host" ]; then
        echo "$2" >"$CGROUP/freezer/switchback-lab-$host/freezer.state"
    fi
}

is_frozen() {
    if cgroup_is_v2; then
        grep -qx 1 "$CGROUP/switchback-lab-$1/cgroup.freeze" 2>/dev/null
    else
        ! grep -qx THAWED "$CGROUP/freezer/switchback-lab-$1/freezer.state" 2>/dev/null
    fi
}

# exec_in HOST COMMAND...: as root, through the namespaces, so that no cut can block the harness.
# The command joins the host's freezer, so that it freezes and dies with the host; on a host that
# is frozen already it stays outside, so that one can still look in.
exec_in() {
    local host=$1 pid group
    shift
    pid=$(init_pid "$host") || die "$host is off"
    if ! is_frozen "$host"; then
        while read -r group; do
            case $group in
            */systemd/* | */unified/*) continue ;; # these two are the container's systemd's own
            */freezer/* | */memory/* | */pids/*) ;;
            *) group=$group/lab-exec && mkdir -p "$group" ;; # version 2: only leaves take processes
            esac
            echo "$BASHPID" >"$group/cgroup.procs"
        done < <(cgroups_of "$host")
    fi
    exec nsenter --target "$pid" --mount --uts --ipc --net --pid --root --wd -- \
        /usr/bin/env -i HOME=/root USER=root LOGNAME=root SHELL=/bin/bash LANG=C.UTF-8 \
        "TERM=${TERM:-dumb}" PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin "$@"
}

remove_cgroups() {
    local host group
    for host in "${HOSTS[@]}"; do
        while read -r group; do
            [ ! -d "$group" ] || find "$group" -depth -type d -exec rmdir {} + 2>/dev/null
        done < <(cgroups_of "$host")
    done
    return 0
}
