#!/usr/bin/env python3
"""The bridge tells what a real Locust tells, and nothing when it tells nothing: tests/bridge/locust.py BRUNT [LOCUST]

Locust swarms the demo target; Prometheus scrapes the bridge, which feeds outputs and the history (outputs.py). LOCUST is the command of a Locust other than Debian's,
"python3 -m locust" for instance: the current one is to pass as well. It is then a master with a worker; Debian's 2.12
does not know its own version and refuses its own workers.
"""
import csv
import json
import re
import shlex
import signal
import subprocess
import sys
import urllib.error
from pathlib import Path

HERE = Path(__file__).parent
sys.path.append(str(HERE.parent / "sinks"))

from outputs import Outputs  # noqa: E402
from servers import Process, Target, check, fetch, fetch_json, find_program, finish, free_ports, wait_for  # noqa: E402

SAMPLE = re.compile(r'^(\w+)(?:\{(.*)\})? (\S+)$')
LABEL = re.compile(r'(\w+)="((?:[^"\\]|\\.)*)"')

# The queries of dashboards 11985 and 20462; those of workers need one.
QUERIES = [
    "locust_running", "locust_users", "sum(locust_requests_current_rps)", 'locust_requests_num_requests{method=~""}',
    "locust_requests_fail_ratio", "locust_workers_count", 'locust_requests_num_failures{method=~""}',
    'sum(locust_requests_avg_content_length{method=~".+"}) by (method, name)',
    'sum(locust_requests_median_response_time{method=~".+"}) by (method, name)',
    "sum(locust_errors) by (method, name, error)", "avg(locust_requests_max_response_time)",
    "locust_requests_current_response_time_percentile_95", "locust_requests_current_response_time_percentile_50",
    'rate(locust_requests_num_requests{method=~".+"}[1m])', "locust_state", "locust_user_count", "locust_total_rps",
    "locust_fail_ratio", "locust_workers", 'sum(locust_requests_response_time_percentile_95{method=~".+"}) by (name)',
    'max(locust_requests_response_time_percentile_99)', "sum(locust_requests_ninetieth_response_time) by (name)", "locust_total_avg_response_time", "locust_workers_info",
    "sum(rate(locust_requests_total[1m]))",
]


class Locust(Process):
    def __init__(self, command, target, workers):
        super().__init__()
        self.command, self.workers = command, workers
        self.port, self.link = free_ports(2)
        self.url = f"http://127.0.0.1:{self.port}"
        self.common = ["-f", str(HERE / "locustfile.py"), "--host", target.url]

    def go(self):
        master = ["--master", "--master-bind-port", str(self.link)] if self.workers else []
        self.master = self.start(*self.command, *self.common, *master, "--web-host", "127.0.0.1", "--web-port",
                                 str(self.port))
        for _ in range(self.workers):
            self.start(*self.command, *self.common, "--worker", "--master-port", str(self.link))
        wait_for("Locust and its worker", self.is_ready, 30)

    def is_ready(self):
        if any(p.poll() is not None for p in self.procs):
            sys.exit(f"Locust ended:\n{self.logs()}")
        return len(self.stats().get("workers", [])) == self.workers

    def stats(self):
        return json.loads(fetch(self.url + "/stats/requests"))

    def swarm(self):
        fetch(self.url + "/swarm", b"user_count=5&spawn_rate=5",
              **{"Content-Type": "application/x-www-form-urlencoded"})

    def order(self, path):
        """Asked for by GET up to 2.40 or so, by POST since."""
        try:
            fetch(self.url + path)
        except urllib.error.HTTPError as e:
            if e.code != 405:
                raise
            fetch(self.url + path, b"")


class Bridge(Process):
    def __init__(self, brunt, url, *options):
        super().__init__()
        (port,) = free_ports(1)
        self.address = f"127.0.0.1:{port}"
        self.start(brunt, "bridge", "locust", "--url", url, "--listen", self.address, "--interval", "200ms",
                   "--timeout", "1s", *options)

    def page(self, path="/metrics"):
        return fetch(f"http://{self.address}{path}").decode()

    def samples(self, path="/metrics"):
        """{(name, sorted labels): value}"""
        found = {}
        for line in self.page(path).splitlines():
            match = SAMPLE.match(line)
            if match:
                labels = tuple(sorted(LABEL.findall(match[2] or "")))
                found[match[1], labels] = float(match[3])
        return found

    def value(self, metric, /, **labels):
        return self.samples().get((metric, tuple(sorted(labels.items()))))


class Prometheus(Process):
    def __init__(self, scraped):
        super().__init__()
        (port,) = free_ports(1)
        self.url = f"http://127.0.0.1:{port}"
        (self.path / "prometheus.yml").write_text(json.dumps({  # JSON is YAML
            "scrape_configs": [{"job_name": "locust", "scrape_interval": "1s", "scrape_timeout": "1s",
                                "static_configs": [{"targets": [scraped]}]}]}))
        self.start(find_program("prometheus", "prometheus"), f"--config.file={self.path}/prometheus.yml",
                   f"--storage.tsdb.path={self.path}/data", f"--web.listen-address=127.0.0.1:{port}")

    def rows(self, query):
        return fetch_json(self.url + "/api/v1/query", query=query)["data"]["result"]


def compare(bridge, stats, locust):
    """Every number that Locust tells is told on."""
    samples = bridge.samples()
    plain = {"num_requests": "num_requests", "num_failures": "num_failures", "avg_response_time": "avg_response_time",
             "median_response_time": "median_response_time", "min_response_time": "min_response_time",
             "max_response_time": "max_response_time", "avg_content_length": "avg_content_length"}
    for row in stats["stats"]:
        if row["name"] == "Aggregated":
            continue
        for key, name in plain.items():
            label = (("method", row["method"]), ("name", row["name"]))
            got = samples.get((f"locust_requests_{name}", label))
            check(f"{row['name']}: {key}", got == row[key], f"{got} of {row[key]}")
    for row in csv.DictReader(fetch(locust.url + "/stats/requests/csv").decode().splitlines()):
        for column, name in (("90%", "ninetieth_response_time"), ("95%", "response_time_percentile_95"),
                             ("99%", "response_time_percentile_99")):
            got = samples.get((f"locust_requests_{name}", (("method", row["Type"]), ("name", row["Name"]))))
            check(f"{row['Name']}: {column}", row["Name"] == "Aggregated" or got == float(row[column]), f"{got} of {row[column]}")
    total = next(row for row in stats["stats"] if row["name"] == "Aggregated")
    check("all requests", samples.get(("locust_requests_num_requests", (("name", "Aggregated"),))) ==
          total["num_requests"])
    check("fail ratio", samples.get(("locust_fail_ratio", ())) == stats["fail_ratio"])
    check("errors", sum(v for (name, _), v in samples.items() if name == "locust_errors") ==
          sum(e["occurrences"] for e in stats["errors"]))
    errors = [dict(labels)["error"] for (name, labels) in samples if name == "locust_errors"]
    check("an error reads as it was raised", any("404" in e for e in errors) and not any("&#" in e for e in errors),
          str(errors))
    check("workers", samples.get(("locust_workers_count", ())) == locust.workers)


def is_valid(page):
    lint = subprocess.run([find_program("promtool", "prometheus"), "check", "metrics"], input=page, text=True,
                          capture_output=True)
    # Names are the originals', and promtool does not like all of them; what it cannot read is an error.
    return "error while linting" not in lint.stderr and lint.returncode in (0, 3), lint.stderr


def has_boomers_names(samples):
    everything = (("method", "Aggregated"), ("path", "Aggregated"))
    return samples.get(("locust_user_count", ())) == 5 and samples.get(("locust_stats_num_requests", everything), 0) > 0


def queries_of(locust):
    return [q for q in QUERIES if locust.workers or "worker" not in q]


def while_it_runs(locust, bridge, prometheus, outputs):
    wait_for("users", lambda: bridge.value("locust_users") == 5, 30)
    wait_for("all endpoints", lambda: len(locust.stats()["stats"]) == 4, 30)
    # An answer of a Locust on a busy machine may come too late: then there are no numbers for a moment.
    wait_for("that it runs", lambda: bridge.value("locust_running") == 2)
    wait_for("its state", lambda: bridge.value("locust_state", state="running") == 1)
    wait_for("that it is up", lambda: bridge.value("locust_up") == 1)
    wait_for("boomer's names", lambda: has_boomers_names(bridge.samples("/export/prometheus")))
    for path in ("/metrics", "/export/prometheus"):
        check(f"{path} is valid", *is_valid(bridge.page(path)))
    wait_for("a rate in Prometheus", lambda: prometheus.rows("sum(rate(locust_requests_total[1m])) > 0"), 20)
    wait_for("a window of Locust's", lambda: prometheus.rows("locust_current_response_time_percentile_95"), 20)
    for query in queries_of(locust):
        check(f"Prometheus answers {query}", prometheus.rows(query))
    outputs.while_it_runs(queries_of(locust))


def after_it_stopped(locust, bridge, outputs):
    locust.order("/stop")
    wait_for("the end of the swarm", lambda: locust.stats()["state"] == "stopped", 20)
    seen = []

    def settled():  # Locust makes its statistics anew every two seconds
        seen.append(json.dumps(locust.stats()["stats"]))
        return len(seen) > 4 and len(set(seen[-4:])) == 1 or subprocess.run(["sleep", "0.7"]).returncode
    wait_for("final statistics", settled, 20)
    stats = locust.stats()
    wait_for("the same from the bridge", lambda: bridge.value("locust_requests_num_requests", name="Aggregated") ==
             stats["stats"][-1]["num_requests"])
    compare(bridge, stats, locust)
    check("it has stopped", bridge.value("locust_running") == 0)
    outputs.after_it_stopped(stats)


def when_it_is_away(locust, bridge, prometheus, outputs):
    before = bridge.value("locust_bridge_restarts_total")
    locust.order("/stats/reset")
    wait_for("zeros after a reset", lambda: bridge.value("locust_requests_num_requests", name="Aggregated") == 0)
    check("a reset is counted", bridge.value("locust_bridge_restarts_total") == before + 1)
    locust.swarm()
    outputs.when_it_is_killed(locust, 5)
    wait_for("locust_up 0", lambda: bridge.value("locust_up") == 0)
    left = {name for name, _ in bridge.samples() if not name.startswith("locust_bridge_")}
    check("no stale numbers", left == {"locust_up"}, str(left))
    wait_for("Prometheus sees it", lambda: prometheus.rows("locust_up == 0"))
    check("and no users", not prometheus.rows("locust_users"))
    said = re.findall("does not tell its statistics: .*", bridge.logs())
    check("each reason is in the log, once", 1 <= len(said) == len(set(said)) <= 2, bridge.logs())
    bridge.procs[0].send_signal(signal.SIGINT)
    bridge.procs[0].wait(20)
    outputs.after_the_bridge(bridge.procs[0], bridge.logs)


def odd_masters(brunt, target):
    """Answers that are no statistics."""
    for path, what in (("/", "no JSON"), ("/status/500", "status 500"), ("/json", "no list"), ("/basic-auth/a/b", "--user")):
        r = subprocess.run([brunt, "bridge", "locust", "--url", f"{target.url}{path}?", "--once"], capture_output=True,
                           text=True, timeout=20)
        check(f"{path}: said so", what in r.stderr and r.returncode == 1 and "locust_up 0" in r.stdout, r.stderr)
    for options, what in ((["--url", "ftp://x", "--once"], "--url"), (["-o", "leapwork"], "brunt publish"), (["-o", "x"], "x"),
                          (["-o", "null", "--once"], "--once"), (["--store", "/proc/no/such.db"], "--store")):
        r = subprocess.run([brunt, "bridge", "locust", *options], capture_output=True, text=True, timeout=20)
        check(f"{' '.join(options)}: refused", r.returncode == 104 and what in r.stderr, r.stderr)


def main(brunt, *command):
    workers = len(command)
    command = shlex.split(command[0]) if command else ["/usr/bin/python3", "-m", "locust"]
    with Target(brunt) as target:
        odd_masters(brunt, target)
        with Locust(command, target, workers) as locust:
            locust.go()
            with Outputs(brunt) as outputs, Bridge(brunt, locust.url, *outputs.options) as bridge, \
                    Prometheus(bridge.address) as prometheus:
                locust.swarm()
                while_it_runs(locust, bridge, prometheus, outputs)
                after_it_stopped(locust, bridge, outputs)
                when_it_is_away(locust, bridge, prometheus, outputs)
    finish()


if __name__ == "__main__":
    main(*sys.argv[1:])
