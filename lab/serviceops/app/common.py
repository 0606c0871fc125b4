"""What the three services share: their settings, a database connection that comes back by itself,
systemd's notifications and a clean end on SIGTERM."""

import os
import signal
import socket
import sys
import threading

import psycopg2

SETTINGS_FILE = "/etc/flotomate/flotomate.conf"
FILESTORE = "/opt/flotomate/filestore"


def read_settings(path=SETTINGS_FILE):
    """`key = value` lines: site, database_host, database_password, session_secret."""
    settings = {}
    with open(path, encoding="utf-8") as lines:
        for line in lines:
            key, equals, value = line.partition("=")
            if equals and not line.startswith("#"):
                settings[key.strip()] = value.strip()
    return settings


def connect(settings, application_name):
    """A connection to this site's own database. Every wait in it is bounded: a database host that
    goes silent costs a request three seconds, never a thread."""
    return psycopg2.connect(
        host=settings["database_host"], port=5432, dbname="flotoitsmdb", user="flotomate",
        password=settings["database_password"], application_name=application_name,
        connect_timeout=2, tcp_user_timeout=3000, keepalives_idle=2, keepalives_interval=1,
        keepalives_count=2, options="-c statement_timeout=2500")


class Stop:
    """Set once SIGTERM or SIGINT has come; `wait` sleeps until then or until the time is over."""

    def __init__(self):
        self._event = threading.Event()
        for number in (signal.SIGTERM, signal.SIGINT):
            signal.signal(number, lambda *_: self._event.set())

    def requested(self):
        return self._event.is_set()

    def wait(self, seconds=None):
        return self._event.wait(seconds)


def notify(text):
    """Tells systemd, where there is one (sd_notify's datagram)."""
    address = os.environ.get("NOTIFY_SOCKET")
    if not address:
        return
    if address.startswith("@"):
        address = "\0" + address[1:]
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as sender:
        sender.sendto(text.encode(), address)


def log(text):
    print(text, file=sys.stderr, flush=True)


def repeat(name, every_seconds, work):
    """Runs work(connection, settings) again and again until SIGTERM. systemd hears READY after the
    first success, so that a start against a read-only database does not look like one that worked."""
    settings, stop, connection, complaint, ready = read_settings(), Stop(), None, None, False
    while not stop.requested():
        try:
            connection = connection or connect(settings, name)
            with connection:
                work(connection, settings)
            complaint = None
            if not ready:
                notify("READY=1")
                ready = True
        except (psycopg2.Error, OSError) as error:
            if str(error) != complaint:
                complaint = str(error)
                log(f"{name}: {complaint.strip()}; trying again")
            if connection is not None:
                connection.close()
                connection = None
        stop.wait(every_seconds if complaint is None else 0.5)
    notify("STOPPING=1")
    log(f"{name}: stopped")
