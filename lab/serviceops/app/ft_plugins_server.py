#!/usr/bin/python3
"""Keeps an index of the attachments next to the file store and notes its progress in the database.
Needs a writable database."""

import os

from common import FILESTORE, repeat

INDEX = os.path.join(os.path.dirname(FILESTORE), "index.tsv")


def index(connection, settings):
    with connection.cursor() as cursor:
        cursor.execute("select id, token, attachment from tickets order by id desc limit 500")
        rows = cursor.fetchall()
        cursor.execute(
            "insert into plugin_runs values ('index', %s, %s, now()) on conflict (plugin) "
            "do update set site = excluded.site, last_id = excluded.last_id, at = excluded.at",
            (settings["site"], rows[0][0] if rows else 0))
    with open(INDEX + ".part", "w", encoding="utf-8") as out:
        for row in rows:
            out.write("\t".join(str(field) for field in row) + "\n")
    os.rename(INDEX + ".part", INDEX)


if __name__ == "__main__":
    repeat("ft-plugins-server", 2, index)
