"""The write outage of a planned move of a PostgreSQL pair, as one client sees it."""

import os
import subprocess
import sys
import time

WRITER = os.path.join(os.path.dirname(os.path.abspath(__file__)), "writer.py")
PASSWORD = "bench"
# What the writer needs, in a database that accepts writes.
SCHEMA = (f"create role bench login password '{PASSWORD}'; "
          "create table bench_rows(id bigserial primary key); grant all on bench_rows to bench; "
          "grant all on sequence bench_rows_id_seq to bench")


RETRY_S = 0.010  # clients that come back faster cost the servers more than they gain


def outage_ms(move, old, new, log, network=(), retry=RETRY_S):
    """Milliseconds between the last row that OLD acknowledged and the first that NEW did (each
    ADDRESS:PORT), while `move()` makes NEW the primary. NETWORK is the command that enters the
    client's network; RETRY its seconds between two tries."""
    writer = subprocess.Popen([*network, sys.executable, WRITER, log, f"{old},{new}", PASSWORD,
                               str(retry)])
    try:
        time.sleep(2)
        move()
        time.sleep(1)
    finally:
        writer.terminate()
        writer.wait()
    with open(log, encoding="utf-8") as file:
        lines = [line.split() for line in file]
    last = max(float(at) for at, server in lines if server == old)
    first = min(float(at) for at, server in lines if server == new)
    return (first - last) * 1000
