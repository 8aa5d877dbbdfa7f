"""What tests of the page's server share: a run or `brunt ui` with its page, and clients of it."""
import contextlib
import http.client
import json
import os
import pty
import re
import socket
import subprocess
import sys
import tempfile
import threading
import urllib.parse
from pathlib import Path

HERE = Path(__file__).resolve().parent
sys.path.insert(0, str(HERE.parent / "sinks"))

from servers import Target, check, finish, wait_for  # noqa: E402, F401


class Home:
    """A home of its own, so that no test touches the user's history."""

    def __init__(self):
        self.folder = tempfile.TemporaryDirectory(prefix="brunt-ui-")
        self.path = Path(self.folder.name)
        kept = {k: v for k, v in os.environ.items() if not k.startswith(("BRUNT_", "K6_", "DISPLAY", "WAYLAND"))}
        self.env = {**kept, "HOME": str(self.path), "XDG_DATA_HOME": str(self.path / "data"),
                    "XDG_CONFIG_HOME": str(self.path / "config")}

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.folder.cleanup()


class Brunt:
    """A brunt that serves a page, from its start to its end."""

    def __init__(self, home, *command, env=(), terminal=False):
        self.where = home.path / "log"
        self.log = open(self.where, "w")
        mine, its = pty.openpty() if terminal else (None, subprocess.PIPE)
        self.proc = subprocess.Popen([str(c) for c in command], stdout=its, stderr=self.log, text=True,
                                     env={**home.env, **dict(env)}, stdin=subprocess.DEVNULL)
        self.stdout = self.proc.stdout
        if terminal:
            os.close(its)
            self.stdout = os.fdopen(mine, errors="replace")
        self.lines = []
        self.url = None
        self.reader = threading.Thread(target=self.read, daemon=True)
        self.reader.start()
        wait_for(f"the page of {' '.join(map(str, command))}", lambda: self.url or self.proc.poll() is not None)
        if not self.url:
            sys.exit(f"no page: {self.output()}")

    def read(self):
        with contextlib.suppress(OSError):  # a terminal's end is an error
            for line in self.stdout:
                self.lines.append(line)
                found = re.search(r"page.*?(http://\S+)", line)
                if found and not self.url:
                    self.url = found.group(1)

    def output(self):
        return "".join(self.lines) + self.where.read_text(errors="replace")

    @property
    def host(self):
        return urllib.parse.urlsplit(self.url).netloc

    def ask(self, method, path, body=None, **headers):
        """(status, headers, bytes) of one request."""
        connection = http.client.HTTPConnection(self.host, timeout=15)
        sent = {k.replace("_", "-"): v for k, v in headers.items()}
        with contextlib.closing(connection):
            connection.request(method, path, body=body, headers=sent)
            answer = connection.getresponse()
            return answer.status, answer.headers, answer.read()

    def json(self, path):
        status, _, body = self.ask("GET", path)
        if status != 200:
            raise OSError(f"{path}: {status} {body[:300]!r}")
        return json.loads(body)

    def change(self, method, path, body=None, **headers):
        status, _, answer = self.ask(method, path, json.dumps(body or {}),
                                     **{"Content_Type": "application/json", **headers})
        return status, json.loads(answer) if answer else None

    def end(self, seconds=20):
        """Waits for it; its exit code."""
        code = self.proc.wait(seconds)
        self.reader.join(5)
        return code

    def __enter__(self):
        return self

    def __exit__(self, *_):
        if self.proc.poll() is None:
            self.proc.terminate()
            self.proc.wait(10)
        self.log.close()


class Listener(threading.Thread):
    """Reads the event stream to its end; `events` are (event, data)."""

    def __init__(self, brunt, **headers):
        super().__init__(daemon=True)
        self.events = []
        self.connection = http.client.HTTPConnection(brunt.host, timeout=60)
        self.connection.request("GET", "/api/live/events", headers={k.replace("_", "-"): v for k, v in headers.items()})
        self.answer = self.connection.getresponse()
        self.start()

    def lines(self):
        with contextlib.suppress(OSError, ValueError, http.client.HTTPException):
            yield from self.answer

    def run(self):
        event, data = "", []
        for line in self.lines():
            line = line.decode().rstrip("\n")
            if line.startswith("event: "):
                event = line[7:]
            elif line.startswith("data: "):
                data.append(line[6:])
            elif not line and data:
                self.events.append((event, json.loads("\n".join(data))))
                event, data = "", []

    def close(self):
        """As a browser that leaves."""
        with contextlib.suppress(OSError):
            self.answer.fp.raw._sock.shutdown(socket.SHUT_RDWR)

    def of(self, event):
        return [data for name, data in list(self.events) if name == event]


def slow_reader(brunt):
    """Asks for the stream and never reads it."""
    host, port = brunt.host.rsplit(":", 1)
    s = socket.socket()
    s.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 2048)
    s.connect((host, int(port)))
    s.sendall(f"GET /api/live/events HTTP/1.1\r\nHost: {brunt.host}\r\n\r\n".encode())
    return s
