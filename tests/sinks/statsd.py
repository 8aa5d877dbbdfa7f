#!/usr/bin/env python3
"""What the sinks statsd and datadog send: tests/sinks/statsd.py BRUNT [--statsd FOLDER]

Lines are read by a strict server of our own over UDP, TCP and a Unix socket; counters equal the summary to the last
count. With --statsd the same goes to the real server too, from its npm package unpacked in FOLDER (0.9 or later).
"""
import argparse
import collections
import concurrent.futures
import json
import os
import re
import socket
import subprocess
import sys
import tempfile
import threading
import time
from pathlib import Path

SCRIPT = """
import http from 'k6/http';
import { check, sleep } from 'k6';
import { Counter, Gauge } from 'k6/metrics';
const seen = new Counter('seen_bytes');
const level = new Gauge('level');
export const options = {
  scenarios: { a: { executor: 'per-vu-iterations', vus: 3, iterations: 20 } },
  summaryTrendStats: ['avg', 'min', 'med', 'max', 'p(95)', 'count'],
};
export default function () {
  const res = http.get(`${__ENV.BASE_URL}/`, { tags: { part: `p${__ITER % 3}`, odd: 'a:b|c#d,e;f=g h' } });
  check(res, { found: (r) => r.status === 200, never: () => false });
  seen.add(res.body.length);
  level.add(-1.5);
  sleep(0.12);
}
export function handleSummary(data) {
  return { [__ENV.SUMMARY]: JSON.stringify(data.metrics) };
}
"""
COUNTERS = ("http_reqs", "iterations", "seen_bytes", "data_sent", "data_received")
NAME = r"[A-Za-z0-9_.-]+"
NUMBER = r"-?(?:\d+(?:\.\d+)?(?:e[+-]?\d+)?)"
TAG_FORMS = {  # (tags in the name, tags at the end)
    "none": ("", ""),
    "dogstatsd": ("", r"(?:\|#(?P<tags>[^|#,\s]+:[^|#,\s]+(?:,[^|#,\s]+:[^|#,\s]+)*))?"),
    "graphite": (r"(?:;(?P<tags>[^;:|@#=\s]+=[^;:|@#\s]+(?:;[^;:|@#=\s]+=[^;:|@#\s]+)*))?", ""),
    "influx": (r"(?:,(?P<tags>[^,:|@#=\s]+=[^,:|@#=\s]+(?:,[^,:|@#=\s]+=[^,:|@#=\s]+)*))?", ""),
}
failures = 0


def check(name, truth, detail=""):
    global failures
    failures += not truth
    sys.stdout.write(f"{'ok  ' if truth else 'FAIL'} {name}{'' if truth else f': {str(detail)[:2000]}'}\n")
    sys.stdout.flush()


def equal(name, got, expected):
    check(name, got == expected, f"got {got!r}, expected {expected!r}")


class Target:
    """`brunt target` on a free port, ended by its process id."""

    def __init__(self, brunt):
        self.proc = subprocess.Popen([brunt, "target", "--listen", "127.0.0.1:0"], stdout=subprocess.PIPE, text=True)
        self.url = re.search(r"http://[\d.:]+", self.proc.stdout.readline()).group(0)

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.proc.terminate()
        self.proc.wait()


class Server:
    """Reads lines as StatsD servers do, and takes none that is not of the form it was told."""

    def __init__(self, form="none", max_packet=1432):
        before, after = TAG_FORMS[form]
        self.line = re.compile(rf"(?P<name>{NAME}){before}:(?P<value>{NUMBER})\|(?P<type>c|g|ms|h|d)"
                               rf"(?:\|@(?P<rate>0\.\d+))?{after}")
        self.signed = form == "dogstatsd"
        self.assign = ":" if form == "dogstatsd" else "="
        self.separator = ";" if form == "graphite" else ","
        self.max_packet = max_packet
        self.counters = collections.Counter()
        self.gauges, self.timers, self.rates = {}, collections.defaultdict(list), set()
        self.series, self.errors, self.packets = set(), [], 0

    def take_packet(self, data):
        self.packets += 1
        if len(data) > self.max_packet or data.endswith(b"\n"):
            self.errors.append(f"a packet of {len(data)} bytes")
        self.take_lines(data.decode().split("\n"))

    def take_lines(self, lines):
        for text in lines:
            m = self.line.fullmatch(text)
            if not m:
                self.errors.append(text)
                continue
            fields = m.groupdict()
            tags = (fields.get("tags") or "").split(self.separator)
            key = (fields["name"], frozenset(tuple(t.split(self.assign, 1)) for t in tags if t))
            self.series.add(key)
            self.take(key, fields)

    def take(self, key, fields):
        value = float(fields["value"])
        if fields["type"] == "c":
            self.counters[key] += value
        elif fields["type"] == "g":
            # A sign is a change, but the first of a gauge.
            change = fields["value"][0] == "-" and not self.signed and self.gauges.get(key)
            self.gauges[key] = self.gauges[key] + value if change else value
        else:
            if value < 0:
                self.errors.append(f"a timer below zero: {fields}")
            self.timers[key].append(value)
            self.rates.add(fields["rate"])

    def total(self, name, **tags):
        return sum(v for (n, have), v in self.counters.items() if n == name and tags.items() <= dict(have).items())

    def samples(self, name):
        return [v for (n, _), values in self.timers.items() if n == name for v in values]

    def gauge(self, name):
        return [v for (n, _), v in self.gauges.items() if n == name]


class Datagrams:
    """A socket of datagrams whose packets go to a server; it opens `after` so many seconds."""

    def __init__(self, server, address=("127.0.0.1", 0), after=0):
        self.server, self.after = server, after
        self.socket = socket.socket(socket.AF_UNIX if isinstance(address, str) else socket.AF_INET, socket.SOCK_DGRAM)
        self.socket.bind(address)
        self.address = self.socket.getsockname()
        if not isinstance(address, str):
            self.socket.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4 << 20)
        if after:  # the port is known, and nobody is there yet
            self.socket.close()
        self.over = False
        self.thread = threading.Thread(target=self.work, daemon=True)
        self.thread.start()

    def work(self):
        if self.after:
            time.sleep(self.after)
            self.socket = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
            self.socket.bind(self.address)
        self.socket.settimeout(0.2)
        while True:
            try:
                self.server.take_packet(self.socket.recv(70000))
            except socket.timeout:
                if self.over:
                    return

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.over = True
        self.thread.join()
        self.socket.close()


class Streams:
    """A TCP server that reads each connection to its end. The first ones are reset instead."""

    def __init__(self, server, n_resets=0):
        self.server, self.n_resets, self.n = server, n_resets, 0
        self.socket = socket.create_server(("127.0.0.1", 0))
        self.address = self.socket.getsockname()
        threading.Thread(target=self.work, daemon=True).start()

    def work(self):
        while True:
            try:
                conn, _ = self.socket.accept()
            except OSError:
                return
            self.n += 1
            if self.n <= self.n_resets:
                conn.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, b"\1\0\0\0\0\0\0\0")
                conn.close()
                continue
            data = b"".join(iter(lambda: conn.recv(65536), b""))
            if not data.endswith(b"\n"):
                self.server.errors.append("a stream without a last newline")
            self.server.take_lines(data.decode().split("\n")[:-1])
            conn.close()

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.socket.shutdown(socket.SHUT_RDWR)
        self.socket.close()


class Bench:
    def __init__(self, brunt, target, folder):
        self.brunt, self.target, self.folder = brunt, target, folder

    def run(self, *outs, env=None, drain="10s"):
        folder = Path(tempfile.mkdtemp(dir=self.folder))
        summary = folder / "summary.json"
        (folder / "script.js").write_text(SCRIPT)
        command = [self.brunt, "run", "--quiet", "--spool-dir", str(folder / "spool"), "--drain-timeout", drain,
                   *(part for out in outs for part in ("-o", out)), str(folder / "script.js")]
        env = {**os.environ, "BASE_URL": self.target.url, "SUMMARY": str(summary), **(env or {})}
        done = subprocess.run(command, env=env, text=True, capture_output=True, timeout=60)
        metrics = json.loads(summary.read_text()) if summary.exists() else {}
        return done.returncode, done.stdout + done.stderr, {n: m["values"] for n, m in metrics.items()}


def check_counters(what, server, summary, prefix="brunt."):
    for name in COUNTERS:
        equal(f"{what}: {name} is that of the summary", server.total(prefix + name), summary[name]["count"])
    equal(f"{what}: checks", (server.total(f"{prefix}checks.nonzero"), server.total(f"{prefix}checks.zero")),
          (summary["checks"]["passes"], summary["checks"]["fails"]))


def test_plain(bench):
    server = Server()
    with Datagrams(server) as udp:
        code, said, summary = bench.run(f"statsd=127.0.0.1:{udp.address[1]}")
    equal("udp: it ends well", (code, server.errors), (0, []))
    check_counters("udp", server, summary)
    duration = summary["http_req_duration"]
    equal("udp: as many round trips", server.total("brunt.http_req_duration.count"), duration["count"])
    check("udp: their statistics", all(
        len(server.gauge(f"brunt.http_req_duration.{stat}")) == 1 for stat in ("avg", "min", "med", "p90", "p95", "p99")),
        server.gauges)
    check("udp: in milliseconds", 0 < server.gauge("brunt.http_req_duration.max")[0] <= duration["max"], duration)
    equal("udp: a gauge below zero", server.gauge("brunt.level"), [-1.5])
    equal("udp: one series for each name", len(server.series), len({name for name, _ in server.series}))
    check("udp: several lines in a packet", len(server.series) > server.packets / 4, server.packets)


def test_tags(bench):
    values = {"dogstatsd": "a:b_c_d_e;f=g_h", "graphite": "a_b_c_d,e_f=g_h", "influx": "a_b_c_d_e;f_g_h"}
    for form, odd in values.items():
        server = Server(form, 512)
        with Datagrams(server) as udp:
            code, said, summary = bench.run(f"statsd=udp://127.0.0.1:{udp.address[1]}?tags={form}&prefix=k6.&packet=512")
        equal(f"{form}: it ends well", (code, server.errors), (0, []))
        check_counters(form, server, summary, "k6.")
        equal(f"{form}: by tag", [server.total("k6.http_reqs", part=p) for p in ("p0", "p1", "p2")], [21, 21, 18])
        equal(f"{form}: cleaned", server.total("k6.http_reqs", odd=odd), 60)
        equal(f"{form}: a gauge below zero", set(server.gauge("k6.level")), {-1.5})


def test_datadog_socket(bench):
    server = Server("dogstatsd", 8192)
    path = tempfile.mktemp(dir=bench.folder)
    with Datagrams(server, path):
        code, said, summary = bench.run(f"datadog=unix://{path}?timers=samples&type=d")
    equal("unix: it ends well", (code, server.errors), (0, []))
    check_counters("unix", server, summary)
    got, expected = server.samples("brunt.http_req_duration"), summary["http_req_duration"]
    equal("unix: every sample", (len(got), min(got), max(got)), (expected["count"], expected["min"], expected["max"]))
    check("unix: their mean", abs(sum(got) / len(got) - expected["avg"]) < 1e-9 * expected["avg"], expected)


def test_stream(bench):
    server = Server()
    with Streams(server, n_resets=2) as tcp:
        code, said, summary = bench.run(f"statsd=tcp://127.0.0.1:{tcp.address[1]}?timers=samples&rate=0.5")
    equal("tcp: it ends well", (code, server.errors), (0, []))
    check_counters("tcp", server, summary)
    n = len(server.samples("brunt.http_req_duration"))
    check("tcp: about half of the samples", 12 <= n <= 48, n)
    equal("tcp: which the lines say", server.rates, {"0.500000000"})


def test_vocabulary(bench):
    """Names of a vocabulary, whose series are merged: there are no tags."""
    server = Server()
    with Datagrams(server) as udp:
        code, said, summary = bench.run(f"statsd=127.0.0.1:{udp.address[1]}?vocab=brunt")
    equal("vocab: it ends well", (code, server.errors), (0, []))
    equal("vocab: counters", (server.total("brunt_http_reqs_total"), server.total("brunt_iterations_total")),
          (summary["http_reqs"]["count"], summary["iterations"]["count"]))
    equal("vocab: distributions", server.total("brunt_http_req_duration_seconds.count"), summary["http_reqs"]["count"])
    check("vocab: in seconds", 0 < server.gauge("brunt_http_req_duration_seconds.max")[0] <=
          summary["http_req_duration"]["max"] / 1000 * 1.000001, server.gauges)
    equal("vocab: gauges", server.gauge("brunt_vus_max"), [3])


def test_away(bench):
    """Nobody listens at first; nothing is lost, because a refused packet is sent again."""
    server = Server()
    with Datagrams(server, after=1.5) as udp:
        code, said, summary = bench.run("statsd", env={"K6_STATSD_ADDR": f"127.0.0.1:{udp.address[1]}"})
    equal("away: it ends well", (code, server.errors), (0, []))
    check_counters("away", server, summary)


def test_never(bench):
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    code, said, _ = bench.run(f"statsd=127.0.0.1:{port}", f"statsd=unix://{bench.folder}/none",
                             drain="1s")
    check("never: told once for each", code == 115 and said.count("nobody listens there") == 1 and
          said.count("there is no such socket") == 1, (code, said))


def test_wrong(bench):
    for out, words in (("statsd=http://h:1", "no address of a StatsD server"), ("statsd=unix://a", "no absolute path"),
                       ("statsd=h:x", "no address of a StatsD server"), ("statsd?packet=10", "64 to 65507"),
                       ("statsd?rate=0", "above 0"), ("statsd?stats=p95", "no statistic"), ("statsd?tags=x", "tags"),
                       ("statsd?timers=samples&vocab=k6", "no vocabulary")):
        code, said, _ = bench.run(out)
        check(f"-o {out} is refused", code == 104 and words in said, (code, said))


def ask(port, command):
    with socket.create_connection(("127.0.0.1", port), timeout=10) as s:
        s.sendall(command.encode() + b"\n")
        text = b""
        while b"END" not in text:
            text += s.recv(65536)
    return text.decode()


def wait_for(try_it):
    """Until it no longer fails because nobody listens."""
    deadline = time.monotonic() + 10
    while True:
        try:
            return try_it()
        except OSError:
            if time.monotonic() > deadline:
                raise
            time.sleep(0.05)


def free_port(kind):
    with socket.socket(socket.AF_INET, kind) as s:
        s.bind(("127.0.0.1", 0))
        return s.getsockname()[1]


def test_real_server(bench, folder):
    """StatsD itself, over UDP and TCP; nothing is flushed while it runs, so it has the sums."""
    udp, tcp, management = free_port(socket.SOCK_DGRAM), free_port(socket.SOCK_STREAM), free_port(socket.SOCK_STREAM)
    config = Path(bench.folder) / "config.js"
    config.write_text(json.dumps({"servers": [{"server": "./servers/udp", "address": "127.0.0.1", "port": udp},
                                              {"server": "./servers/tcp", "address": "127.0.0.1", "port": tcp}],
                                  "mgmt_port": management, "mgmt_address": "127.0.0.1", "flushInterval": 3600000,
                                  "backends": []}))
    server = subprocess.Popen(["node", "stats.js", str(config)], cwd=folder, stdout=subprocess.DEVNULL)
    try:
        wait_for(lambda: ask(management, "counters"))
        code, said, summary = bench.run(f"statsd=127.0.0.1:{udp}", f"statsd=tcp://127.0.0.1:{tcp}?prefix=tcp.&timers=samples",
                                        f"statsd=127.0.0.1:{udp}?prefix=tag.&tags=dogstatsd")
        equal("real: it ends well", code, 0)
        counters, gauges = ask(management, "counters"), ask(management, "gauges")
        equal("real: no bad lines", re.search(r"bad_lines_seen': (\d+)", counters).group(1), "0")
        for name in COUNTERS:
            for prefix in ("brunt", "tcp"):
                equal(f"real: {prefix}.{name}", re.search(rf"'{prefix}\.{name}': ([\d.]+)", counters).group(1),
                      str(summary[name]["count"]))
        tagged = [int(n) for n in re.findall(r"'tag\.http_reqs;[^']*part=p\d[^']*': (\d+)", counters)]
        equal("real: by tag", sorted(tagged), [18, 21, 21])
        check("real: a gauge below zero", "'brunt.level': -1.5" in gauges, gauges)
    finally:
        server.terminate()
        server.wait()


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("brunt")
    parser.add_argument("--statsd", metavar="FOLDER")
    args = parser.parse_args()
    with Target(os.path.abspath(args.brunt)) as target, tempfile.TemporaryDirectory() as folder:
        bench = Bench(os.path.abspath(args.brunt), target, folder)
        tests = [test_plain, test_tags, test_datadog_socket, test_stream, test_vocabulary, test_away, test_never, test_wrong]
        if args.statsd:
            tests.append(lambda b: test_real_server(b, args.statsd))
        with concurrent.futures.ThreadPoolExecutor(4) as pool:
            for done in [pool.submit(test, bench) for test in tests]:
                done.result()
    return 1 if failures else 0


if __name__ == "__main__":
    sys.exit(main())
