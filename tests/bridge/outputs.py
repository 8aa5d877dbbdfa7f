"""Where a bridge carries what a Locust tells, beside its own page: Prometheus by remote write, InfluxDB, and the history
of runs; what they have is compared with what the Locust says of itself."""
import json
import signal
import subprocess
import sys
from pathlib import Path

sys.path.append(str(Path(__file__).resolve().parent.parent / "sinks"))

from servers import Influx, Process, check, fetch, fetch_json, find_program, free_ports, wait_for  # noqa: E402

# Names of boomer's exporter, for dashboard 12081; those of the others are the caller's.
BOOMER = ["locust_user_count", "locust_fail_ratio", "locust_slave_count", "locust_errors", "locust_stats_num_requests",
          "locust_stats_num_failures", "locust_stats_avg_response_time", "locust_stats_max_response_time",
          'locust_stats_current_rps{method="Aggregated"}', 'locust_stats_current_fail_per_sec{method="Aggregated"}',
          'locust_stats_num_requests{method="Aggregated"}', 'locust_stats_num_failures{method="Aggregated"}',
          'locust_stats_avg_response_time{method="Aggregated"}', 'locust_stats_median_response_time{method="Aggregated"}',
          'locust_stats_current_rps{method!="Aggregated"}', 'locust_stats_avg_content_length{method="Aggregated"}',
          "sum(locust_errors) by (path, error)"]


DASHBOARD = Path(__file__).resolve().parents[2] / "dashboards" / "prometheus" / "locust.json"


def panels():
    """Our own dashboard of Locust, where the tree has it: (title, queries) with variables filled in."""
    if not DASHBOARD.exists():
        return []
    found = []
    for panel in json.loads(DASHBOARD.read_text())["panels"]:
        queries = [t["expr"] for t in panel.get("targets", []) if "expr" in t]
        for name, value in (("$__rate_interval", "30s"), ("$__range", "5m"), ("$job", ".*"), ("$instance", ".*"),
                            ("$master", ".*"), ("$task", ".*")):
            queries = [q.replace(name, value) for q in queries]
        if queries:
            found.append((panel["title"], queries))
    return found


class RemotePrometheus(Process):
    """Gets everything by remote write and scrapes nobody."""

    def __init__(self):
        super().__init__()
        (port,) = free_ports(1)
        self.url = f"http://127.0.0.1:{port}"
        (self.path / "prometheus.yml").write_text("{}")
        self.start(find_program("prometheus", "prometheus"), f"--config.file={self.path}/prometheus.yml",
                   "--web.enable-remote-write-receiver", f"--storage.tsdb.path={self.path}/data",
                   f"--web.listen-address=127.0.0.1:{port}")
        wait_for("the start of Prometheus", lambda: fetch(self.url + "/-/ready"))

    def rows(self, query):
        return fetch_json(self.url + "/api/v1/query", query=query)["data"]["result"]

    def value(self, query):
        rows = self.rows(query)
        return float(rows[0]["value"][1]) if rows else None


class Outputs:
    """The receivers, the file of the history, and the options of a bridge that feeds them."""

    def __init__(self, brunt):
        self.brunt, self.home, self.prometheus, self.influx = brunt, Process(), RemotePrometheus(), Influx()
        self.store = str(self.home.path / "runs.db")
        self.options = ["--store", self.store, "--spool-dir", str(self.home.path / "spool"),
                        "-o", f"remote-write={self.prometheus.url}/api/v1/write?interval=200ms",
                        "-o", f"influxdb={self.influx.url}/locust"]

    def __enter__(self):
        return self

    def __exit__(self, *_):
        for process in (self.home, self.prometheus, self.influx):
            process.__exit__()

    def history(self, store=None):
        """Runs as the history lists them, newest first."""
        done = subprocess.run([self.brunt, "history", "--json", "--store", store or self.store], capture_output=True, text=True)
        return json.loads(done.stdout)["runs"] if done.returncode == 0 else []

    def document(self, run):
        return json.loads(subprocess.run([self.brunt, "show", "--json", "--store", self.store, run["id"]], capture_output=True,
                                         text=True, check=True).stdout)

    def while_it_runs(self, queries):
        wait_for("a rate by remote write", lambda: self.prometheus.rows("sum(rate(locust_requests_total[1m])) > 0"), 20)
        for query in [*queries, *BOOMER]:
            check(f"by remote write: {query}", self.prometheus.rows(query))
        for title, asked in panels():
            if "locust_worker_detail" not in asked[0] or any("worker" in q for q in queries):
                check(f"panel \"{title}\"", any(map(self.prometheus.rows, asked)), asked)
        (run,) = wait_for("a run in the history", self.history)
        check("it is under way", run["state"] == "running" and run["kind"] == "locust", run)
        check("it has the name of the locustfile", run["script"] == "locustfile.py", run["script"])

    def after_it_stopped(self, stats):
        """All have the counts that Locust has."""
        total = next(row for row in stats["stats"] if row["name"] == "Aggregated")
        requests, failures = total["num_requests"], total["num_failures"]
        (run,) = wait_for("the end of the run", lambda: [r for r in self.history() if r["state"] == "finished"])
        check("the run's requests", run["headline"]["requests"] == requests, f"{run['headline']} of {requests}")
        check("the run's failures", abs(run["headline"]["failed"] - failures / requests) < 1e-9, run["headline"])
        check("the run's users", run["headline"]["vus_max"] == 5, run["headline"])
        check("the reason", run["reason"] == "Locust stopped the test" and run["exit_code"] == 0, run)
        self.check_document(self.document(run), stats)

        for vocab in ("brunt", "k6", "loadpilot", "locust", "leapwork"):
            done = subprocess.run([self.brunt, "publish", "--store", self.store, run["id"], "-o", f"null?vocab={vocab}"],
                                  capture_output=True, text=True)
            check(f"published under the names of {vocab}", done.returncode == 0 and "points delivered" in done.stdout,
                  done.stdout + done.stderr)
        wait_for("all counts by remote write", lambda: self.prometheus.value("sum(locust_requests_total)") == requests)
        for row in stats["stats"]:
            if row["name"] != "Aggregated":
                got = self.prometheus.value(f'locust_requests_num_requests{{name="{row["name"]}"}}')
                check(f"{row['name']} by remote write", got == row["num_requests"], f"{got} of {row['num_requests']}")
        wait_for("all counts in InfluxDB", lambda: self.influx_sum("http_reqs") == requests)
        rates = self.influx.query('SELECT sum("sum") AS failed, sum("count") AS judged FROM http_req_failed', "locust")
        check("failures in InfluxDB", (rates[0]["failed"], rates[0]["judged"]) == (failures, requests), rates)
        last = self.influx.query("SELECT last(value) FROM locust_requests_max_response_time GROUP BY \"name\"", "locust")
        check("gauges in InfluxDB", {r["name"]: r["last"] for r in last} ==
              {r["name"]: r["max_response_time"] for r in stats["stats"] if r["name"] != "Aggregated"}, last)

    def influx_sum(self, metric):
        rows = self.influx.query(f"SELECT sum(value) FROM {metric}", "locust")
        return rows and rows[0]["sum"]

    def check_document(self, document, stats):
        run, metrics = document["run"], {m["name"] for m in document["metrics"]["metrics"]} if isinstance(
            document["metrics"], dict) and "metrics" in document["metrics"] else set(document["metrics"])
        check("no distribution is made up", "http_req_duration" not in metrics and "locust_requests_avg_response_time" in metrics,
              metrics)
        check("the note says whose numbers they are", "Measured by Locust" in run["note"], run["note"])
        check("the generator is not judged", run["verdict"] is None, run["verdict"])
        kinds = [e["kind"] for e in document["events"]]
        check("what happened", kinds[:1] == ["start"] and kinds[-1:] == ["stop"], kinds)

    def when_it_is_killed(self, locust, users):
        """A test is swarmed, a second bridge comes to it and goes again, and then there is no Locust any more."""
        wait_for("a second run", lambda: len(self.history()) == 2)
        wait_for("requests of it", lambda: self.history()[0]["headline"]["requests"] > 0, 30)
        self.check_late_bridge(locust)
        locust.master.send_signal(signal.SIGKILL)
        run = wait_for("its interruption", lambda: next(iter(r for r in self.history() if r["state"] == "interrupted"), None), 20)
        check("the reason of the interruption", "does not answer any more" in run["reason"], run["reason"])
        check("the runs", [r["state"] for r in self.history()] == ["interrupted", "finished"])
        wait_for("locust_up 0 by remote write", lambda: self.prometheus.value("locust_up") == 0)
        left = {row["metric"]["__name__"] for row in self.prometheus.rows('{__name__=~"locust_.*"}')}
        check("nothing stale by remote write", {n for n in left if not n.startswith("locust_bridge_")} == {"locust_up"}, left)

    def check_late_bridge(self, locust):
        """It knows the master under two names, and its output is away."""
        store, (port,) = str(self.home.path / "late.db"), free_ports(1)
        late = self.home.start(self.brunt, "bridge", "locust", "--url", f"eu={locust.url}", "--url", f"us={locust.url}",
                               "--listen", f"127.0.0.1:{port}", "--store", store, "--interval", "200ms", "--drain-timeout", "500ms",
                               "--spool-dir", str(self.home.path / "late"), "-o", "influxdb=http://127.0.0.1:1/locust")
        try:
            wait_for("runs of the late bridge", lambda: len(self.history(store)) == 2 and
                     all(run["headline"]["requests"] > 0 for run in self.history(store)), 30)
        except SystemExit:
            print(self.home.logs(), self.history(store))
            raise
        late.send_signal(signal.SIGINT)
        check("a bridge whose output is away", late.wait(20) == 115 and "on disk" in self.home.logs(), self.home.logs())
        runs = self.history(store)
        check("its runs were stopped by its end", all(run["state"] == "stopped" and "bridge was ended" in run["reason"] for run in runs),
              runs)
        check("they are told apart", {run["tags"]["master"] for run in runs} == {"eu", "us"}, [run["tags"] for run in runs])

    def after_the_bridge(self, process, logs):
        """It was told to end: everything has been delivered, and it says so."""
        check("the bridge's exit code", process.returncode == 0, f"{process.returncode}\n{logs()}")
        check("its accounts", logs().count("delivered") == 2 and " lost" not in logs() and "on disk" not in logs(), logs())
        check("a line for each test", logs().count("; run 2") == 2, logs())
