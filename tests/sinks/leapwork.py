#!/usr/bin/env python3
"""Runs published as Leapwork Performance does, queried as its guide says: tests/sinks/leapwork.py BRUNT

A receiver of our own, strict by the service's rules, hands what it takes on to the real carbon; the guide's queries are
asked of the real graphite-web.
"""
import base64
import json
import os
import re
import socket
import stat
import subprocess
import sys
import tempfile
import threading
import time
from pathlib import Path

from servers import HERE, INCOMPLETE, Graphite, Receiver, Target, check, finish, run, wait_for

BRUNT = sys.argv[1]
SCRIPT = HERE / "graphite.js"
KEY = "glc_0123456789"
STEP = ["requests.total", "requests.failed", "bytes.sent", "bytes.received", "latency.min_ms", "latency.avg_ms",
        "latency.median_ms", "latency.p90_ms", "latency.p95_ms", "latency.p99_ms", "latency.max_ms"]
RUN = ["run.latency.avg_ms", "run.latency.p90_ms", "run.latency.p95_ms", "run.latency.p99_ms", "run.peak_throughput",
       "run.error_rate_pct", "run.duration_seconds", "run.peak_virtual_users"]
TRACK = ["track_item." + n for n in ("sequences_completed", "throughput", "virtual_users", "agents_alive",
                                     "sequences_running", "vum")]
SERIES = ["timeseries.requests_per_second", "timeseries.latency.avg_ms"]
CATALOGUE = {*STEP, *RUN, *TRACK, *SERIES, "status_code.count"}


class Cloud:
    """The ingest; `fault` is (status, text) for every request until it is taken away."""

    def __init__(self):
        self.points, self.sizes, self.wrong, self.fault, self.lock = {}, [], [], None, threading.Lock()
        self.authorization = "Basic " + base64.b64encode(f"3140687:{KEY}".encode()).decode()

    def answer(self, handler, body):
        with self.lock:
            if handler.headers["Authorization"] != self.authorization:
                return 401, {}, b"authentication error: invalid token\n"
            if handler.headers["Content-Type"] != "application/json":
                return 415, {}, f'unknown content-type "{handler.headers["Content-Type"]}"\n'.encode()
            if self.fault:
                return self.fault[0], {}, self.fault[1].encode()
            points = json.loads(body)
            self.sizes.append(len(points))
            for point in points:
                self.take(point)
            return 200, {}, json.dumps({"published": len(points)}).encode()

    def take(self, point):
        tags = dict(tag.split("=", 1) for tag in point["tags"])
        good = (isinstance(point["interval"], int) and point["interval"] > 0 and isinstance(point["time"], int)
                and isinstance(point["value"], (int, float)) and len(tags) == len(point["tags"]) and "name" not in tags
                and all(k and v and ";" not in v and v[0] != "~" for k, v in tags.items()))
        key = (point["name"], tuple(sorted(tags.items())), point["time"])
        if not good or self.points.get(key, point["value"]) != point["value"]:
            self.wrong.append(point)
        self.points[key] = point["value"]

    def select(self, name, **tags):
        return [value for (n, labels, _), value in self.points.items()
                if n == name and tags.items() <= dict(labels).items()]


def brunt(home, *words, text="", **env):
    environment = {**os.environ, "HOME": str(home), **env}
    environment.pop("XDG_CONFIG_HOME", None)
    done = subprocess.run([BRUNT, *map(str, words)], env=environment, input=text, text=True, capture_output=True, timeout=60)
    return done.returncode, done.stdout + done.stderr


# ---- connections ----

def test_connections(home, cloud, url):
    endpoint = url + "/graphite/metrics"
    code, said = brunt(home, "connection", "add", "prod", "--endpoint", endpoint, "--username", "3140687",
                       "--api-key-file", "-", "--default-tag", "env:prod", "--default-tag", "team=perf", text=KEY + "\n")
    file = home / ".config/brunt/connections.json"
    check("add", code == 0 and file.exists(), said)
    check("add: nobody else reads the file", stat.S_IMODE(file.stat().st_mode) == 0o600)
    for action in (["list"], ["list", "--json"], ["show", "prod"]):
        code, said = brunt(home, "connection", *action)
        check(f"{' '.join(action)}: without the key", code == 0 and endpoint in said and KEY not in said, said)
    code, said = brunt(home, "connection", "test", "prod")
    check("test: it works", code == 0 and "works" in said, said)
    for status, text, advice in ((401, "no", "instance's number"), (403, "no", "metrics:write"), (404, "no", "/graphite/metrics")):
        cloud.fault = (status, text)
        code, said = brunt(home, "connection", "test", "prod")
        check(f"test: {status}", code == 255 and f"status {status}" in said and advice in said and KEY not in said, said)
    cloud.fault = None
    for options, words in (([], "Grafana connection is missing endpoint"),
                           (["--endpoint", endpoint], "Grafana connection is missing username"),
                           (["--endpoint", url, "--username", "1"], "/graphite/metrics")):
        code, said = brunt(home, "connection", "add", "x", *options)
        check(f"add: {words}", code == 104 and words in said, said)
    code, said = brunt(home, "connection", "add", "x", "--endpoint", endpoint, "--username", "1", "--api-key-file", "-")
    check("add: an empty key", code == 104, said)
    file.chmod(0o644)
    code, said = brunt(home, "connection", "list")
    check("a file that others can read", code == 104 and "chmod 600" in said, said)
    file.chmod(0o600)


# ---- a run ----

def forward(cloud, graphite):
    """What the service does: the points become tagged series."""
    lines = "".join(f"{name};{';'.join(f'{k}={re.sub(chr(32), chr(95), v)[:190]}' for k, v in tags)} {value} {at}\n"
                    for (name, tags, at), value in cloud.points.items())
    with socket.create_connection(("127.0.0.1", graphite.line)) as connection:
        connection.sendall(lines.encode())


def query(graphite, name, *filters, since):
    target = ", ".join(repr(f) for f in (f"name=lp.run_results.{name}", *filters))
    return graphite.render(f"seriesByTag({target})", since)


def test_run(home, cloud, graphite, target, results):
    since = time.time() - 30
    env = {"HOME": str(home), "BRUNT_COMPANY_NAME": "leapwork", "BRUNT_PROJECT_NAME": "new_project",
           "BRUNT_TIMELINE_NAME": "new_timeline", "BRUNT_GEO_LOCATION": "northeurope"}
    code, output, summary = run(BRUNT, target, [], script=SCRIPT, env=env,
                                more=["--run-id", "r8_ynth", "--results-json", str(results)])
    check("run: published unasked", code == 0 and "Published Grafana batch 1" in output, (code, output))
    check("run: the closing line", re.search(r"Published \d+ Grafana metric points for run r8_ynth across \d+ batches", output), output)
    check("run: nothing wrong by the service's rules", not cloud.wrong and cloud.sizes and max(cloud.sizes) <= 500, cloud.wrong[:3])
    names = {name[len("lp.run_results."):] for name, _, _ in cloud.points}
    check("run: the whole catalogue", names == CATALOGUE, names ^ CATALOGUE)
    want = summary["http_reqs"]["values"]["count"]
    check("run: requests", sum(cloud.select("lp.run_results.requests.total")) == want, want)
    check("run: status codes", sum(cloud.select("lp.run_results.status_code.count", status_code="200")) == want)
    p95 = cloud.select("lp.run_results.run.latency.p95_ms", run_status="finished", env="prod", team="perf")
    exact = summary["http_req_duration"]["values"]["p(95)"]
    check("run: p95", len(p95) == 1 and abs(p95[0] - exact) <= 0.003 * exact, (p95, exact))
    running = [dict(tags)["run_status"] for (name, tags, _) in cloud.points if ".timeseries." in name]
    check("run: one status in time series", len(running) >= 2 and set(running) == {"running"}, running)
    test_queries(cloud, graphite, since, p95[0])


def test_queries(cloud, graphite, since, p95):
    forward(cloud, graphite)
    wait_for("the index of Graphite",
             lambda: query(graphite, "status_code.count", "status_code=200", since=since)
             and query(graphite, "run.latency.p95_ms", "run_id=r8_ynth", since=since), 20)
    run_name = next(dict(tags)["run_name"] for _, tags, _ in cloud.points)
    check("run_name", re.fullmatch(r"new_timeline_\d{14}", run_name), run_name)
    for name, *filters in (("run.latency.p95_ms",), ("run.latency.p99_ms",), ("run.peak_throughput",),
                           ("run.error_rate_pct",), ("run.latency.p95_ms", "run_id=r8_ynth"),
                           ("run.latency.p95_ms", "timeline_name=new_timeline"),
                           ("run.latency.p95_ms", f"run_name={run_name}"),
                           ("latency.p95_ms", "step_title=a_page"),
                           ("latency.p95_ms", "timeline_name=new_timeline", "run_status=finished"),
                           ("timeseries.requests_per_second",), ("timeseries.latency.avg_ms",),
                           ("status_code.count", "status_code=200"),
                           ("latency.p95_ms", "company_name=leapwork", "project_name=new_project", "geo_location=northeurope")):
        rows = wait_for(f"an answer to {name} {filters}", lambda: query(graphite, name, *filters, since=since), 20)
        check(f"query {name} {' '.join(filters)}", rows and rows[0][1], rows)
    rows = query(graphite, "run.latency.p95_ms", "run_id=r8_ynth", since=since)
    check("query: the value", abs(rows[0][1][-1][0] - p95) < 1e-9, (rows, p95))
    check("query: nothing of another run", not query(graphite, "run.latency.p95_ms", "run_id=other", since=since))


def test_failure(home, cloud, target):
    """The service refuses the token: the load goes on, the exit code says it."""
    cloud.fault = (401, "authentication error: invalid token")
    code, output, _ = run(BRUNT, target, [], script=SCRIPT, env={"HOME": str(home)}, more=["--run-id", "r9", "--spool-dir", "off", "--drain-timeout", "1s"])
    check("refused: exit code", code == INCOMPLETE, (code, output))
    check("refused: in words", "Grafana publish failed with status 401" in output
          and "Failed to publish run r9 to Grafana" in output and KEY not in output, output)
    cloud.fault = None
    n = len(cloud.points)
    code, output, _ = run(BRUNT, target, [], script=SCRIPT, env={"HOME": str(home)}, more=["--no-publish"])
    check("--no-publish", code == 0 and len(cloud.points) == n, output)


# ---- publish ----

def test_publish(home, cloud, results, target):
    before = dict(cloud.points)
    code, said = brunt(home, "publish", results, "--to", "prod")
    check("publish: the same points again", code == 0 and cloud.points == before and not cloud.wrong, said)
    code, said = brunt(home, "publish", results, "-o", f"graphite={cloud.url}/graphite/metrics?username=3140687&apiKey={KEY}&prefix=again")
    want = sum(v for (n, _, _), v in before.items() if n == "lp.run_results.requests.total")
    check("publish: to any output", code == 0 and sum(cloud.select("again.brunt_http_reqs_total")) == want, said)
    old = json.loads(results.read_text())
    old["run"]["ended_ms"] -= 7200_000
    path = home / "old.json"
    path.write_text(json.dumps(old))
    code, said = brunt(home, "publish", path, "--to", "prod")
    check("publish: a warning of age", "older than an hour" in said, said)
    for name, change, words in (("metrics", lambda d: d["metrics"][0].update(type="sum"), "metrics[0].type"),
                                ("hist", lambda d: d["metrics"][0]["series"][0].update(n="x"), "metrics[0].series[0]"),
                                ("version", lambda d: d.update(version=2), "version"),
                                ("run", lambda d: d["run"].pop("id"), "run.id: is missing")):
        bad = json.loads(results.read_text())
        change(bad)
        path.write_text(json.dumps(bad))
        code, said = brunt(home, "publish", path, "--to", "prod")
        check(f"publish: bad {name}", code == 255 and words in said, said)
    code, said = brunt(home, "publish", results, "--to", "nobody")
    check("publish: an unknown connection", code == 104 and "there is no connection" in said, said)
    code, said = brunt(home, "publish", results)
    check("publish: nowhere", code == 255 and "--to" in said, said)


def main():
    cloud = Cloud()
    with tempfile.TemporaryDirectory(prefix="brunt-test-") as folder, Receiver(cloud.answer) as receiver, \
            Target(BRUNT) as target, Graphite() as graphite:
        home, results = Path(folder), Path(folder) / "results.json"
        cloud.url = receiver.url
        test_connections(home, cloud, receiver.url)
        test_run(home, cloud, graphite, target, results)
        test_failure(home, cloud, target)
        test_publish(home, cloud, results, target)
    finish()


main()
