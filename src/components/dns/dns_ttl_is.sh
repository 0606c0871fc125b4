# Done when every server gives the record exactly TTL seconds.
ttl_everywhere exactly "$ttl" "$@"
