#!/usr/bin/env python3
"""Stands in for Grafana Cloud's Graphite: tests/guides/graphite_cloud.py PORT USER:TOKEN

Takes points at /graphite/metrics as the service does, and passes them to a real carbon; what else is asked below /graphite
is asked of a real graphite-web. Runs until it is ended.
"""
import base64
import http.server
import json
import re
import socket
import sys
import urllib.error
import urllib.request
from pathlib import Path

sys.path.append(str(Path(__file__).resolve().parent.parent / "sinks"))

from servers import Graphite  # noqa: E402


def line_of(point):
    """A point as carbon takes it."""
    tags = "".join(";" + re.sub(r"\s", "_", tag)[:190] for tag in point["tags"])
    return f"{point['name']}{tags} {point['value']} {point['time']}\n"


class Handler(http.server.BaseHTTPRequestHandler):
    graphite, authorization = None, ""

    def log_message(self, *_):
        pass

    def answer(self, status, body, kind="application/json"):
        self.send_response(status)
        self.send_header("Content-Type", kind)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def is_known(self):
        if self.headers["Authorization"] == self.authorization:
            return True
        self.answer(401, b"authentication error: invalid token\n")
        return False

    def do_POST(self):
        points = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
        if not self.is_known():
            return
        with socket.create_connection(("127.0.0.1", self.graphite.line)) as carbon:
            carbon.sendall("".join(map(line_of, points)).encode())
        self.answer(200, json.dumps({"published": len(points)}).encode())

    def do_GET(self):
        if not self.is_known():
            return
        try:
            with urllib.request.urlopen(self.graphite.url + self.path.removeprefix("/graphite"), timeout=20) as got:
                self.answer(got.status, got.read())
        except urllib.error.HTTPError as e:
            self.answer(e.code, e.read(), "text/plain")


def main(port, user):
    Handler.authorization = "Basic " + base64.b64encode(user.encode()).decode()
    with Graphite() as Handler.graphite:
        http.server.ThreadingHTTPServer(("127.0.0.1", int(port)), Handler).serve_forever()


if __name__ == "__main__":
    main(*sys.argv[1:])
