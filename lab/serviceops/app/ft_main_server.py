#!/usr/bin/python3
"""The application's web server: log in, create a ticket with an attachment, list tickets.

A ticket is acknowledged with 201 only when its attachment and the directory that names it have
reached the disk and its row is committed. Anything else answers an error, and after an error that
came too late to tell (the connection broke inside COMMIT) the attachment is left in place.
"""

import base64
import binascii
import hashlib
import hmac
import html
import json
import os
import queue
import re
import threading
import time
import uuid
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from urllib.parse import parse_qs, urlsplit

import psycopg2

from common import FILESTORE, Stop, connect, log, notify, read_settings

SETTINGS = read_settings()
LARGEST_BODY = 16 << 20
SESSION_SECONDS = 12 * 3600
LOGIN_PAGE = """<!doctype html><title>ServiceOps</title><h1>ServiceOps</h1><p>Site: {site}</p>
<form method=post action=/login><input name=user><input name=password type=password>
<button>Log in</button></form>
"""


class Refused(Exception):
    """The request cannot be done; (status, text) is the answer."""


class Database:
    """Idle connections for the request threads; a connection that failed is thrown away."""

    def __init__(self):
        self._idle = queue.LifoQueue()

    def run(self, work):
        """work(cursor) in one transaction. A stale idle connection is replaced before the first
        statement, never after one: a statement is not tried twice."""
        connection = self._take()
        try:
            with connection, connection.cursor() as cursor:
                result = work(cursor)
        except BaseException:
            connection.close()
            raise
        self._idle.put(connection)
        return result

    def _take(self):
        while True:
            try:
                connection = self._idle.get_nowait()
            except queue.Empty:
                return connect(SETTINGS, "ft-main-server")
            try:
                with connection, connection.cursor() as cursor:
                    cursor.execute("select 1")
                return connection
            except psycopg2.Error:
                connection.close()


DATABASE = Database()


def sign(text):
    return hmac.new(SETTINGS["session_secret"].encode(), text.encode(), hashlib.sha256).hexdigest()


def new_session(user):
    text = f"{user}.{int(time.time()) + SESSION_SECONDS}"
    return f"{text}.{sign(text)}"


def session_is_valid(cookie):
    """Both sites share the secret, so a session survives a move of the application."""
    text, _, signature = cookie.rpartition(".")
    if not text or not hmac.compare_digest(sign(text), signature):
        return False
    return int(text.rpartition(".")[2]) > time.time()


def store_attachment(data):
    """Writes, fsyncs and names the file; returns its path below the file store."""
    name = f"{uuid.uuid4().hex}.bin"
    folder = os.path.join(FILESTORE, name[:2])
    fresh = not os.path.isdir(folder)
    os.makedirs(folder, exist_ok=True)
    final = os.path.join(folder, name)
    part = final + ".part"
    descriptor = os.open(part, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o640)
    try:
        with os.fdopen(descriptor, "wb") as out:
            out.write(data)
            out.flush()
            os.fsync(out.fileno())
        os.rename(part, final)
    except OSError:
        os.unlink(part)
        raise
    fsync_folder(folder)
    if fresh:
        fsync_folder(FILESTORE)
    return os.path.relpath(final, FILESTORE)


def fsync_folder(path):
    descriptor = os.open(path, os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def read_ticket(body):
    try:
        fields = json.loads(body)
        token, title = str(fields["token"]), str(fields.get("title", ""))
        data = base64.b64decode(fields.get("attachment_base64", ""), validate=True)
    except (ValueError, KeyError, TypeError, binascii.Error) as error:
        raise Refused(400, f"not a ticket: {error}") from error
    if not re.fullmatch(r"[A-Za-z0-9._-]{1,80}", token):
        raise Refused(400, "token: 1 to 80 of letters, digits, '.', '_' and '-'")
    return token, title, data


def create_ticket(body):
    token, title, data = read_ticket(body)
    path = store_attachment(data) if data else None
    digest = hashlib.sha256(data).hexdigest() if data else None

    def insert(cursor):
        cursor.execute(
            "insert into tickets (token, title, attachment, sha256, size_bytes, site) "
            "values (%s, %s, %s, %s, %s, %s) returning id, pg_current_xact_id()::text",
            (token, title, path, digest, len(data), SETTINGS["site"]))
        return cursor.fetchone()

    number, transaction = DATABASE.run(insert)
    return {"id": number, "token": token, "attachment": path, "sha256": digest,
            "site": SETTINGS["site"], "transaction": transaction}


def list_tickets(limit):
    def select(cursor):
        cursor.execute("select id, token, title, attachment, site, created from tickets "
                       "order by id desc limit %s", (limit,))
        return cursor.fetchall()

    keys = ("id", "token", "title", "attachment", "site", "created")
    return [dict(zip(keys, (*row[:5], row[5].isoformat()))) for row in DATABASE.run(select)]


def health():
    """`database` is writable, read_only or down; only writable is healthy."""
    def select(cursor):
        cursor.execute("select pg_is_in_recovery(), (select count(*) from tickets)")
        return cursor.fetchone()

    try:
        standby, tickets = DATABASE.run(select)
    except psycopg2.Error:
        return 503, {"site": SETTINGS["site"], "database": "down", "tickets": None}
    state = "read_only" if standby else "writable"
    return (503 if standby else 200), {"site": SETTINGS["site"], "database": state,
                                       "tickets": tickets}


class Request(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    timeout = 30
    disable_nagle_algorithm = True

    def do_GET(self):
        self._answer(self._get)

    def do_POST(self):
        self._answer(self._post)

    def _get(self, url):
        if url.path == "/login":
            # A log-in page without its database behind it would be a false promise.
            DATABASE.run(lambda cursor: cursor.execute("select 1"))
            return 200, LOGIN_PAGE.format(site=html.escape(SETTINGS["site"])), {}
        if url.path == "/health":
            return (*health(), {})
        if url.path == "/tickets":
            limit = parse_qs(url.query).get("limit", ["50"])[0]
            return 200, list_tickets(min(int(limit), 10000) if limit.isdigit() else 50), {}
        raise Refused(404, "no such page")

    def _post(self, url):
        body = self._body()
        if url.path == "/login":
            form = parse_qs(body.decode("utf-8", "replace"))
            user = form.get("user", [""])[0]
            if not re.fullmatch(r"\w{1,40}", user) or not form.get("password", [""])[0]:
                raise Refused(401, "user and password, please")
            return 200, {"user": user, "site": SETTINGS["site"]}, {
                "Set-Cookie": f"session={new_session(user)}; HttpOnly; Path=/"}
        if url.path == "/tickets":
            cookie = re.search(r"session=([^;\s]+)", self.headers.get("Cookie", ""))
            if not cookie or not session_is_valid(cookie.group(1)):
                raise Refused(401, "log in first")
            return 201, create_ticket(body), {}
        raise Refused(404, "no such page")

    def _body(self):
        length = self.headers.get("Content-Length", "")
        if not length.isdigit() or int(length) > LARGEST_BODY:
            self.close_connection = True
            raise Refused(413, f"a body of at most {LARGEST_BODY} bytes, with its length")
        return self.rfile.read(int(length))

    def _answer(self, work):
        with self.server.in_flight:
            try:
                status, content, headers = work(urlsplit(self.path))
            except Refused as refusal:
                status, content, headers = refusal.args[0], {"error": refusal.args[1]}, {}
            except psycopg2.errors.UniqueViolation:
                status, content, headers = 409, {"error": "a ticket with this token exists"}, {}
            except (psycopg2.Error, OSError) as error:
                status, content, headers = 503, {"error": str(error).strip()}, {}
            self._send(status, content, headers)

    def _send(self, status, content, headers):
        page = isinstance(content, str)
        body = (content if page else json.dumps(content) + "\n").encode()
        try:
            self.send_response(status)
            self.send_header("Content-Type", "text/html" if page else "application/json")
            self.send_header("Content-Length", str(len(body)))
            for name, value in headers.items():
                self.send_header(name, value)
            if self.server.stopping:
                self.send_header("Connection", "close")
            self.end_headers()
            self.wfile.write(body)
        except OSError:
            self.close_connection = True

    def log_message(self, *_):
        """No line per request: the journal is small and in memory."""


class InFlight:
    """Counts requests between their first byte and their answer."""

    def __init__(self):
        self._condition, self._count = threading.Condition(), 0

    def __enter__(self):
        with self._condition:
            self._count += 1

    def __exit__(self, *_):
        with self._condition:
            self._count -= 1
            self._condition.notify_all()

    def wait_for_none(self, seconds):
        with self._condition:
            return self._condition.wait_for(lambda: self._count == 0, seconds)


class Server(ThreadingHTTPServer):
    daemon_threads = True
    block_on_close = False
    request_queue_size = 128
    stopping = False

    def __init__(self, address):
        super().__init__(address, Request)
        self.in_flight = InFlight()


def main():
    stop = Stop()
    server = Server(("0.0.0.0", 8080))
    threading.Thread(target=server.serve_forever, args=(0.05,), daemon=True).start()
    notify("READY=1")
    log("ft-main-server: listening on port 8080")
    stop.wait()
    notify("STOPPING=1")
    server.stopping = True
    server.shutdown()
    server.socket.close()
    clean = server.in_flight.wait_for_none(4)
    log(f"ft-main-server: stopped{'' if clean else ' with requests cut off'}")


if __name__ == "__main__":
    main()
