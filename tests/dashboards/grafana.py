#!/usr/bin/env python3
"""A real Grafana takes our dashboards, and each panel shows a run: tests/dashboards/grafana.py BRUNT GRAFANA_HOME

GRAFANA_HOME is a folder as Grafana's archives unpack to (bin/, conf/, public/). Not a part of the usual suite, because
Debian has no Grafana; with BRUNT_TEST_GRAFANA=/path/to/home in the environment `ctest -R dashboard_grafana` runs it,
and with BRUNT_TEST_INFLUXD2=/path/to/influxd the dashboards in Flux are asked too. With --table the result of every
panel is printed. The lab (`brunt lab up`) is started with both and asked the same.

Grafana asks Prometheus, InfluxDB 1 and 2 and Graphite through /api/ds/query, as its pages do; a run of ours feeds all,
and a swarm of Locust, through the bridge, those that are written to.
Variables are filled in here, because that is what a page does and the server does not.
"""
import contextlib
import json
import os
import re
import subprocess
import sys
import time
import urllib.parse
from pathlib import Path

HERE = Path(__file__).resolve().parent
sys.path[:0] = [str(HERE), str(HERE.parent / "sinks")]
from grafana_server import Api, Grafana, Refused, complaints  # noqa: E402
from influx2 import ORG, TOKEN, Influx2  # noqa: E402
from panels import NEEDED, Swarm  # noqa: E402
from prometheus import Prometheus  # noqa: E402
from servers import Graphite, Influx, Process, Target, check, finish, free_ports, wait_for  # noqa: E402

ROOT = HERE.parents[1]
DASHBOARDS = Path(os.environ.get("BRUNT_TEST_DASHBOARDS", ROOT / "dashboards"))
SKIPPED = 77
TABLE = "--table" in sys.argv
ROWS = []
# Has an answer once the run of that name has gone on for some seconds, with errors.
FULL = ('sum(rate(brunt_http_req_failed_total{{testid="{0}"}}[{1}])) > 0 and '
        'sum(brunt_http_reqs_total{{testid="{0}"}} offset {1}) > 0')


# ---- what is asked: servers, and a run that feeds them ----

class Run(Process):
    """A run of about so many seconds; its name is what runs are told apart by where only tags tell them apart."""

    def __init__(self, brunt, target, outs, name, seconds=600, script=HERE / "grafana.js", more=()):
        super().__init__()
        env = {**os.environ, "BASE_URL": target.url, "HOME": self.folder.name, "TOKEN": TOKEN, "SECONDS": str(seconds)}
        command = [brunt, "run", "--quiet", "--tag", f"testid={name}", *(part for out in outs for part in ("-o", out))]
        self.proc = self.start(*command, *more, "-e", f"BASE_URL={target.url}", str(script), env=env)


# Scripts of the gallery, which feed dashboards of their own: what makes each last until the end of the test.
LONG = ("-u", "2", "-d", "600s", "-e", "PAUSE=0.1")
GALLERY = {"llm": LONG, "ecommerce": LONG, "microservices": LONG, "cost": ("-e", "SCALE=20")}


@contextlib.contextmanager
def gallery(brunt, target, outs):
    scripts = ROOT / "examples" / "gallery"
    with contextlib.ExitStack() as runs:
        yield {name: runs.enter_context(Run(brunt, target, outs, name, script=scripts / f"{name}.js", more=more))
               for name, more in GALLERY.items()}


class Stack:
    """All data sources, as Grafana is told of them: {uid: the entry of its provisioning}."""

    def __init__(self, scrape, influxd2):
        self.prometheus = Prometheus(scrape=scrape)
        self.influx, self.graphite = Influx(), Graphite()
        self.influx2 = Influx2(influxd2, "brunt") if influxd2 else None
        self.prometheus.wait()
        line = self.graphite.line
        self.outs = [f"prometheus={scrape}?vocab=brunt,locust", f"influxdb={self.influx.url}/brunt",
                     f"graphite=127.0.0.1:{line}?interval=1s", f"graphite=127.0.0.1:{line}?vocab=leapwork"]
        self.sources = {
            "prometheus": {"type": "prometheus", "url": self.prometheus.url, "isDefault": True,
                           "jsonData": {"httpMethod": "POST", "timeInterval": "1s"}},
            "influxql": {"type": "influxdb", "url": self.influx.url, "database": "brunt",
                         "jsonData": {"dbName": "brunt", "httpMode": "GET", "timeInterval": "1s"}},
            "graphite": {"type": "graphite", "url": self.graphite.url, "jsonData": {"graphiteVersion": "1.1"}},
        }
        if self.influx2:
            self.outs.append(f"xk6-influxdb={self.influx2.url}/brunt?organization={ORG}&token=env:TOKEN")
            self.sources["influxdb"] = {
                "type": "influxdb", "url": self.influx2.url, "secureJsonData": {"token": TOKEN},
                "jsonData": {"version": "Flux", "organization": ORG, "defaultBucket": "brunt", "timeInterval": "1s"}}

    def __enter__(self):
        return self

    def __exit__(self, *_):
        for server in (self.prometheus, self.influx, self.graphite, self.influx2):
            if server:
                server.__exit__()

    def provision(self, folder):
        entries = [{"name": uid, "uid": uid, "access": "proxy", **entry} for uid, entry in self.sources.items()]
        (folder / "datasources" / "brunt.yaml").write_text(json.dumps({"apiVersion": 1, "datasources": entries}))
        provider = {"name": "brunt", "type": "file", "disableDeletion": True, "allowUiUpdates": False,
                    "options": {"path": str(DASHBOARDS), "foldersFromFilesStructure": True}}
        (folder / "dashboards" / "brunt.yaml").write_text(json.dumps({"apiVersion": 1, "providers": [provider]}))


# ---- variables, as a page fills them in ----

def flat(values):
    return values if isinstance(values, list) else [values]


def format_values(values, how):
    if how == "regex" and len(values) > 1:
        return "(" + "|".join(re.escape(v) for v in values) + ")"
    return {"pipe": "|", "csv": ","}.get(how, "|").join(values)


class Variables:
    """What is chosen of each variable when a dashboard is opened; of runs to compare, the first and the last."""

    def __init__(self, board, kind, grafana):
        self.values, self.kind, self.grafana = {}, kind, grafana
        for variable in board.get("templating", {}).get("list", []):
            self.values[variable["name"]] = self.chosen(variable)

    def chosen(self, variable):
        if variable["type"] == "datasource":
            return [self.kind]
        if variable.get("includeAll"):
            return [variable.get("allValue") or ".*"]
        if variable["type"] == "query":
            query = variable["query"]
            found = sorted(self.asked(self.fill(query["query"] if isinstance(query, dict) else query)))
            return found[-1:] if variable["name"].endswith("_b") else found[:1]
        values = flat(variable.get("current", {}).get("value") or str(variable.get("query", "")).split(",")[0])
        return [str(v) for v in values]

    def asked(self, query):
        """The values that a data source has for a variable."""
        return {"prometheus": self.of_prometheus, "graphite": self.of_graphite, "influxql": self.of_influxql,
                "influxdb": self.of_flux}[self.kind](query)

    def proxy(self, path, **query):
        where = f"/api/datasources/proxy/uid/{self.kind}{path}?{urllib.parse.urlencode(query, doseq=True)}"
        return self.grafana.ask("GET", where)

    def of_prometheus(self, query):
        metric, label = re.fullmatch(r"label_values\((.*),\s*(\w+)\)", query).groups()
        return self.proxy(f"/api/v1/label/{label}/values", **{"match[]": metric})["data"]

    def of_graphite(self, query):
        tag, *exprs = re.fullmatch(r"tag_values\((.*)\)", query)[1].split(", ")
        return self.proxy("/tags/autoComplete/values", tag=tag, expr=exprs)

    def of_influxql(self, query):
        rows = self.proxy("/query", q=query, db="brunt")["results"][0].get("series", [])
        return [value for row in rows for _, value in row["values"]]

    def of_flux(self, query):
        query = {"refId": "A", "datasource": {"type": "influxdb", "uid": self.kind}, "query": query, "intervalMs": 1000}
        answer = self.grafana.ask("POST", "/api/ds/query", {"queries": [query], "from": "now-1h", "to": "now"})
        return [value for frame in answer["results"]["A"]["frames"] for value in frame["data"]["values"][0]]

    def fill(self, text):
        def one(use):
            name, how = use[1] or use[2] or use[4], use[3]
            return format_values(self.values[name], how) if name in self.values else use[0]
        return re.sub(r"\$(\w+)|\$\{(\w+)(?::(\w+))?\}|\[\[(\w+)\]\]", one, text)


def kind_of(path):
    """The uid of the data source for the dashboards of a folder."""
    return {"flux": "influxdb"}.get(path.parent.name, path.parent.name)


# ---- panels ----

def panels_of(board):
    for panel in board["panels"]:
        yield panel
        yield from panel.get("panels", [])


def fill_all(value, variables):
    if isinstance(value, str):
        return variables.fill(value)
    if isinstance(value, list):
        return [fill_all(v, variables) for v in value]
    if isinstance(value, dict):
        return {k: fill_all(v, variables) for k, v in value.items()}
    return value


def query_of(target, panel, variables):
    query = fill_all({"datasource": panel.get("datasource"), **target}, variables)
    return {"intervalMs": 1000, "maxDataPoints": 500, **query}


def queries_of(target, panel, variables):
    """The query, and before it those that it calculates with."""
    wanted = [target]
    if (target.get("datasource") or {}).get("type") == "__expr__":
        wanted = [t for t in panel["targets"] if "$" + t["refId"] in target["expression"]] + wanted
    return [query_of(t, panel, variables) for t in wanted]


def count(frames):
    """(series, points that are numbers or texts) of an answer's frames."""
    points = 0
    for frame in frames:
        columns = frame["data"]["values"]
        kinds = [field["type"] for field in frame["schema"]["fields"]]
        wanted = [c for c, kind in zip(columns, kinds) if kind != "time"]
        points += sum(value is not None for column in wanted for value in column)
    return len(frames), points


def ask_panel(grafana, panel, variables, since):
    """[(letter, series, points, error)] of each query that is not hidden."""
    for target in panel.get("targets", []):
        if target.get("hide"):
            continue
        letter, queries = target["refId"], queries_of(target, panel, variables)
        body = {"queries": queries, "from": str(int(since * 1000)), "to": str(int(time.time() * 1000))}
        try:
            answer = grafana.ask("POST", "/api/ds/query", body)["results"]
            # Grafana 9 calls an answer of InfluxQL "A" when something is wrong with it.
            result = answer.get(letter) or answer.get("A") or {}
            yield (letter, *count(result.get("frames") or []), result.get("error"))
        except Refused as e:
            yield letter, 0, 0, str(e)


# Panels' queries that show what need not happen: (title, letter).
MAYBE = {("Machine", "B"),                 # a container's quota that was used up
         ("Workers", "A"),                 # of a Locust that refuses its own
         ("Script and its garbage", "B")}  # a garbage collection


def test_panels(grafana, files, since, where=""):
    for path in files:
        board = json.loads(path.read_text())
        variables = Variables(board, kind_of(path), grafana)
        for panel in panels_of(board):
            title = panel.get("title", "")
            for letter, series, points, error in ask_panel(grafana, panel, variables, since):
                ROWS.append((board["uid"], title, letter, error or f"{series} series, {points} values"))
                fine = (points or (title, letter) in MAYBE) and not error
                check(f"{where}{board['uid']}: {title} {letter}", fine, ROWS[-1][3])


# ---- what is provisioned ----

def settled(grafana, path):
    """The answer, or None while Grafana's first minute keeps its database locked (500)."""
    try:
        return grafana.ask("GET", path)
    except Refused as e:
        if e.status != 500:
            raise
        return None


def loaded(grafana):
    return {row["uid"] for row in settled(grafana, "/api/search?type=dash-db&limit=1000") or []}


def test_provisioning(grafana, files):
    uids = {json.loads(path.read_text())["uid"] for path in files}
    wait_for("all dashboards", lambda: uids <= loaded(grafana), 60)
    for ours in [json.loads(path.read_text()) for path in files]:
        uid = ours["uid"]
        answer = wait_for(f"an answer about {uid}", lambda: settled(grafana, f"/api/dashboards/uid/{uid}"), 60)
        theirs = answer["dashboard"]
        same = len(theirs["panels"]) == len(ours["panels"]) and theirs["title"] == ours["title"]
        check(f"{uid} is loaded", same and answer["meta"]["provisioned"], answer["meta"])


def test_sources(grafana, stack):
    for uid in stack.sources:
        try:
            answer = grafana.ask("GET", f"/api/datasources/uid/{uid}/health")
            check(f"data source {uid}", answer.get("status") == "OK", answer)
        except Refused as e:
            # Grafana 9 cannot ask all of them for their health; their panels are asked below.
            check(f"data source {uid}", e.status == 404, e)


# ---- the lab ----

class Lab(Process):
    """`brunt lab` in a folder of its own; the Grafana and the InfluxDB that are given come before the machine's."""

    def __init__(self, brunt, home, influxd2):
        super().__init__()
        self.brunt, programs = brunt, self.path / "bin"
        programs.mkdir()
        if influxd2:
            (programs / "influxd").symlink_to(influxd2)
        self.env = {**os.environ, "PATH": f"{programs}:{home}/bin:{os.environ['PATH']}", "HOME": str(self.path),
                    "BRUNT_LAB": f"{self.path}/lab"}
        self.ports = dict(zip(("prometheus", "influxdb", "graphite", "carbon", "grafana", "brunt"), free_ports(6)))

    def do(self, *arguments):
        done = subprocess.run([self.brunt, "lab", *arguments], env=self.env, capture_output=True, text=True,
                              timeout=180)
        return done.returncode, done.stdout + done.stderr

    def grafana(self):
        secret = re.search(r"^GRAFANA_PASSWORD=(.*)$", (self.path / "lab" / ".env").read_text(), re.M)[1]
        return Api(f"http://127.0.0.1:{self.ports['grafana']}", ("admin", secret))

    def __exit__(self, *_):
        self.do("reset", "--yes")
        super().__exit__()


def outs_of(text):
    """What `lab up` says to feed its services with."""
    return re.findall(r"brunt run -o '?([^'\s]+)", text)


def test_lab(brunt, home, influxd2, target):
    with Lab(brunt, home, influxd2) as lab:
        ports = ",".join(f"{name}={port}" for name, port in lab.ports.items() if name != "carbon")
        code, output = lab.do("up", "-s", "prometheus,influxdb,grafana", "--ports", ports)
        check("lab up", code == 0, output)
        grafana, boards = lab.grafana(), lab.path / "lab" / "grafana" / "dashboards" / "brunt"
        kinds = ("prometheus", "influxdb" if influxd2 else "influxql")
        files = sorted(p for p in boards.rglob("*.json") if kind_of(p) in kinds)
        check("lab: the dashboards are there", len(files) > 4, output)
        test_provisioning(grafana, files)
        for source in ("influxdb", "influxql") if influxd2 else ("influxql",):
            answer = grafana.ask("GET", f"/api/datasources/uid/{source}/health")
            check(f"lab: data source {source}", answer.get("status") == "OK", answer)
        since = time.time() - 5
        with Run(brunt, target, outs_of(output), "lab") as run:
            def answered():
                query = {"refId": "A", "datasource": {"uid": "prometheus"}, "instant": True, "intervalMs": 1000,
                         "maxDataPoints": 100, "expr": FULL.format("lab", "10s")}
                body = {"queries": [query], "from": "now-1m", "to": "now"}
                return count(grafana.ask("POST", "/api/ds/query", body)["results"]["A"].get("frames") or [])[1]
            wait_for("ten seconds of a run in the lab's Prometheus", answered, 60)
            check("lab: the run is going on", run.proc.poll() is None, run.logs())
            test_panels(grafana, [p for p in files if p.name == "live.json"], since, "lab: ")
        wrong = complaints(lab.do("logs", "-s", "grafana", "-n", "1000")[1])
        check("lab: no error in Grafana's log", not wrong, wrong[:5])
        code, output = lab.do("down")
        check("lab down", code == 0, output)


def can(brunt, command, action):
    done = subprocess.run([brunt, command, "--help"], capture_output=True, text=True)
    return re.search(rf"^  {action} ", done.stdout, re.M)


def main(brunt, home, influxd2):
    (port,) = free_ports(1)
    os.environ["TOKEN"] = TOKEN  # the bridge's, as a run has it
    files = [p for p in sorted(DASHBOARDS.glob("*/*.json")) if influxd2 or p.parent.name != "flux"]
    check("there are dashboards", files, DASHBOARDS)
    with (Target(brunt, "--slowness", "0.1") as target, Stack(f"127.0.0.1:{port}", influxd2) as stack,
          Swarm(brunt, target, *stack.outs[1:3], *stack.outs[4:]) as swarm, Grafana(home, stack.provision) as grafana):
        print(f"Grafana {grafana.version}")
        since = time.time() - 5
        swarm.go()
        for name in ("first", "second"):
            with Run(brunt, target, stack.outs, name, 3) as before:
                check(f"the {name} run", before.proc.wait(60) == 0, before.logs())
        with Run(brunt, target, stack.outs, "third") as going, gallery(brunt, target, stack.outs[1:]) as others:
            test_provisioning(grafana, files)
            test_sources(grafana, stack)
            wait_for("five seconds of a run with errors", lambda: stack.prometheus.value(FULL.format("third", "5s")), 60)
            for name in NEEDED:
                wait_for(f"points of {name}", lambda n=name: stack.influx.query(f"SELECT last(value) FROM {n} WHERE value > 0",
                                                                                "brunt"), 60)
            for run in (going, *others.values()):
                check(f"{run.proc.args[-1]} is going on", run.proc.poll() is None, run.logs())
            # Prometheus scrapes one run here: tests/gallery/panels.py asks it for the gallery's.
            test_panels(grafana, [p for p in files if kind_of(p) != "prometheus" or p.stem not in GALLERY], since)
        check("no error in Grafana's log", not grafana.complaints(), grafana.complaints()[:5])
        if can(brunt, "lab", "up") and can(brunt, "dashboard", "export"):
            test_lab(brunt, home, influxd2, target)
    if TABLE:
        for row in ROWS:
            print("| " + " | ".join(row) + " |")


if __name__ == "__main__":
    given = [a for a in sys.argv[1:] if a != "--table"] + [os.environ.get("BRUNT_TEST_GRAFANA")]
    if not given[0]:
        sys.exit(__doc__)
    if not given[1]:
        print("left out: BRUNT_TEST_GRAFANA names no folder of a Grafana")
        sys.exit(SKIPPED)
    main(given[0], given[1], os.environ.get("BRUNT_TEST_INFLUXD2"))
    finish()
