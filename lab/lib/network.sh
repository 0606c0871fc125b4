# shellcheck shell=bash
# The network: a router namespace `wan` with one bridge per site, and one namespace per host whose
# `host0` hangs on its site's bridge. Nothing here touches the machine's own interfaces or firewall.
#
# A cut is an element (source, destination) of a set that two rules drop on: one in the router's
# forward path (between sites), one in the bridges' (inside a site). It is one-way, takes effect on
# established connections too, and nobody gets an error back: packets just disappear.

CUT_TABLES=("ip lab" "bridge lab")

in_wan() { nsenter --net=/run/netns/wan -- "$@"; }

build_network() {
    local site name
    ip netns add wan
    ip -n wan link set lo up
    in_wan sysctl -qw net.ipv4.ip_forward=1
    for site in "${SITES[@]}"; do
        # No spanning tree and no forward delay: a port forwards as soon as it is up.
        ip -n wan link add "br-$site" type bridge stp_state 0 forward_delay 0
        ip -n wan addr add "${SITE_GATEWAY[$site]}/24" dev "br-$site"
        ip -n wan link set "br-$site" up
    done
    for name in "${NAMESPACES[@]}"; do
        build_namespace "$name"
    done
    in_wan nft -f - <<'RULES' || die "loading the router's rules failed"
table ip lab {
    set cuts { type ipv4_addr . ipv4_addr; }
    chain forward { type filter hook forward priority 0; ip saddr . ip daddr @cuts drop; }
}
table bridge lab {
    set cuts { type ipv4_addr . ipv4_addr; }
    chain forward { type filter hook forward priority 0; ip saddr . ip daddr @cuts drop; }
}
RULES
}

build_namespace() {
    local name=$1 site=${SITE_OF[$1]}
    ip netns add "$name"
    ip -n wan link add "v-$name" type veth peer name host0 netns "$name"
    ip -n wan link set "v-$name" master "br-$site" up
    ip -n "$name" link set lo up
    ip -n "$name" addr add "${ADDRESS_OF[$name]}/24" dev host0
    raise_link "$name"
    mkdir -p "/etc/netns/$name"
    write_resolv_conf "/etc/netns/$name/resolv.conf"
}

# The default route goes away with the link, so it is set each time.
raise_link() {
    ip -n wan link set "v-$1" up
    ip -n "$1" link set host0 up
    ip -n "$1" route replace default via "${SITE_GATEWAY[${SITE_OF[$1]}]}"
}

drop_link() { ip -n wan link set "v-$1" down; }

link_is_up() { [[ $(ip -n wan -o link show "v-$1" 2>/dev/null) == *"state UP"* ]]; }

remove_network() {
    local name
    for name in "${NAMESPACES[@]}" wan; do
        [ -e "/run/netns/$name" ] && ip netns delete "$name"
        rm -rf "/etc/netns/$name"
    done
    return 0
}

# add_cuts A B / remove_cuts A B: A and B are hosts or sites; only packets from A to B are meant.
add_cuts() { change_cuts add "$1" "$2"; }
remove_cuts() { change_cuts delete "$1" "$2"; }

change_cuts() {
    local verb=$1 from to pairs=() table sources targets
    sources=$(addresses_of "$2") || exit
    targets=$(addresses_of "$3") || exit
    for from in $sources; do
        for to in $targets; do
            [ "$from" = "$to" ] || pairs+=("$from . $to")
        done
    done
    local list
    list=$(IFS=,; echo "${pairs[*]}")
    for table in "${CUT_TABLES[@]}"; do
        # Adding first makes the deletion of a pair that was never cut harmless, in one transaction.
        echo "add element $table cuts { $list }"
        [ "$verb" = add ] || echo "delete element $table cuts { $list }"
    done | in_wan nft -f -
}

heal_all() {
    local table
    for table in "${CUT_TABLES[@]}"; do echo "flush set $table cuts"; done | in_wan nft -f -
}

# One line "FROM TO" (addresses) per cut.
list_cuts() {
    in_wan nft -j list set ip lab cuts 2>/dev/null | python3 -c '
import json, sys
for item in json.load(sys.stdin)["nftables"]:
    for element in item.get("set", {}).get("elem", []):
        print(*element["concat"])' 2>/dev/null
}
