#!/usr/bin/python3
"""Writes one row a millisecond to whichever of two databases accepts writes; one line per
acknowledgement. usage: writer.py LOG ADDRESS:PORT,ADDRESS:PORT PASSWORD RETRY_S"""

import signal
import sys
import time

import psycopg2

stop = []
signal.signal(signal.SIGTERM, lambda *_: stop.append(1))
addresses, ports = zip(*(server.split(":") for server in sys.argv[2].split(",")))
dsn = (f"host={','.join(addresses)} port={','.join(ports)} user=bench "
       f"password={sys.argv[3]} dbname=postgres target_session_attrs=read-write connect_timeout=2")
retry = float(sys.argv[4])
connection = None
due = time.monotonic()
with open(sys.argv[1], "w", buffering=1, encoding="utf-8") as log:
    while not stop:
        try:
            if connection is None:
                connection = psycopg2.connect(dsn)
                connection.autocommit = True
                cursor = connection.cursor()
            cursor.execute("insert into bench_rows default values")
            now = time.monotonic()
            log.write(f"{now:.6f} {connection.info.host}:{connection.info.port}\n")
            due = max(due + 0.001, now - 0.05)
            time.sleep(max(0, due - now))
        except psycopg2.Error:
            if connection is not None:
                connection.close()
            connection = None
            time.sleep(retry)
