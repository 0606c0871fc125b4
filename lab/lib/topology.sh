# shellcheck shell=bash
# Who is where: reads lab/<application>/topology into arrays. Nothing else knows addresses.

declare -A SITE_GATEWAY SITE_OF ADDRESS_OF DISKS_OF
SITES=()
HOSTS=()      # containers, in the order of the file
NAMESPACES=() # containers and bare network namespaces

load_topology() {
    local kind name rest a b
    [ -r "$1" ] || usage_error "there is no lab named '$(basename "$(dirname "$1")")'"
    while read -r kind name a b rest; do
        case $kind in
        site) SITES+=("$name") SITE_GATEWAY[$name]=$a ;;
        host) HOSTS+=("$name") NAMESPACES+=("$name") SITE_OF[$name]=$a ADDRESS_OF[$name]=$b
            DISKS_OF[$name]=$rest ;;
        netns) NAMESPACES+=("$name") SITE_OF[$name]=$a ADDRESS_OF[$name]=$b ;;
        esac
    done < <(grep -v '^#' "$1")
}

is_host() { [[ -n ${1:-} && " ${HOSTS[*]} " == *" $1 "* ]]; }
is_site() { [[ -n ${1:-} && -v SITE_GATEWAY[$1] ]]; }

need_host() { is_host "${1:-}" || usage_error "'${1:-}' is not a host (${HOSTS[*]})"; }

# The containers that a host's or site's name means, one per line.
hosts_of() {
    local host
    if is_host "${1:-}"; then
        echo "$1"
    elif is_site "${1:-}"; then
        for host in "${HOSTS[@]}"; do
            [ "${SITE_OF[$host]}" = "$1" ] && echo "$host"
        done
        return 0
    else
        usage_error "'${1:-}' is neither a host (${HOSTS[*]}) nor a site (${SITES[*]})"
    fi
}

# The addresses that a host's, namespace's or site's name means, one per line.
addresses_of() {
    local name
    if [[ -n ${1:-} && -v ADDRESS_OF[$1] ]]; then
        echo "${ADDRESS_OF[$1]}"
    elif is_site "${1:-}"; then
        for name in "${NAMESPACES[@]}"; do
            [ "${SITE_OF[$name]}" = "$1" ] && echo "${ADDRESS_OF[$name]}"
        done
        return 0
    else
        usage_error "'${1:-}' is neither a host (${NAMESPACES[*]}) nor a site (${SITES[*]})"
    fi
}
