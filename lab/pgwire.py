"""The smallest PostgreSQL client that the oracle needs: unix socket, peer authentication, simple
queries, text results. Every wait is bounded; after an error of the connection it is closed."""

import socket
import struct


class Refused(Exception):
    """The server answered, and the answer is no (its message, SQLSTATE first). After a `fatal` one
    the connection is closed, else it stays usable."""

    def __init__(self, text, fatal=False):
        super().__init__(text)
        self.fatal = fatal


class Lost(Exception):
    """No answer: not there, hung up, or too late. Whether the statement took effect is unknown."""


class Connection:
    def __init__(self, path, user, database, timeout_seconds):
        self._socket = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
        self._socket.settimeout(timeout_seconds)
        self._buffer = b""
        words = ("user", user, "database", database, "options", "-c statement_timeout=900")
        body = struct.pack("!i", 196608) + b"".join(w.encode() + b"\0" for w in words) + b"\0"
        try:
            self._socket.connect(path)
            self._socket.sendall(struct.pack("!i", len(body) + 4) + body)
            self._until_ready()
        except OSError as error:
            self.close()
            raise Lost(str(error)) from error
        except Refused:
            self.close()
            raise

    def close(self):
        self._socket.close()

    def query(self, sql):
        """Rows as tuples of text or None."""
        body = sql.encode() + b"\0"
        try:
            self._socket.sendall(b"Q" + struct.pack("!i", len(body) + 4) + body)
            return self._until_ready()
        except OSError as error:
            self.close()
            raise Lost(str(error)) from error

    def _until_ready(self):
        rows, refusal = [], None
        while True:
            kind, body = self._message()
            if kind == b"Z":
                break
            if kind == b"R" and struct.unpack("!i", body[:4])[0] != 0:
                raise Refused("28000 the server asks for a password", True)
            if kind == b"D":
                rows.append(row_of(body))
            elif kind == b"E":
                fields = {f[:1]: f[1:].decode("utf-8", "replace") for f in body.split(b"\0") if f}
                fatal = fields.get(b"V") in ("FATAL", "PANIC")
                refusal = Refused(f"{fields.get(b'C')} {fields.get(b'M')}", fatal)
                if fatal:
                    self.close()
                    raise refusal
        if refusal:
            raise refusal
        return rows

    def _message(self):
        kind, length = struct.unpack("!ci", self._take(5))
        return kind, self._take(length - 4)

    def _take(self, count):
        while len(self._buffer) < count:
            more = self._socket.recv(65536)
            if not more:
                raise OSError("the server hung up")
            self._buffer += more
        taken, self._buffer = self._buffer[:count], self._buffer[count:]
        return taken


def row_of(body):
    count, at, row = struct.unpack("!h", body[:2])[0], 2, []
    for _ in range(count):
        length = struct.unpack("!i", body[at:at + 4])[0]
        at += 4
        row.append(None if length < 0 else body[at:at + length].decode())
        at += max(length, 0)
    return tuple(row)
