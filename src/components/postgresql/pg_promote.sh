# Asks for the promotion until it has happened. A request that arrives just as the walreceiver fails
# is logged and then sleeps for seconds; asked again, it is heard.
# Parameters: CLUSTER WAIT_S
# A promoted server must survive a restart of its unit.
open_guard || exit 1
ask $(($1 + 5)) "do \$\$ declare now timestamptz := clock_timestamp(); give_up timestamptz := now + interval '$1 seconds';
  again timestamptz := now; begin
  while pg_is_in_recovery() loop
    now := clock_timestamp();
    exit when now > give_up;
    if now >= again then perform pg_promote(false); again := now + interval '20 milliseconds'; end if;
    perform pg_sleep(0.002); commit;
  end loop; end \$\$; select pg_is_in_recovery();" || quit 1 "the promotion was not answered: $reply"
[ "$reply" = f ] || quit 1 "still in recovery after $1 s"
