# Done when every server gives the record at most TTL seconds.
ttl_everywhere atmost "$ttl" "$@"
