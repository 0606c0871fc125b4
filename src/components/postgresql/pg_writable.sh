# A real, durable commit that touches no table: a message in the write-ahead log.
# Parameters: CLUSTER
ask 10 "set synchronous_commit = local; show transaction_read_only; show default_transaction_read_only;
select pg_logical_emit_message(true, 'switchback', 'verify') is not null;" || quit 1 "no write: $reply"
[ "$reply" = 'off
off
t' ] || quit 1 "the server accepts connections, but no writes: $(printf '%s' "$reply" | tr '\n' ' ')"
