#!/usr/bin/env python3
"""Graphite has what the summary says, to the last count: tests/sinks/graphite.py BRUNT

Lines, datagrams and pickles go to the real carbon and are read back through graphite-web; the JSON of Grafana Cloud
goes to a receiver of our own that is as strict as the service is said to be.
"""
import base64
import json
import math
import re
import socket
import struct
import sys
import threading
import time

from servers import INCOMPLETE, HERE, Graphite, Receiver, Target, check, finish, run

BRUNT = sys.argv[1]
SCRIPT = HERE / "graphite.js"
COUNTERS = {"brunt_http_reqs_total": "http_reqs", "brunt_iterations_total": "iterations",
            "brunt_data_sent_bytes_total": "data_sent", "brunt_orders_total": "orders"}


def near(a, b):
    return a is not None and math.isclose(a, b, rel_tol=1e-9)


def wanted(summary):
    return {name: summary[ours]["values"]["count"] for name, ours in COUNTERS.items()}


def tally(series):
    """The sum of the last values of series."""
    return sum(points[-1][0] for points in series) if series else None


def compare(name, read, want, seconds=20):
    """read() gives what is there by now; index and storage of carbon take a moment."""
    end = time.monotonic() + seconds
    while True:
        got = read()
        wrong = {k: (got.get(k), v) for k, v in want.items() if not near(got.get(k), v)}
        if not wrong or time.monotonic() > end:
            break
        time.sleep(0.2)
    check(name, want and not wrong, wrong)


# ---- carbon ----

def by_tag(graphite, since, prefix):
    return {name: tally([points for _, points in graphite.render(f"seriesByTag('name={prefix}{name}')", since)])
            for name in COUNTERS}


def test_carbon(graphite, target):
    """All ways into carbon at once, each under a prefix of its own."""
    since = time.time() - 5
    ways = {"lines": f"tcp://127.0.0.1:{graphite.line}?", "datagrams": f"udp://127.0.0.1:{graphite.line}?",
            "pickles": f"pickle://127.0.0.1:{graphite.pickle}?", "paths": f"127.0.0.1:{graphite.line}?tags=false&"}
    outs = [f"graphite={address}prefix={prefix}" for prefix, address in ways.items()]
    outs.append(f"graphite=127.0.0.1:{graphite.line}?vocab=leapwork")
    code, output, summary = run(BRUNT, target, outs, script=SCRIPT, more=["--tag", "run_id=r1"])
    check("carbon: exit code", code == 0, (code, output))
    for prefix in ("lines", "datagrams", "pickles"):
        compare(f"{prefix}: counters", lambda: by_tag(graphite, since, prefix + "."), wanted(summary))
    check_series(graphite, since, "lines", summary)
    check_paths(graphite, since, summary)
    check_leapwork(graphite, since, summary)


def check_leapwork(graphite, since, summary):
    """The queries that are asked of Leapwork's catalogue."""
    def ask(name, *filters):
        filters = "".join(f", '{f}'" for f in filters)
        return tally([points for _, points in graphite.render(f"seriesByTag('name=lp.run_results.{name}'{filters})", since)])

    compare("leapwork: seriesByTag", lambda: {
        "p95": ask("run.latency.p95_ms", "run_status=finished", "timeline_name=graphite.js"),
        "error rate": ask("run.error_rate_pct", "run_id=~.+"),
        "requests": ask("requests.total", "step_title=a_page"),
        "answers": ask("status_code.count", "status_code=200"),
    }, {"p95": summary["http_req_duration"]["values"]["p(95)"], "error rate": 0,
        "requests": summary["http_reqs"]["values"]["count"], "answers": summary["http_reqs"]["values"]["count"]})


def check_series(graphite, since, prefix, summary):
    name = f"{prefix}.brunt_http_req_duration_seconds"
    count = tally([p for _, p in graphite.render(f"seriesByTag('name={name}.count', 'run_id=r1')", since)])
    check("lines: count of a histogram", near(count, summary["http_req_duration"]["values"]["count"]), count)
    most = graphite.render(f"maxSeries(seriesByTag('name={name}.max', 'run_id=r1'))", since)
    top = max(value for value, _ in most[0][1]) if most else None
    check("lines: the greatest of a histogram, in seconds",
          top and math.isclose(top * 1000, summary["http_req_duration"]["values"]["max"], rel_tol=1e-6), top)
    rows = graphite.render(f"seriesByTag('name={prefix}.brunt_orders_total', 'hard=~.')", since)
    hard = {tags["hard"] for tags, _ in rows}
    want = {"_tilde", "semi_colon", "no_break", "line_end", "a{b=_c_}", "bang!^=", "ключ_значение", "x" * 191}
    check("lines: hard tags are mended and indexed", hard == want, hard ^ want)
    keys = {key for tags, _ in rows for key in tags}
    check("lines: keys are words", {"odd_key", "name", "name_"} <= keys, keys)


def check_paths(graphite, since, summary):
    def read():
        found = {}
        for name in ("brunt_iterations_total", "brunt_orders_total"):
            rows = [graphite.render(f"paths.{name}" + ".*" * depth, since) for depth in range(0, 13)]
            found[name] = tally([points for row in rows for _, points in row])
        return found

    want = wanted(summary)
    compare("paths: counters", read, {k: want[k] for k in ("brunt_iterations_total", "brunt_orders_total")})


# ---- acknowledgement ----

class Rude(threading.Thread):
    """A carbon that breaks the first connections off before it has read them."""

    def __init__(self, n):
        super().__init__(daemon=True)
        self.listener = socket.create_server(("127.0.0.1", 0))
        self.port, self.left, self.lines = self.listener.getsockname()[1], n, []
        self.start()

    def run(self):
        while True:
            connection, _ = self.listener.accept()
            with connection:
                if self.left:
                    self.left -= 1
                    connection.recv(10)
                    connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
                    continue
                text = b"".join(iter(lambda: connection.recv(65536), b""))
                self.lines += text.decode().splitlines()


def test_reset(target):
    rude = Rude(2)
    code, output, summary = run(BRUNT, target, [f"graphite=tcp://127.0.0.1:{rude.port}"], script=SCRIPT)
    last = {}
    for line in rude.lines:
        series, value, _ = line.split()
        last[series] = float(value)
    got = {name: sum(v for s, v in last.items() if s.split(";")[0] == name) for name in COUNTERS}
    check("resets: exit code", code == 0 and rude.left == 0, (code, rude.left, output))
    compare("resets: nothing is lost", lambda: got, wanted(summary), 0)


# ---- Grafana Cloud ----

class Cloud:
    """The ingest of Grafana Cloud; `faults` are answers to give first."""

    def __init__(self, faults=(), poison=None, key="1234:secret"):
        self.faults, self.poison, self.points, self.wrong = list(faults), poison, {}, []
        self.sizes, self.lock = [], threading.Lock()
        self.authorization = "Basic " + base64.b64encode(key.encode()).decode()

    def answer(self, handler, body):
        with self.lock:
            return self.judge(handler, body)

    def judge(self, handler, body):
        if handler.path != "/graphite/metrics":
            return 404, {}, b"404 page not found\n"
        if handler.headers["Authorization"] != self.authorization:
            return 401, {}, b"authentication error: invalid token\n"
        if handler.headers["Content-Type"] != "application/json" or handler.headers["Content-Encoding"]:
            return 415, {}, f'unknown content-type "{handler.headers["Content-Type"]}"\n'.encode()
        if self.faults:
            status, text = self.faults.pop(0)
            return status, {}, text
        try:
            points = json.loads(body, parse_constant=lambda _: None)
        except ValueError as error:
            return 400, {}, f"failed to parse metrics from body: {error}\n".encode()
        self.sizes.append(len(points))
        reason = next((r for r in map(self.reason, points) if r), None)
        if reason:
            return 400, {}, f"invalid metric data received: {reason}\n".encode()
        return self.store(points)

    def reason(self, point):
        name, tags = point.get("name"), point.get("tags", [])
        if not isinstance(name, str) or not name.strip("."):
            return "name cannot be empty"
        if not isinstance(point.get("interval"), int) or point["interval"] == 0:
            return "interval cannot be 0"
        if not isinstance(point.get("value"), (int, float)) or not isinstance(point.get("time"), int):
            return "invalid input"
        if self.poison and re.search(self.poison, " ".join([name, *tags])):
            return "invalid input"
        for tag in tags:
            key, _, value = tag.partition("=")
            if not key or not value or re.search("[;!^]", key) or ";" in value or value[0] == "~" or len(value.encode()) > 2048:
                return "invalid input"
            if re.search(r"[\x00-\x1f\x7f]", tag) or key == "name" or len({t.partition("=")[0] for t in tags}) != len(tags):
                self.wrong.append(tag)
        return None

    def store(self, points):
        for point in points:
            key = (point["name"], tuple(point.get("tags", ())), point["time"])
            if self.points.get(key, point["value"]) != point["value"]:
                self.wrong.append(f"another value for {key}")
            self.points[key] = point["value"]
        return 200, {}, json.dumps({"published": len(points)}).encode()

    def counters(self):
        last = {}
        for (name, tags, at), value in sorted(self.points.items(), key=lambda item: item[0][2]):
            last[name, tags] = value
        return {counter: sum(v for (name, _), v in last.items() if name == counter) for counter in COUNTERS}


def run_cloud(cloud, target, more=""):
    with Receiver(cloud.answer) as receiver:
        out = f"graphite={receiver.url}/graphite/metrics?username=1234&apiKey=env:KEY&interval=1s{more}"
        return run(BRUNT, target, [out], script=SCRIPT, env={"KEY": "secret"})


def test_cloud(target):
    cloud = Cloud(faults=[(429, b"too many requests: later\n"), (500, b"failed to push metric data\n"), (499, b"")])
    code, output, summary = run_cloud(cloud, target)
    check("Grafana Cloud: exit code", code == 0, (code, output))
    check("Grafana Cloud: every point is allowed", not cloud.wrong, cloud.wrong[:3])
    check("Grafana Cloud: at most 500 points in a request", cloud.sizes and max(cloud.sizes) <= 500, cloud.sizes)
    compare("Grafana Cloud: counters", cloud.counters, wanted(summary), 0)


def test_cloud_refusal(target):
    cloud = Cloud(poison=r"^brunt_orders_total .*semi_colon")
    code, output, summary = run_cloud(cloud, target)
    want = {**wanted(summary), "brunt_orders_total": wanted(summary)["brunt_orders_total"] - 4}
    check("one refused series: exit code", code == INCOMPLETE, (code, output))
    check("one refused series: the sentence", "invalid metric data received: invalid input" in output, output)
    compare("one refused series: everything else is there", cloud.counters, want, 0)


def test_cloud_token(target):
    code, output, _ = run_cloud(Cloud(key="1234:other"), target)
    check("wrong token: exit code", code == INCOMPLETE, (code, output))
    check("wrong token: the sentence", "Grafana publish failed with status 401: authentication error" in output, output)
    check("wrong token: it is not shown", "secret" not in output, output)


def test_usage(target):
    for out, words in (("graphite", "needs an address"), ("graphite=gopher://x", "and not"),
                       ("graphite=tcp://h:2003?interval=0s", "interval"), ("graphite=tcp://:2003", "host:port")):
        code, output, _ = run(BRUNT, target, [out], script=SCRIPT)
        check(f"-o {out} is refused", code == 104 and words in output, (code, output))


def main():
    with Target(BRUNT) as target:
        with Graphite() as graphite:
            test_carbon(graphite, target)
        for test in (test_reset, test_cloud, test_cloud_refusal, test_cloud_token, test_usage):
            test(target)
    finish()


if __name__ == "__main__":
    main()
