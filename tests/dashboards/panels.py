#!/usr/bin/env python3
"""Every panel of dashboards has data of a run of ours, or a reason that lies in the dashboard:
tests/dashboards/panels.py BRUNT [--feed NAME]... [--markdown FILE]

A feed is a run against the demo target, or a swarm of Locust behind the bridge, into a real server. Then `brunt
dashboard check` asks every query of the public dashboards that name the feed (public/*.txt). A query whose reason is
written down has to be empty indeed. With --markdown the table is written for docs/dashboards-checked.md.

The feeds named own-… and bridge-… are for the dashboards of the tree, below dashboards/ or the folder of --own; own.txt has their
reasons.

Flux needs InfluxDB 2, which Debian has not: BRUNT_TEST_INFLUXD2 names its program.
"""
import argparse
import contextlib
import json
import os
import re
import subprocess
import sys
import tempfile
import time
from pathlib import Path

HERE = Path(__file__).resolve().parent
sys.path += [str(HERE.parent / "sinks"), str(HERE.parent / "bridge")]

import public_board  # noqa: E402
from servers import (Graphite, Influx, Process, Target, check, fetch, fetch_json, find_program, finish, free_ports,  # noqa: E402
                     wait_for)

SCRAPE = "500ms"


class Prometheus(Process):
    """Takes remote writes with native histograms, and scrapes."""

    def __init__(self, scrape=None):
        super().__init__()
        (port,) = free_ports(1)
        self.url = f"http://127.0.0.1:{port}"
        scrapes = [{"job_name": "test", "honor_labels": True, "static_configs": [{"targets": [scrape]}]}] if scrape else []
        config = {"global": {"scrape_interval": SCRAPE, "scrape_timeout": SCRAPE}, "scrape_configs": scrapes}
        (self.path / "prometheus.yml").write_text(json.dumps(config))  # JSON is YAML
        self.start(find_program("prometheus", "prometheus"), f"--config.file={self.path}/prometheus.yml",
                   f"--storage.tsdb.path={self.path}/data", f"--web.listen-address=127.0.0.1:{port}",
                   "--web.enable-remote-write-receiver", "--enable-feature=native-histograms")
        wait_for("the start of Prometheus", lambda: fetch(self.url + "/-/ready"))

    def rows(self, query):
        return fetch_json(self.url + "/api/v1/query", query=query)["data"]["result"]

    def wait_scraping(self):
        wait_for("a target that Prometheus knows",
                 lambda: fetch_json(self.url + "/api/v1/targets")["data"]["activeTargets"])


class Influx2(Process):
    """InfluxDB 2, set up with an organisation and the bucket loadtests."""

    def __init__(self, program):
        super().__init__()
        (port,) = free_ports(1)
        self.url = f"http://127.0.0.1:{port}"
        self.token = "a token for tests"
        self.start(program, "--bolt-path", f"{self.path}/bolt", "--engine-path", f"{self.path}/engine",
                   "--sqlite-path", f"{self.path}/sqlite", "--http-bind-address", f"127.0.0.1:{port}",
                   "--reporting-disabled")
        wait_for("the start of InfluxDB 2", lambda: fetch(self.url + "/health"), 60)
        fetch(self.url + "/api/v2/setup", json.dumps({"username": "test", "password": "a password", "org": "test",
                                                      "bucket": "loadtests", "token": self.token}).encode())

    def ask(self, query):
        """The answer to a Flux query, as CSV."""
        return fetch(self.url + "/api/v2/query?org=test", query.encode(), Authorization=f"Token {self.token}",
                     Content_Type="application/vnd.flux")


class Swarm(Process):
    """A Locust and the bridge before it. Debian's is alone, because it refuses its own workers; the one that
    BRUNT_TEST_LOCUST names is a master with a worker."""

    def __init__(self, brunt, target, *outs):
        super().__init__()
        web, self.listen, link = free_ports(3)
        self.url = f"http://127.0.0.1:{web}"
        other = os.environ.get("BRUNT_TEST_LOCUST", "").split()
        command = other or [find_program("locust", "python3-locust")]
        common = ["-f", str(HERE.parent / "bridge" / "locustfile.py"), "--host", target.url]
        self.start(*command, *common, *(["--master", "--master-bind-port", str(link)] if other else []), "--web-host",
                   "127.0.0.1", "--web-port", str(web))
        if other:
            self.start(*command, *common, "--worker", "--master-port", str(link))
        wait_for("the start of Locust", lambda: len(self.stats().get("workers", [])) == bool(other), 60)
        self.address = f"127.0.0.1:{self.listen}"
        self.start(brunt, "bridge", "locust", "--url", self.url, "--listen", self.address, "--interval", SCRAPE,
                   "--store", str(self.path / "runs.db"), "--spool-dir", str(self.path / "spool"),
                   *(part for out in outs for part in ("-o", out)))

    def stats(self):
        return fetch_json(self.url + "/stats/requests")

    def go(self):
        fetch(self.url + "/swarm", b"user_count=5&spawn_rate=5", Content_Type="application/x-www-form-urlencoded")

    def words(self):
        """What reasons of data files go by: there are workers or not."""
        return ["bridge", *([] if self.stats().get("workers") else ["no-workers"])]


# ---- runs ----

def run(brunt, target, *options, script="feed.js", env=()):
    with tempfile.TemporaryDirectory(prefix="brunt-test-") as home:
        done = subprocess.run([brunt, "run", "--quiet", "--tag", "testid=panels", *options, str(HERE / script)],
                              env={**os.environ, "HOME": home, "XDG_DATA_HOME": home, "BASE_URL": target.url, **dict(env)},
                              text=True, capture_output=True, timeout=90)
    check(f"the run with {options[-1]}", done.returncode == 0, done.stdout + done.stderr)


class Scraped:
    """A run that Prometheus scrapes; what it knows at the last moment of the run is asked for."""

    def __init__(self, vocabulary):
        self.vocabulary = vocabulary

    @contextlib.contextmanager
    def __call__(self, brunt, target):
        (port,) = free_ports(1)
        with Prometheus(f"127.0.0.1:{port}") as server, Process() as ours:
            server.wait_scraping()
            env = {**os.environ, "BASE_URL": target.url, "HOME": str(ours.path), "DURATION": "60s"}
            ours.start(brunt, "run", "--quiet", "-o", f"prometheus=127.0.0.1:{port}?vocab={self.vocabulary}",
                       str(HERE / "feed.js"), env=env)
            wait_for("a rate of failures", lambda: server.rows('rate(locust_requests_num_failures{name="missing"}[1m]) > 0'
                                                               if self.vocabulary == "locust" else
                                                               "rate(loadpilot_errors_total[10s]) > 0"), 40)
            time.sleep(2)  # some more points, which nobody waits for
            yield ["--prometheus", server.url], []


@contextlib.contextmanager
def locust(brunt, target):
    """A swarm, seen through the bridge."""
    with Swarm(brunt, target) as swarm, Prometheus(swarm.address) as server:
        swarm.go()
        wait_for("a rate of failures",
                 lambda: server.rows('rate(locust_requests_num_failures{method!="",name="/missing"}[1m]) > 0'), 60)
        wait_for("a percentile of Locust's", lambda: server.rows("locust_requests_current_response_time_percentile_95"), 60)
        yield ["--prometheus", server.url], swarm.words()


# A swarm, which the bridge carries to a database; it is asked when it has these, which Locust tells last.
NEEDED = ("locust_requests_current_fail_per_sec", "locust_current_response_time_percentile_95", "locust_errors")


@contextlib.contextmanager
def bridge_influxql(brunt, target):
    with Influx() as server, Swarm(brunt, target, f"influxdb={server.url}/locust") as swarm:
        server.query("CREATE DATABASE locust")  # as the bridge does; it may be asked before
        swarm.go()
        for name in NEEDED:
            wait_for(f"points of {name}", lambda n=name: server.query(f"SELECT last(value) FROM {n} WHERE value > 0", "locust"), 60)
        yield ["--influxdb", f"{server.url}?db=locust"], swarm.words()


@contextlib.contextmanager
def bridge_flux(brunt, target):
    with Influx2(os.environ["BRUNT_TEST_INFLUXD2"]) as server:
        os.environ["BRUNT_INFLUXDB2_TOKEN"] = server.token
        out = f"xk6-influxdb={server.url}/loadtests?organization=test&token=env:BRUNT_INFLUXDB2_TOKEN"
        with Swarm(brunt, target, out) as swarm:
            swarm.go()
            for name in NEEDED:
                wait_for(f"points of {name}", lambda n=name: b"_result" in server.ask(
                    f'from(bucket: "loadtests") |> range(start: -2m) |> filter(fn: (r) => r._measurement == "{n}" and r._field == '
                    '"value" and r._value > 0.0)'), 60)
            yield ["--influxdb2", f"{server.url}?org=test&bucket=loadtests"], swarm.words()


@contextlib.contextmanager
def bridge_graphite(brunt, target):
    with Graphite() as server, Swarm(brunt, target, f"graphite=127.0.0.1:{server.line}") as swarm:
        since = time.time()
        swarm.go()
        for name in NEEDED:
            wait_for(f"points of {name}", lambda n=name: any(value for _, points in server.render(
                f"seriesByTag('name={n}')", since) for value, _ in points), 60)
        time.sleep(6)  # rates are of steps of five seconds, and need two
        yield ["--graphite", server.url], swarm.words()


class Written:
    """A run that writes to Prometheus as k6 does, with percentiles or with native histograms."""

    def __init__(self, **env):
        self.env = {f"K6_PROMETHEUS_RW_{name.upper()}": value for name, value in env.items()}

    @contextlib.contextmanager
    def __call__(self, brunt, target):
        with Prometheus() as server:
            run(brunt, target, "-o", f"experimental-prometheus-rw={server.url}/api/v1/write",
                env={"K6_PROMETHEUS_RW_PUSH_INTERVAL": "500ms", **self.env})
            yield ["--prometheus", server.url], []


@contextlib.contextmanager
def influxdb(brunt, target):
    with Influx() as server:
        run(brunt, target, "-o", f"influxdb={server.url}/k6")
        yield ["--influxdb", f"{server.url}?db=k6"], []


class Flux:
    def __init__(self, script="feed.js", options=""):
        self.script, self.options = script, options

    @contextlib.contextmanager
    def __call__(self, brunt, target):
        with Influx2(os.environ["BRUNT_TEST_INFLUXD2"]) as server:
            os.environ["BRUNT_INFLUXDB2_TOKEN"] = server.token
            run(brunt, target, "-o", f"xk6-influxdb={server.url}/loadtests?organization=test&token=env:BRUNT_INFLUXDB2_TOKEN"
                + self.options, script=self.script)
            yield ["--influxdb2", f"{server.url}?org=test&bucket=loadtests"], []


# ---- for our own dashboards: two runs, told apart by testid ----

def two_runs(brunt, target, *options):
    for testid in ("first", "second"):
        run(brunt, target, "--tag", f"testid={testid}", *options)


@contextlib.contextmanager
def own_prometheus(brunt, target):
    (port,) = free_ports(1)
    with Prometheus(f"127.0.0.1:{port}") as server, Process() as ours:
        server.wait_scraping()
        # Some queries look at every fifth second, so each run has more of them.
        run(brunt, target, "--tag", "testid=first", "-o", f"prometheus=127.0.0.1:{port}", env={"DURATION": "7s"})
        env = {**os.environ, "BASE_URL": target.url, "HOME": str(ours.path), "DURATION": "60s"}
        ours.start(brunt, "run", "--quiet", "--tag", "testid=second", "-o", f"prometheus=127.0.0.1:{port}",
                   str(HERE / "feed.js"), env=env)
        wait_for("a rate of the second run", lambda: server.rows('rate(brunt_http_reqs_total{testid="second"}[5s]) > 0'), 40)
        time.sleep(6)
        yield ["--prometheus", server.url], []


@contextlib.contextmanager
def own_influxql(brunt, target):
    with Influx() as server:
        two_runs(brunt, target, "-o", f"influxdb={server.url}/k6")
        yield ["--influxdb", f"{server.url}?db=k6"], []


@contextlib.contextmanager
def own_flux(brunt, target):
    with Influx2(os.environ["BRUNT_TEST_INFLUXD2"]) as server:
        os.environ["BRUNT_INFLUXDB2_TOKEN"] = server.token
        two_runs(brunt, target, "-o", f"xk6-influxdb={server.url}/loadtests?organization=test&token=env:BRUNT_INFLUXDB2_TOKEN")
        yield ["--influxdb2", f"{server.url}?org=test&bucket=loadtests"], []


@contextlib.contextmanager
def own_graphite(brunt, target):
    with Graphite() as server:
        two_runs(brunt, target, "-o", f"graphite=127.0.0.1:{server.line}?vocab=brunt,leapwork")
        wait_for("the series of both runs", lambda: len(fetch_json(server.url + "/tags/autoComplete/values", tag="run_id",
                                                                   expr="name=lp.run_results.run.duration_seconds")) == 2)
        yield ["--graphite", server.url], []


# Name, how it is fed, what is said of it in the table, and other feeds' dashboards that it shows as well.
FEEDS = {
    "loadpilot": (Scraped("loadpilot"), "`brunt run -o prometheus?vocab=loadpilot`, scraped"),
    "locust-run": (Scraped("locust"), "`brunt run -o prometheus?vocab=locust`, scraped"),
    "locust": (locust, "a swarm of Locust behind `brunt bridge locust`, scraped"),
    "k6-stats": (Written(trend_stats="min,max,avg,p(95),p(99)"), "`brunt run -o experimental-prometheus-rw`"),
    "k6-histograms": (Written(trend_as_native_histogram="true"),
                      "`brunt run -o experimental-prometheus-rw`, native histograms"),
    "influxdb": (influxdb, "`brunt run -o influxdb`, InfluxDB 1"),
    "influxdb2": (Flux(), "`brunt run -o xk6-influxdb`, InfluxDB 2"),
    "artillery": (Flux("artillery.js", "&tagsAsFields=" + ",".join(f"{name}:float" for name in (
        "rps", "latency", "codes", "scenarioDuration", "scenarioCounts"))), "`brunt run -o xk6-influxdb`, InfluxDB 2"),
    "own-prometheus": (own_prometheus, "two runs with `-o prometheus`, scraped"),
    "own-locust": (locust, "a swarm of Locust behind `brunt bridge locust`, scraped"),
    "bridge-influxql": (bridge_influxql, "a swarm of Locust behind `brunt bridge locust -o influxdb`, InfluxDB 1"),
    "bridge-flux": (bridge_flux, "a swarm of Locust behind `brunt bridge locust -o xk6-influxdb`, InfluxDB 2"),
    "bridge-graphite": (bridge_graphite, "a swarm of Locust behind `brunt bridge locust -o graphite`"),
    "own-influxql": (own_influxql, "two runs with `-o influxdb`, InfluxDB 1"),
    "own-flux": (own_flux, "two runs with `-o xk6-influxdb`, InfluxDB 2"),
    "own-graphite": (own_graphite, "two runs with `-o graphite?vocab=brunt,leapwork`"),
}
ALSO = {"locust-run": "locust"}  # shows the dashboards of that feed
COMMON = ("live", "history", "compare", "generator", "locust")  # of ours; those of the gallery need its scripts
NEEDS_INFLUXD2 = ("influxdb2", "artillery", "own-flux", "bridge-flux")


# ---- what a dashboard shows ----

class OwnBoard:
    """A dashboard of the tree, with the lines of own.txt that are about it."""

    def __init__(self, path):
        self.path, self.name = path, f"{path.parent.name}/{path.stem}"
        self.facts = {"title": json.loads(path.read_text())["title"]}
        lines = (HERE / "own.txt").read_text().splitlines()
        rows = [[part.strip() for part in line.split("|")] for line in lines if line and not line.startswith("#")]
        self.reasons = {(title, ref): (when, text) for name, title, ref, when, text in rows if name == self.name}

    def titles(self, r):
        """PANEL may have the row before it, where a title alone is not enough."""
        return [r["title"], f"{r['row']} / {r['title']}"]

    def reason(self, title, ref, words):
        when, text = self.reasons.get((title, ref), (None, None))
        return text if when == "always" or when in words else None

    def may_be_empty(self, title, ref):
        return self.reasons.get((title, ref), [None])[0] == "sometimes"

    def file(self, _):
        return self.path


class PublicBoard:
    """One of public/*.txt, made into a file."""

    def __init__(self, board):
        self.board, self.name, self.facts, self.reason = board, board.name, board.facts, board.reason

    def titles(self, r):
        """What the panels may be called in the data file whose result this is: titles have variables."""
        return [p.title for _, _, panels in self.board.rows for p in panels
                if same(p.title, r["title"]) and any(t.ref == r["ref"] for t in p.targets)]

    def may_be_empty(self, *_):
        return False

    def file(self, folder):
        path = Path(folder) / f"{self.name}.json"
        path.write_text(json.dumps(public_board.to_json(self.board)))
        return path


def boards_of(feed, own):
    """The dashboards that a feed shows. The bridge's is among Prometheus' of ours."""
    kind, is_bridge = re.sub("^(own|bridge)-", "", feed), feed == "own-locust" or feed.startswith("bridge-")
    if kind == feed:
        return [PublicBoard(b) for b in public_board.read_all() if b.facts["feed"] == ALSO.get(feed, feed)]
    paths = sorted((own / ("prometheus" if kind == "locust" else kind)).glob("*.json"))
    return [OwnBoard(p) for p in paths if p.stem in COMMON and (p.stem == "locust") == is_bridge]


def ask(brunt, board, servers, since, folder):
    """The results of `brunt dashboard check`, as it prints them."""
    done = subprocess.run([brunt, "dashboard", "check", str(board.file(folder)), *servers, "--json", "--scrape-interval", SCRAPE,
                           "--from", str(int(since * 1000)), "--to", "now"], text=True, capture_output=True, timeout=120)
    if done.returncode not in (0, 1):
        check(f"{board.name}: it is checked", False, done.stderr)
        return []
    return json.loads(done.stdout)["dashboards"][0]["queries"]


def judge(board, results, words):
    """[(row, title, ref, result, words, hidden)] of a dashboard, each compared with what is written of it."""
    lines = []
    for r in results:
        if r["result"] == "skipped":
            continue
        reason = next(filter(None, (board.reason(title, r["ref"], [r["title"], *words]) for title in board.titles(r))), None)
        place = f"{board.name}: {r['title'] or r['row'] or '(untitled)'} {r['ref']}"
        if reason:
            check(f"{place} is empty: {reason}", r["result"] != "ok", f"{r['points']} points")
        elif not r["hidden"] and not any(board.may_be_empty(title, r["ref"]) for title in board.titles(r)):
            check(place, r["result"] == "ok", r.get("why", ""))
        lines.append((r["row"], r["title"], r["ref"], r["result"], reason or r.get("why", ""), r))
    return lines


def same(written, shown):
    """Whether a title with variables is that title with values in it."""
    head, dollar, rest = written.partition("$")
    return written == shown if not dollar else shown.startswith(head) and shown.endswith(rest.partition(" ")[2])


# ---- the table ----

def escaped(text):
    return text.replace("|", "\\|").replace("$", "\\$").replace("*", "\\*") if text else ""


def markdown(tables, skipped):
    out = ["# Dashboards that were checked", "",
           "Made by `tests/dashboards/panels.py --markdown`: each query of each dashboard, asked of a real server after a real",
           "run. A query without data has the reason beside it.", ""]
    for board, how, lines in tables:
        ok = sum(line[3] == "ok" for line in lines)
        out += [f"## {board.facts['title']} ({board.name})", "", f"Fed by {how}. {ok} of {len(lines)} queries have data.", "",
                "| panel | query | result |", "|---|---|---|"]
        last = None
        for row, title, ref, result, words, r in lines:
            place = " / ".join(filter(None, (row, title))) or "(untitled)"
            what = f"{r['series']} series, {r['points']} points" if result == "ok" else f"**{result}**: {escaped(words)}"
            out.append(f"| {escaped(place) if place != last else ''} | {ref}{' (hidden)' if r['hidden'] else ''} | {what} |")
            last = place
        out.append("")
    for name in skipped:
        out += [f"Not asked this time, because there was no InfluxDB 2: what `{name}` feeds.", ""]
    return "\n".join(out).rstrip() + "\n"


def show(board, how, lines):
    print(f"\n{board.facts['title']} ({board.name}): {how}")
    for row, title, ref, result, words, r in lines:
        what = f"{r['series']} series, {r['points']} points" if result == "ok" else words
        place = " / ".join(filter(None, (row, title))) or "(untitled)"
        print(f"  {place[:50]:50} {ref}  {result:6} {what}{' (hidden)' if r['hidden'] else ''}")


def main():
    parser = argparse.ArgumentParser(usage=__doc__)
    parser.add_argument("brunt")
    parser.add_argument("--feed", action="append")
    parser.add_argument("--markdown")
    parser.add_argument("--own", type=Path, default=HERE.parents[1] / "dashboards")
    options = parser.parse_args()
    tables, skipped = [], []
    with Target(options.brunt) as target, tempfile.TemporaryDirectory(prefix="brunt-test-") as folder:
        for name in options.feed or FEEDS:
            feed, how = FEEDS[name]
            if name in NEEDS_INFLUXD2 and not os.environ.get("BRUNT_TEST_INFLUXD2"):
                print(f"skip {name}: BRUNT_TEST_INFLUXD2 names no InfluxDB 2")
                skipped.append(name)
                continue
            boards, since = boards_of(name, options.own), time.time()
            if not boards:
                continue
            with feed(options.brunt, target) as (servers, words):
                for board in boards:
                    lines = judge(board, ask(options.brunt, board, servers, since, folder), words)
                    tables.append((board, how, lines))
                    show(board, how, lines)
    if options.markdown:
        Path(options.markdown).write_text(markdown(tables, skipped))
    finish()


if __name__ == "__main__":
    main()
