# shellcheck shell=bash
# File systems of the hosts. The root is an overlay over the base; what has to survive a power-off
# or be filled without filling the machine is a small ext4 image, mounted outside and bound in.

host_dir() { echo "$STATE/hosts/$1"; }
host_root() { echo "$STATE/hosts/$1/root"; }
disk_mount() { echo "$STATE/hosts/$1/disks/${2//\//_}"; }

build_disks() {
    local host=$1 dir entry path mount
    dir=$(host_dir "$host")
    mkdir -p "$dir"/{upper,work,root,disks}
    mount_root "$host"
    for entry in ${DISKS_OF[$host]}; do
        path=${entry%=*}
        mount=$(disk_mount "$host" "$path")
        mkdir -p "$mount" "$dir/root$path"
        truncate -s "${entry#*=}" "$mount.img"
        # No reserve for root: a full disk is full for everybody. Blocks as on a server's disk, which
        # mkfs makes smaller on small ones. Same owner as the place it covers.
        mkfs.ext4 -q -m 0 -b 4096 -E nodiscard,lazy_itable_init=1,lazy_journal_init=1 "$mount.img"
        mount -o loop,noatime "$mount.img" "$mount"
        rmdir "$mount/lost+found"
        chown --reference="$dir/root$path" "$mount"
        chmod --reference="$dir/root$path" "$mount"
    done
}

mount_root() {
    local dir
    dir=$(host_dir "$1")
    mount -t overlay "lab-$1" \
        -o "lowerdir=$(base_tree),upperdir=$dir/upper,workdir=$dir/work" "$dir/root"
}

# The --bind options of a host's disks.
disk_binds() {
    local entry
    for entry in ${DISKS_OF[$1]}; do
        echo "--bind=$(disk_mount "$1" "${entry%=*}"):${entry%=*}"
    done
}

# The mount, seen from outside, of the small file system that holds PATH in HOST.
disk_holding() {
    local host=$1 path=$2 entry
    for entry in ${DISKS_OF[$host]}; do
        case $path/ in
        "${entry%=*}"/*) disk_mount "$host" "${entry%=*}" && return ;;
        esac
    done
    usage_error "$host:$path is on no file system of its own (${DISKS_OF[$host]:-none}); filling \
it would fill this machine's disk"
}

fill_disk() {
    local mount
    mount=$(disk_holding "$1" "$2") || exit
    local free
    free=$(df --output=avail -k "$mount" | tail -1)
    # The big part in one allocation, the rest by writing until it fails.
    ((free < 64)) || fallocate -l "$(((free - 32) * 1024))" "$mount/.lab-fill" 2>/dev/null
    dd if=/dev/zero of="$mount/.lab-fill-rest" bs=4k 2>/dev/null
    return 0
}

unfill_disk() {
    local mount
    mount=$(disk_holding "$1" "$2") || exit
    rm -f "$mount/.lab-fill" "$mount/.lab-fill-rest"
}

# Unmounts everything below the state directory, deepest first, whoever mounted it.
remove_mounts() {
    local target
    awk '{ print $2 }' /proc/self/mounts | grep "^$STATE/" | sort -r |
        while read -r target; do
            umount "$target" 2>/dev/null || umount -l "$target"
        done
    # Loop devices whose mount was lost in a crash.
    losetup -n -O NAME,BACK-FILE 2>/dev/null | grep " $STATE/" |
        while read -r target _; do losetup -d "$target"; done
    return 0
}
