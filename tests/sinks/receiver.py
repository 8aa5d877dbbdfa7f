"""A receiver that misbehaves on command, and keeps every point that it acknowledged.

One listening socket, a thread for each connection. `fault` is the name of what is wrong just now, "" when nothing is.
Streams (Graphite lines and pickles, StatsD over TCP) have no answers: what was read is what was received.
"""

import collections
import contextlib
import random
import select
import socket
import ssl
import struct
import threading
import time

import decode

STREAMS = {"graphite": decode.graphite_lines, "pickle": decode.graphite_pickle, "statsd": decode.statsd}
ANSWERS = {"influxdb": 204, "graphite-http": 200, "remote-write": 204, "otlp": 200}
DECODERS = {"influxdb": decode.influx, "graphite-http": decode.graphite_json, "remote-write": decode.remote_write,
            "otlp": decode.otlp, **STREAMS}
STATUSES = {"429": (429, "Retry-After: 1\r\n"), "500": (500, ""), "503": (503, "")}
REASONS = {200: "OK", 204: "No Content", 400: "Bad Request", 429: "Too Many Requests", 500: "Internal Server Error",
           503: "Service Unavailable"}


class Points:
    """What was acknowledged: by key every value it came with."""

    def __init__(self):
        self.lock = threading.Lock()
        self.values = collections.defaultdict(set)
        self.received = 0  # with repetitions

    def add(self, points):
        with self.lock:
            for key, value in points:
                self.values[key].add(value)
            self.received += len(points)

    def distinct(self):
        with self.lock:
            return len(self.values)

    def contradictions(self):
        with self.lock:
            return sum(len(v) > 1 for v in self.values.values())


class Gone(Exception):
    """The peer has closed, or the fault wants the connection to end."""


class Receiver:
    def __init__(self, protocol, tls=None, host="127.0.0.1"):
        self.protocol, self.tls, self.host = protocol, tls, host
        self.fault = ""
        self.points = Points()
        self.poison = None      # the key that "partial" refuses
        self.met_fault = 0      # how often the fault was met
        self.errors = []        # what could not be decoded
        self.connections = set()
        self.lock = threading.Lock()
        self.listener = None
        self.port = 0
        self.listen()

    # ---- listening, being away, being killed ----

    def listen(self):
        s = socket.socket()
        s.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        if self.port:
            self.bind_again(s)
        else:
            self.bind_low(s)
        s.listen(64)
        self.port = s.getsockname()[1]
        self.listener = s
        threading.Thread(target=self.accept, args=(s,), daemon=True).start()

    def bind_low(self, s):
        """Below the ports of outgoing connections: one of those could take the port while nothing listens there."""
        for port in random.sample(range(15000, 32000), 1000):
            with contextlib.suppress(OSError):
                s.bind((self.host, port))
                return
        raise OSError("no port is free")

    def bind_again(self, s):
        """The thread that accepted may hold the old socket for a moment yet."""
        for _ in range(200):
            with contextlib.suppress(OSError):
                s.bind((self.host, self.port))
                return
            time.sleep(0.01)
        raise OSError(f"port {self.port} is taken")

    def accept(self, listener):
        while True:
            try:
                if not select.select([listener], [], [], 0.1)[0]:
                    if self.listener is not listener:
                        break
                    continue
                connection = listener.accept()[0]
            except (OSError, ValueError):
                break
            threading.Thread(target=self.serve, args=(connection,), daemon=True).start()

    def kill(self):
        """As if the process were gone: nothing listens, and connections are reset."""
        listener, self.listener = self.listener, None
        if listener:
            with contextlib.suppress(OSError):
                listener.shutdown(socket.SHUT_RDWR)
            listener.close()
        self.reset_all()

    def reset_all(self):
        with self.lock:
            connections = list(self.connections)
        for c in connections:
            self.reset(c)

    @staticmethod
    def reset(connection):
        with contextlib.suppress(OSError):
            connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
            connection.shutdown(socket.SHUT_RD)
            connection.close()

    def begin(self, fault):
        self.fault = fault
        if fault in ("refused", "restart", "late"):
            self.kill()

    def recover(self):
        """All is well from now on; what the fault still holds is let go of."""
        fault, self.fault = self.fault, ""
        if self.listener is None:
            self.listen()
        elif fault in ("blackhole", "slow"):
            self.reset_all()

    def end(self):
        self.kill()

    # ---- one connection ----

    def serve(self, raw):
        connection = raw
        with self.lock:
            self.connections.add(raw)
        try:
            if self.tls:
                context = self.tls["expired" if self.fault == "tls" else "good"]
                self.met_fault += self.fault == "tls"
                connection = context.wrap_socket(raw, server_side=True)
                with self.lock:
                    self.connections.add(connection)
            if self.protocol in STREAMS:
                self.serve_stream(connection)
            else:
                self.serve_http(connection)
        except (Gone, OSError, ssl.SSLError):
            pass
        except (ValueError, KeyError, IndexError) as e:
            self.errors.append(f"{type(e).__name__}: {e}")
        finally:
            with self.lock:
                self.connections -= {raw, connection}
            with contextlib.suppress(OSError):
                connection.close()

    def stall(self):
        """Until the fault is over."""
        self.met_fault += 1
        while self.fault in ("blackhole", "slow"):
            time.sleep(0.02)
        raise Gone

    def read(self, connection, n=65536):
        if self.fault == "blackhole":
            self.stall()
        while self.fault == "slow":
            self.met_fault += 1
            connection.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 2048)
            data = connection.recv(1)
            if not data:
                raise Gone
            end = time.monotonic() + 1
            while self.fault == "slow" and time.monotonic() < end:
                time.sleep(0.02)
            return data
        data = connection.recv(n)
        if not data:
            raise Gone
        return data

    # ---- HTTP ----

    def read_head(self, connection, data):
        while b"\r\n\r\n" not in data:
            data += self.read(connection)
        head, _, rest = data.partition(b"\r\n\r\n")
        lines = head.decode("latin-1").split("\r\n")
        headers = {name.strip().lower(): value.strip() for name, _, value in (l.partition(":") for l in lines[1:])}
        headers[":path"] = lines[0].split(" ")[1]
        return headers, rest

    def read_body(self, connection, headers, data):
        n = int(headers["content-length"])
        while len(data) < n:
            if self.fault == "reset" and len(data) >= n // 2:
                self.reset_now(connection)
            data += self.read(connection, min(65536, max(1, n - len(data))))
        if self.fault == "reset":
            self.reset_now(connection)
        return data[:n], data[n:]

    def reset_now(self, connection):
        self.met_fault += 1
        self.reset(connection)
        raise Gone

    def serve_http(self, connection):
        data = b""
        while True:
            headers, data = self.read_head(connection, data)
            body, data = self.read_body(connection, headers, data)
            status, more, text = self.answer(headers, body)
            length = "" if status == 204 else f"Content-Length: {len(text)}\r\n"
            connection.sendall(f"HTTP/1.1 {status} {REASONS[status]}\r\n{more}{length}\r\n{text}".encode())

    def answer(self, headers, body):
        fault = self.fault
        if fault in ("fin", "blackhole", "slow"):
            self.met_fault += 1
            if fault != "fin":
                self.stall()
            raise Gone
        if fault in STATUSES:
            self.met_fault += 1
            return (*STATUSES[fault], "not now")
        if headers[":path"].startswith("/query"):  # CREATE DATABASE
            return 200, "", '{"results":[{"statement_id":0}]}'
        coding = headers.get("content-encoding", "")
        if self.protocol != "remote-write":
            body = decode.unpack(body, coding)
        points = DECODERS[self.protocol](body)
        if self.is_poisoned(points):
            self.met_fault += 1
            return 400, "", "a point cannot be stored"
        self.points.add(points)
        return ANSWERS[self.protocol], "", ""

    def is_poisoned(self, points):
        """The first point that comes under the fault is bad for ever, with all that comes along with it."""
        if self.fault == "partial" and self.poison is None and points:
            self.poison = points[0][0]
        return self.poison is not None and any(key == self.poison for key, _ in points)

    # ---- streams ----

    def serve_stream(self, connection):
        data = b""
        while True:
            data += self.read(connection)
            if self.fault in ("reset", "fin"):
                self.end_stream(connection, data)
            data = self.take_whole(data)

    def end_stream(self, connection, data):
        """What came is kept: a stream has no way to say otherwise."""
        self.take_whole(data)
        self.met_fault += 1
        if self.fault == "reset":
            self.reset(connection)
        raise Gone

    def take_whole(self, data):
        """Takes the whole messages off the front; the rest is left."""
        if self.protocol == "pickle":
            while len(data) >= 4 and len(data) >= 4 + struct.unpack(">I", data[:4])[0]:
                n = 4 + struct.unpack(">I", data[:4])[0]
                self.points.add(decode.graphite_pickle(data[4:n]))
                data = data[n:]
            return data
        whole, newline, rest = data.rpartition(b"\n")
        if newline:
            self.points.add(DECODERS[self.protocol](whole + newline))
        return rest
