#!/usr/bin/python3
"""Counts tickets per minute into a table. Needs a writable database."""

from common import repeat


def count(connection, _settings):
    with connection.cursor() as cursor:
        cursor.execute("""
            insert into tickets_per_minute (minute, tickets, counted)
            select date_trunc('minute', created), count(*), now() from tickets
            where created >= date_trunc('minute', now()) - interval '1 minute' group by 1
            on conflict (minute) do update
            set tickets = excluded.tickets, counted = excluded.counted""")
        # Also without tickets a write must be possible, else the service is not in order.
        cursor.execute("""
            insert into tickets_per_minute values (date_trunc('minute', now()), 0, now())
            on conflict (minute) do nothing""")


if __name__ == "__main__":
    repeat("ft-analytics-server", 2, count)
