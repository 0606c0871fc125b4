# shellcheck shell=bash
# Paths, messages and small tools that every other file of the lab uses.

LAB_CACHE=${SWITCHBACK_LAB_CACHE:-/var/cache/switchback-lab}
LAB_DIR=${SWITCHBACK_LAB_DIR:-/var/lib/switchback-lab}
LAB_SOURCE=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)
REPOSITORY=$(dirname "$LAB_SOURCE")

# Progress goes to stderr, so that the stdout of `exec` and `status --json` stays clean.
say() { printf 'lab: %s\n' "$*" >&2; }

die() {
    printf 'lab: %s\n' "$*" >&2
    exit 1
}

# A usage error is told apart from a failure by its exit code, as in switchback itself.
usage_error() {
    printf 'lab: %s; try: lab help\n' "$*" >&2
    exit 2
}

# wait_until SECONDS COMMAND...: polls every 20 ms; false when the time is over.
wait_until() {
    local deadline=$((${EPOCHREALTIME/./} + $1 * 1000000))
    shift
    until "$@"; do
        ((${EPOCHREALTIME/./} < deadline)) || return 1
        sleep 0.02
    done
}

random_password() { head -c 18 /dev/urandom | base64 | tr '+/' 'xy'; }

# in_parallel FUNCTION ARGUMENT...: one call for each argument at the same time; fails if one does.
in_parallel() {
    local function=$1 argument jobs=() job failed=0
    shift
    for argument in "$@"; do
        "$function" "$argument" &
        jobs+=($!)
    done
    for job in "${jobs[@]}"; do wait "$job" || failed=1; done
    return $failed
}
