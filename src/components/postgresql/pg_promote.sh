# Asks for the promotion until it has happened. A request that arrives just as the walreceiver fails
# is logged and then sleeps for seconds; asked again, it is heard.
# Parameters: CLUSTER WAIT_S
# A promoted server must survive a restart of its unit.
guard_open "$unit" || exit 1
# Its host may have lost its power since; nothing else would start the unit then.
postmaster || systemctl start --no-block "$unit" || exit 1
read_uptime; end=$((up + $1)) reply=''
until ask 4 "do \$\$ declare now timestamptz := clock_timestamp(); give_up timestamptz := now + interval '2 seconds';
  again timestamptz := now; begin
  while pg_is_in_recovery() loop
    now := clock_timestamp();
    exit when now > give_up;
    if now >= again then perform pg_promote(false); again := now + interval '20 milliseconds'; end if;
    perform pg_sleep(0.002); commit;
  end loop; end \$\$; select pg_is_in_recovery();" && [ "$reply" = f ]; do
  say "progress not promoted yet: ${reply:-no answer}"
  read_uptime; [ "$up" -lt "$end" ] || quit 1 "not promoted within $1 s: $reply"
  sleep 0.1
done
