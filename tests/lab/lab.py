#!/usr/bin/env python3
"""The lab with real servers: tests/lab/lab.py BRUNT PART

    files      the files committed below lab/ are those that `brunt lab files` writes; Prometheus' own checks of them
    stack      up, a run, the first scraped point, status, a service that dies, restart, down, reset
    trouble    Ctrl-C, a service that does not start, ports that are taken, two at once, folders of others
    scripts    generate, k6, .env, and every blueprint and scenario against the demo target
    peers      InfluxDB 2 and Grafana, which Debian does not have: BRUNT_TEST_INFLUXD2 names the program influxd,
               BRUNT_TEST_GRAFANA the folder of a Grafana with bin/, conf/ and public/; skipped without

What it measures is printed: seconds from `up` to the first scraped point, and from `down` to its end.
"""
import base64
import concurrent.futures
import contextlib
import filecmp
import json
import os
import pty
import py_compile
import re
import shutil
import signal
import subprocess
import sys
import tempfile
import time
import urllib.error
import urllib.request
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent.parent / "sinks"))
from servers import Process, Target, check, fetch, fetch_json, find_program, finish, free_ports, wait_for

TOP = Path(__file__).resolve().parent.parent.parent
PORTS = ("prometheus", "influxdb", "influxdb-rpc", "carbon", "carbon-pickle", "carbon-query", "graphite", "grafana",
         "target", "brunt", "locust", "loadpilot")
SECONDS_TO_FIRST_POINT = 30


class Lab:
    """A lab in a folder of its own, on free ports, that is reset at the end whatever happens."""

    def __init__(self, brunt):
        self.brunt = brunt
        self.home = tempfile.TemporaryDirectory(prefix="brunt-lab-")
        self.dir = Path(self.home.name) / "lab"
        self.ports = dict(zip(PORTS, free_ports(len(PORTS))))
        self.env = {**os.environ, "HOME": self.home.name, "BRUNT_LAB": str(self.dir), "NO_COLOR": "1"}
        self.env.pop("XDG_DATA_HOME", None)

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.call("lab", "reset", "--yes")
        self.home.cleanup()

    @property
    def port_option(self):
        return "--ports=" + ",".join(f"{name}={port}" for name, port in self.ports.items())

    def call(self, *words, **kwargs):
        env = {**self.env, **kwargs.pop("env", {})}
        return subprocess.run([self.brunt, *words], env=env, text=True, capture_output=True, timeout=150, **kwargs)

    def start(self, *words):
        return subprocess.Popen([self.brunt, *words], env=self.env, text=True, stdout=subprocess.PIPE, stderr=subprocess.PIPE)

    def up(self, services, *more):
        return self.call("lab", "up", "-s", services, self.port_option, *more)

    def programs(self):
        """By name: {"state", "pid", "url", ...}, and the exit code of `status`."""
        done = self.call("lab", "status", "--json")
        return {p["name"]: p for p in json.loads(done.stdout)["programs"]}, done.returncode

    def pids(self):
        text = (self.dir / "state").read_text() if (self.dir / "state").exists() else ""
        return [int(pid) for pid in re.findall(r"^process \S+ (\d+) ", text, re.M)]

    def url(self, name):
        return f"http://127.0.0.1:{self.ports[name]}"


def of_sessions(pids):
    """Processes that belong to one of these sessions and run: [(pid, session, name)]."""
    found = []
    for stat in Path("/proc").glob("[0-9]*/stat"):
        with contextlib.suppress(OSError):
            name, _, rest = stat.read_text().partition("(")[2].rpartition(")")
            state, _, _, session = rest.split()[:4]
            if int(session) in pids and state not in "ZX":
                found.append((int(stat.parent.name), int(session), name))
    return found


def none_left(pids, seconds=5):
    """What is left of those sessions; a process that was killed takes a moment to go."""
    end = time.monotonic() + seconds
    while of_sessions(pids) and time.monotonic() < end:
        time.sleep(0.02)
    return of_sessions(pids)


# ---- files ----

def tree(folder):
    return sorted(str(p.relative_to(folder)) for p in folder.rglob("*") if p.is_file())


def check_committed(brunt):
    for name, options in (("native", ()), ("compose", ("--backend", "compose"))):
        kept = TOP / "lab" / name
        with tempfile.TemporaryDirectory() as folder:
            subprocess.run([brunt, "lab", "files", "--to", folder, *options], check=True)
            same = tree(Path(folder)) == tree(kept) and not filecmp.cmpfiles(folder, kept, tree(kept), shallow=False)[1]
            check(f"lab/{name} is what `brunt lab files --to lab/{name} {' '.join(options)}` writes", same,
                  f"{tree(Path(folder))} against {tree(kept)}")


def promtool(*words, cwd):
    done = subprocess.run([find_program("promtool", "prometheus"), *words], cwd=cwd, text=True, capture_output=True)
    return done.returncode == 0, done.stdout + done.stderr


def check_prometheus():
    for name in ("native", "compose"):
        check(f"promtool check config: {name}", *promtool("check", "config", "prometheus.yml", cwd=TOP / "lab" / name / "prometheus"))
    rules = TOP / "lab" / "native" / "prometheus" / "rules"
    with tempfile.TemporaryDirectory() as folder:
        for source in (*rules.glob("*.yml"), Path(__file__).parent / "rules_test.yml"):
            shutil.copy(source, folder)
        check("promtool check rules", *promtool("check", "rules", "--lint=all", "--lint-fatal", "brunt.rules.yml", "brunt.alerts.yml", cwd=folder))
        check("promtool test rules", *promtool("test", "rules", "rules_test.yml", cwd=folder))
        # That test must be able to fail.
        text = (Path(folder) / "brunt.alerts.yml").read_text()
        (Path(folder) / "brunt.alerts.yml").write_text(text.replace("ratio30s > 0.01", "ratio30s > 0.03"))
        check("and it fails when a limit is another", not promtool("test", "rules", "rules_test.yml", cwd=folder)[0])


def check_compose():
    import yaml
    compose = yaml.safe_load((TOP / "lab" / "compose" / "compose.yaml").read_text())
    services = compose["services"]
    check("compose: the four servers", set(services) == {"prometheus", "influxdb", "graphite", "grafana"}, set(services))
    for name, service in services.items():
        image, tag = service["image"].rsplit(":", 1)
        check(f"compose: {name} is pinned", re.match(r"v?\d+\.\d+\.\d+", tag) and "@" not in image, service["image"])
        check(f"compose: {name} listens on this machine only", all(p.startswith("127.0.0.1:") for p in service["ports"]))
        for volume in service["volumes"]:
            source = volume.split(":")[0]
            there = (TOP / "lab" / "compose" / source).exists() if source.startswith(".") else source in compose["volumes"]
            check(f"compose: {name} mounts {source}", there)
        check(f"compose: {name} tells when it is ready", service["healthcheck"]["test"][0] == "CMD")
    text = (TOP / "lab" / "compose" / "compose.yaml").read_text()
    check("compose: secrets come from outside", not re.search(r"(?i)(token|password|secret): (?!\$\{)", text))
    plugin = shutil.which("docker") and subprocess.run(["docker", "compose", "version"], capture_output=True).returncode == 0
    if not plugin:
        print("     (docker compose is not here, so only the YAML was looked at)")
        return
    done = subprocess.run(["docker", "compose", "config", "--quiet"], cwd=TOP / "lab" / "compose", text=True, capture_output=True,
                          env={**os.environ, **dict.fromkeys(("INFLUXDB_TOKEN", "INFLUXDB_PASSWORD", "GRAFANA_PASSWORD", "DJANGO_SECRET"), "x")})
    check("docker compose config", done.returncode == 0, done.stderr)


def check_provisioning():
    import yaml
    for name, uids in (("native", {"prometheus", "influxql", "graphite"}), ("compose", {"prometheus", "influxdb", "influxql", "graphite"})):
        folder = TOP / "lab" / name / "grafana" / "provisioning"
        sources = [s for path in (folder / "datasources").glob("*.yaml") for s in yaml.safe_load(path.read_text())["datasources"]]
        check(f"{name}: data sources", {s["uid"] for s in sources} == uids and len(sources) == len(uids), sources)
        check(f"{name}: one is the default", sum(s.get("isDefault", False) for s in sources) == 1)
        providers = yaml.safe_load((folder / "dashboards" / "brunt.yaml").read_text())["providers"]
        check(f"{name}: dashboards of ours and of others", [p["name"] for p in providers] == ["brunt", "custom"])
    with tempfile.TemporaryDirectory() as folder:
        py_compile.compile(str(TOP / "lab/native/graphite/brunt_graphite.py"), cfile=f"{folder}/x.pyc", doraise=True)


def part_files(brunt):
    check_committed(brunt)
    check_prometheus()
    check_compose()
    check_provisioning()


# ---- stack ----

def prometheus_value(lab, query):
    rows = fetch_json(lab.url("prometheus") + "/api/v1/query", query=query)["data"]["result"]
    return float(rows[0]["value"][1]) if rows else None


def first_point(lab):
    """Seconds from `up` until a scraped number of a run is in Prometheus, which looks for targets 5 s after its start."""
    began = time.monotonic()
    script = Path(__file__).parent / "fast.js"
    done = lab.up("prometheus,target")
    check("up: Prometheus and the target", done.returncode == 0, done.stderr)
    run = lab.start("k6", "-s", str(script), "--", "--quiet", "-u", "2", "-d", "2m", "-o", f"prometheus=127.0.0.1:{lab.ports['brunt']}")
    value = wait_for("the first scraped point", lambda: prometheus_value(lab, 'brunt_vus{job="brunt"}'), 60)
    seconds = time.monotonic() - began
    print(f"     from `lab up` to the first scraped point: {seconds:.1f} s")
    check(f"the first scraped point comes in less than {SECONDS_TO_FIRST_POINT} s", seconds < SECONDS_TO_FIRST_POINT)
    check("it is the run's", value == 2, value)
    check("brunt is scraped every 2 s", fetch_json(lab.url("prometheus") + "/api/v1/targets")["data"]["activeTargets"] and
          {t["labels"]["job"]: t["scrapeInterval"] for t in fetch_json(lab.url("prometheus") + "/api/v1/targets")["data"]["activeTargets"]}
          ["brunt"] == "2s")
    run.send_signal(signal.SIGINT)
    check("the run was good until it was stopped", run.wait(60) == 105, run.stderr.read())


def feed(lab):
    """A run by `brunt k6` is in every database, with the same number."""
    script = Path(__file__).parent / "fast.js"
    with tempfile.TemporaryDirectory() as folder:
        summary = Path(folder) / "summary.json"
        done = lab.call("k6", "-s", str(script), "--", "--quiet", "-u", "2", "-i", "40", "--tag", "part=feed", "--summary-export", str(summary),
                        env={"DURATION": "60s"})
        check("brunt k6: a run with the outputs of the lab", done.returncode == 0, done.stderr + done.stdout[-1500:])
        count = json.loads(summary.read_text())["metrics"]["http_reqs"]["count"]
    check("40 requests", count == 40, count)
    rows = json.loads(fetch(lab.url("influxdb") + "/query?db=k6&q=SELECT+sum(value)+FROM+http_reqs+WHERE+part='feed'"))["results"][0]
    total = rows["series"][0]["values"][0][1] if "series" in rows else rows
    check("InfluxDB has them", total == 40, total)
    query = 'sum(last_over_time(brunt_http_reqs_total{part="feed"}[10m]))'
    total = prometheus_value(lab, query)
    check("Prometheus has them, by remote write", total == 40, total)

    def graphite():
        rows = fetch_json(lab.url("graphite") + "/render", target="sumSeries(seriesByTag('name=brunt_http_reqs_total','part=feed'))", format="json",
                          **{"from": "-5min", "noNullPoints": 1})
        return rows and max(v for v, _ in rows[0]["datapoints"])
    check("Graphite has them, by a tag", wait_for("a point in Graphite", graphite, 20) == 40)
    databases = json.loads(fetch(lab.url("influxdb") + "/query?q=SHOW+DATABASES"))["results"][0]["series"][0]["values"]
    check("InfluxDB has the databases k6 and brunt", {"k6", "brunt"} <= {row[0] for row in databases}, databases)


def rules_hold(lab):
    groups = fetch_json(lab.url("prometheus") + "/api/v1/rules")["data"]["groups"]
    wrong = [r["name"] + ": " + r.get("lastError", "") for g in groups for r in g["rules"] if r["health"] == "err"]
    check("Prometheus has evaluated the rules without a fault", len(groups) == 5 and not wrong, wrong or groups)
    # What was sent by remote write has no job, and its histograms are native only.
    check("the rate of the run was recorded", prometheus_value(lab, 'max(max_over_time(brunt:http_reqs:rate30s{job=""}[10m]))'))
    check("and its p99, from native histograms", prometheus_value(lab, 'max(max_over_time(brunt:http_req_duration_seconds:p99_30s{job=""}[10m]))'))


def kill_and_restart(lab):
    programs, code = lab.programs()
    check("status: all of it is ready", code == 0 and all(p["state"] == "ready" for p in programs.values() if p["name"] != "grafana"), programs)
    before = {name: p["pid"] for name, p in programs.items()}
    victim = before["influxdb"]
    os.kill(victim, signal.SIGKILL)
    wait_for("the end of InfluxDB", lambda: not of_sessions([victim]))
    programs, code = lab.programs()
    check("status says that it has ended, with exit code 1", programs["influxdb"]["state"] == "gone" and code == 1, programs["influxdb"])
    done = lab.call("lab", "restart", "-s", "influxdb")
    programs, code = lab.programs()
    after = {name: p["pid"] for name, p in programs.items()}
    check("restart -s brings it back, on its port", done.returncode == 0 and code == 0, done.stderr)
    check("and leaves the others alone", after.pop("influxdb") != before.pop("influxdb") and after == before, (before, after))
    check("its data is still there", "series" in json.loads(fetch(lab.url("influxdb") + "/query?db=k6&q=SHOW+MEASUREMENTS"))["results"][0])
    done = lab.call("lab", "logs", "-s", "influxdb", "-n", "3")
    check("logs -n 3 are three lines", len(done.stdout.splitlines()) == 3, done.stdout)


def part_stack(brunt):
    for name, package in (("prometheus", "prometheus"), ("influxd", "influxdb"), ("carbon-cache", "graphite-carbon"),
                          ("graphite-manage", "graphite-web")):
        find_program(name, package)
    with Lab(brunt) as lab:
        first_point(lab)
        began = time.monotonic()
        done = lab.up("all")
        print(f"     up with InfluxDB and Graphite: {time.monotonic() - began:.1f} s")
        check("up again adds what is missing", done.returncode == 0, done.stderr)
        if not shutil.which("grafana") and not shutil.which("grafana-server"):
            check("and names what is not installed, with the command", "grafana is not here" in done.stderr and "apt install grafana" in done.stderr)
        pids = lab.pids()
        done = lab.up("all")
        check("a third time changes nothing", done.returncode == 0 and lab.pids() == pids, (pids, lab.pids()))
        feed(lab)
        rules_hold(lab)
        kill_and_restart(lab)
        boards = sorted(str(p.relative_to(lab.dir / "grafana/dashboards/brunt")) for p in lab.dir.glob("grafana/dashboards/brunt/*/*.json"))
        check("brunt's dashboards are where Grafana looks", "prometheus/live.json" in boards and "influxql/live.json" in boards, boards)
        check(".env is readable by its owner only", (lab.dir / ".env").stat().st_mode & 0o777 == 0o600)
        lines = [line for pid in lab.pids() for line in Path(f"/proc/{pid}/cmdline").read_text().split("\0")]
        secret = re.search(r"TOKEN=(\w+)", (lab.dir / ".env").read_text())[1]
        check("no secret is in a command line", secret not in " ".join(lines))
        pids = lab.pids()
        check("there are five processes", len(of_sessions(pids)) >= 5, of_sessions(pids))
        began = time.monotonic()
        done = lab.call("lab", "down")
        print(f"     down: {time.monotonic() - began:.1f} s, {done.stdout.strip()}")
        check("down leaves no process", done.returncode == 0 and not none_left(pids), of_sessions(pids))
        check("and the data", (lab.dir / "data" / "prometheus").is_dir())
        check("status then knows of none", all(p["state"] == "stopped" for p in lab.programs()[0].values()))
        done = lab.call("lab", "reset", "--yes")
        check("reset leaves no file", done.returncode == 0 and not lab.dir.exists() and not list(Path(lab.home.name).rglob("lab/*")), done.stderr)


# ---- trouble ----

def interrupted(lab):
    before = lab.pids()
    up = lab.start("lab", "up", "-s", "graphite", lab.port_option)
    wait_for("the start of graphite-web", lambda: len(lab.pids()) == len(before) + 2)
    pids = [pid for pid in lab.pids() if pid not in before]
    up.send_signal(signal.SIGINT)
    check("Ctrl-C ends up with 105", up.wait(30) == 105, up.stderr.read())
    check("and leaves nothing running", not none_left(pids), of_sessions(pids))
    check("what ran before it still runs", lab.pids() == before and lab.programs()[1] == 0)


def does_not_start(lab):
    (lab.dir / "data").mkdir(exist_ok=True)
    (lab.dir / "data" / "prometheus").write_text("in the way")
    done = lab.up("prometheus")
    check("a service that ends at once is a failure", done.returncode == 255, done.stderr)
    check("with the end of its log", re.search(r"--- .*prometheus\.log\n.*data/prometheus", done.stderr, re.S), done.stderr)
    check("and the others run on", lab.programs()[0]["target"]["state"] == "ready")
    (lab.dir / "data" / "prometheus").unlink()


def ports(lab, brunt):
    with Lab(brunt) as other:
        other.ports = {"target": lab.ports["target"]}
        done = other.up("target")
        check("a port that was asked for and is taken is a fault", done.returncode == 255 and "is taken" in done.stderr, done.stderr)
    done = lab.call("lab", "up", "-s", "target", f"--ports=target={free_ports(1)[0]}")
    check("so is another port for what runs", done.returncode == 255 and "runs already" in done.stderr, done.stderr)
    done = lab.call("lab", "up", "--ports=moon=1")
    check("an unknown name is a wrong command line", done.returncode == 255 and "names are" in done.stderr, done.stderr)
    done = lab.call("lab", "up", "-s", "moon")
    check("so is an unknown service", done.returncode == 255 and "no service 'moon'" in done.stderr, done.stderr)


def two_at_once(brunt):
    with Lab(brunt) as lab:
        both = [lab.start("lab", "up", "-s", "target", lab.port_option) for _ in range(2)]
        codes = [up.wait(60) for up in both]
        check("two at once: one starts it, the other finds it", codes == [0, 0] and len(lab.pids()) == 1,
              (codes, [up.stderr.read() for up in both]))


def folders(brunt):
    with Lab(brunt) as lab:
        lab.dir.mkdir()
        (lab.dir / "thesis.txt").write_text("mine")
        done = lab.up("target")
        check("a folder of somebody else is not used", done.returncode == 255 and "is no lab" in done.stderr, done.stderr)
        done = lab.call("lab", "reset", "--yes")
        check("nor removed", (lab.dir / "thesis.txt").exists(), done.stderr)
        done = lab.call("lab", "restart")
        check("restart without a lab says what to do", done.returncode == 255 and "brunt lab up" in done.stderr, done.stderr)


def pid_is_used_again(lab):
    """A state whose process has the number of another one, which must not be ended."""
    stranger = subprocess.Popen(["sleep", "100"])
    text = (lab.dir / "state").read_text()
    (lab.dir / "state").write_text(text + f"process prometheus {stranger.pid} 1\n")
    check("status: a number that is used again is not ours", lab.programs()[0]["prometheus"]["state"] == "gone")
    lab.call("lab", "down")
    check("down leaves that one alone", stranger.poll() is None)
    stranger.kill()
    stranger.wait()


RECORDER = """#!/bin/sh
echo "$PWD: $*" >> "$BRUNT_TEST_CALLS"
case "$*" in *"$BRUNT_TEST_REFUSED"*) [ -z "$BRUNT_TEST_REFUSED" ] || exit 3 ;; esac
"""


def containers(brunt):
    """What Docker is asked for, noted by a program of its name: whether Docker would do it is another matter."""
    with Lab(brunt) as lab:
        programs, calls = Path(lab.home.name) / "bin", Path(lab.home.name) / "calls"
        programs.mkdir()
        (programs / "docker").write_text(RECORDER)
        (programs / "docker").chmod(0o755)
        lab.env.update(PATH=f"{programs}:{lab.env['PATH']}", BRUNT_TEST_CALLS=str(calls), BRUNT_TEST_REFUSED="")

        def asked(*words, code=0):
            calls.write_text("")
            done = lab.call("lab", *words)
            check(f"compose: lab {' '.join(words[:3])} ends with {code}", done.returncode == code, (done.returncode, done.stderr))
            return [line for line in calls.read_text().splitlines() if "version" not in line and "info" not in line]

        found = asked("up", "--backend", "compose", "-s", "prometheus,grafana,target", lab.port_option)
        check("compose: up of the services that are containers", found == [f"{lab.dir}: compose up -d --wait prometheus grafana"], found)
        check("compose: the target is a process", len(lab.pids()) == 1 and lab.programs()[0]["target"]["state"] == "ready")
        check("compose: a container that does not answer is told", lab.programs()[0]["grafana"]["state"] == "silent")
        text = (lab.dir / "compose.yaml").read_text()
        check("compose: the ports that were asked for", f"'127.0.0.1:{lab.ports['grafana']}:3000'" in text)
        check("compose: a native lab does not begin in it", asked("up", "--backend", "native", code=255) == [])
        found = asked("restart", "-s", "grafana")
        check("compose: restart", found == [f"{lab.dir}: compose restart grafana"], found)
        found = asked("logs", "-s", "prometheus", "-n", "7", "-f")
        check("compose: logs", found == [f"{lab.dir}: compose logs --tail=7 --follow prometheus"], found)
        found = asked("down", "-s", "grafana")
        check("compose: down of one", found == [f"{lab.dir}: compose rm --stop --force grafana"], found)
        lab.env["BRUNT_TEST_REFUSED"] = "compose down"
        asked("down", code=255)
        check("compose: what Docker refuses is still known", len(lab.pids()) == 1)
        lab.env["BRUNT_TEST_REFUSED"] = ""
        found = asked("reset", "--yes")
        check("compose: reset", found == [f"{lab.dir}: compose down -v --remove-orphans"] and not lab.dir.exists(), found)


def part_trouble(brunt):
    with Lab(brunt) as lab:
        done = lab.up("target")
        check("up -s target", done.returncode == 0, done.stderr)
        interrupted(lab)
        does_not_start(lab)
        ports(lab, brunt)
        pid_is_used_again(lab)
        done = lab.call("lab", "reset")
        check("reset without a terminal wants --yes", done.returncode == 255 and "--yes" in done.stderr, done.stderr)
    two_at_once(brunt)
    folders(brunt)
    containers(brunt)
    done = subprocess.run([brunt, "lab", "up", "--backend", "compose", "--dir", "/nonexistent/lab"], text=True, capture_output=True,
                          env={**os.environ, "DOCKER_HOST": "unix:///nonexistent/docker.sock"})
    check("compose without Docker says so", done.returncode == 255 and "--backend native" in done.stderr, done.stderr)


# ---- peers ----

DASHBOARD = {"uid": "of-a-user", "title": "Of a user", "schemaVersion": 36, "panels": []}


class Grafana:
    def __init__(self, lab):
        self.url = lab.url("grafana")
        self.password = re.search(r"GRAFANA_PASSWORD=(\w+)", (lab.dir / ".env").read_text())[1]

    def ask(self, path, body=None, user="admin", password=None):
        """(status, JSON) of a request; user None: nobody."""
        request = urllib.request.Request(self.url + path, None if body is None else json.dumps(body).encode(), {"Content-Type": "application/json"})
        if user:
            word = base64.b64encode(f"{user}:{password or self.password}".encode()).decode()
            request.add_header("Authorization", "Basic " + word)
        try:
            with urllib.request.urlopen(request, timeout=20) as answer:
                return answer.status, json.loads(answer.read())
        except urllib.error.HTTPError as e:
            return e.code, e.read().decode()

    def query(self, uid, **query):
        """The single number that a query of a data source answers."""
        body = {"queries": [{"refId": "A", "datasource": {"uid": uid}, **query}], "from": "now-10m", "to": "now"}
        status, answer = self.ask("/api/ds/query", body)
        if status != 200 or not answer["results"]["A"].get("frames"):
            return status, answer
        columns = answer["results"]["A"]["frames"][0]["data"]["values"]
        return columns[-1][-1] if columns and columns[-1] else None


def peers_lab(brunt, influxd, grafana):
    lab = Lab(brunt)
    programs = Path(lab.home.name) / "bin"
    programs.mkdir()
    (programs / "influxd").symlink_to(influxd)
    (programs / "grafana-server").symlink_to(Path(grafana) / "bin" / "grafana-server")
    lab.env["PATH"] = f"{programs}:{lab.env['PATH']}"
    return lab


def who_may(grafana):
    check("Grafana: nobody knows the password", grafana.ask("/api/org", password="admin")[0] == 401)
    check("whoever is there may look", grafana.ask("/api/search", user=None)[0] == 200)
    check("and not change", grafana.ask("/api/dashboards/db", {"dashboard": DASHBOARD}, user=None)[0] in (401, 403))


def part_peers(brunt):
    influxd, home = os.environ.get("BRUNT_TEST_INFLUXD2"), os.environ.get("BRUNT_TEST_GRAFANA")
    if not influxd or not home:
        print("skipped: BRUNT_TEST_INFLUXD2 and BRUNT_TEST_GRAFANA name no servers")
        sys.exit(77)
    with peers_lab(brunt, influxd, home) as lab:
        done = lab.up("prometheus,influxdb,grafana,target")
        check("up with InfluxDB 2 and Grafana", done.returncode == 0, done.stderr)
        folder = lab.dir / "grafana" / "dashboards" / "custom" / "team"
        folder.mkdir()
        (folder / "x.json").write_text(json.dumps(DASHBOARD))
        grafana = Grafana(lab)
        script = Path(__file__).parent / "fast.js"
        done = lab.call("k6", "-s", str(script), "--", "--quiet", "-u", "2", "-i", "40", env={"DURATION": "60s"})
        check("a run with its outputs", done.returncode == 0, done.stdout[-1500:] + done.stderr)
        flux = ('from(bucket: v.defaultBucket) |> range(start: v.timeRangeStart) |> filter(fn: (r) => r._measurement == "http_reqs" and '
                'r._field == "value") |> group() |> sum()')
        check("Flux, by the data source influxdb", grafana.query("influxdb", query=flux) == 40, grafana.query("influxdb", query=flux))
        influxql = {"query": "SELECT sum(value) FROM http_reqs WHERE time > now() - 10m", "rawQuery": True, "resultFormat": "table"}
        check("InfluxQL, by influxql", grafana.query("influxql", **influxql) == 40, grafana.query("influxql", **influxql))
        promql = {"expr": "sum(last_over_time(brunt_http_reqs_total[10m]))", "instant": True}
        # Grafana asks for a time that is rounded down, so the run must be over for a while.
        wait_for("PromQL, by prometheus", lambda: grafana.query("prometheus", **promql) == 40, 60)
        who_may(grafana)
        boards = {d["uid"]: d.get("folderTitle") for d in grafana.ask("/api/search?type=dash-db&limit=1000")[1]}
        written = [json.loads(p.read_text())["uid"] for p in lab.dir.glob("grafana/dashboards/brunt/*/*.json")]
        check("Grafana has all of brunt's dashboards", written and set(written) <= set(boards), (written, boards))
        check("in folders by data source", boards.get("brunt-live") == "prometheus", boards)
        found = wait_for("a dashboard put into custom/", lambda: [d for d in grafana.ask("/api/search?query=user")[1] if d["uid"] == "of-a-user"], 30)
        check("its folder is called as that on disk", found[0].get("folderTitle") == "team", found)
        log = (lab.dir / "log" / "grafana.log").read_text()
        complaints = [line for line in log.splitlines() if "level=error" in line and "logger=provisioning" in line]
        check("Grafana does not complain of the provisioning", not complaints, complaints)
        done = lab.call("lab", "restart", "-s", "influxdb,grafana")
        check("restart: the token and the data are as before", done.returncode == 0 and grafana.query("influxdb", query=flux) == 40, done.stderr)


# ---- scripts ----

SCENARIOS = {
    "toy-fast": {"CONCURRENCY": "3", "DURATION": "1s"},
    "toy-mixed": {"TIME_SCALE": "0.02"},
    "toy-stress": {"TIME_SCALE": "0.02"},
    "toy-workers": {"CONCURRENCY": "5", "DURATION": "1s"},
    "chaos-basic": {"TIME_SCALE": "0.02"},
    "chaos-spike": {"TIME_SCALE": "0.02"},
    "chaos-resilience": {"TIME_SCALE": "0.01"},
}
HEAVY = "toy-stress"  # it takes the processor from the others
BLUEPRINTS = {
    "steady-load": ("-u", "3", "-d", "1s"),
    "ramp-up-down": ("--stage", "1s:5"),
    "spike-load": ("--stage", "1s:5"),
    "endpoint-thinktime": ("-u", "5", "-i", "5"),
    "variable-traffic": ("-u", "3", "-d", "1s"),
}


def run_script(lab, target, path, *options, **variables):
    with tempfile.TemporaryDirectory() as folder:
        summary = Path(folder) / "summary.json"
        words = [part for pair in variables.items() for part in ("-e", "=".join(pair))]
        done = lab.call("k6", "-s", str(path), "--no-outputs", "--", "--quiet", *options, *words, "--summary-export", str(summary),
                        env={"TARGET_API_URL": target.url})
        document = json.loads(summary.read_text()) if summary.exists() else {"metrics": {}, "root_group": {"checks": {}}}
    return done, document


def judge(name, done, document):
    metrics = document["metrics"]
    # Thresholds are those of the whole test; a short one may miss them, and says so with 99.
    check(f"{name} runs", done.returncode in (0, 99), done.stderr + done.stdout[-1000:])
    check(f"{name} makes requests", metrics.get("http_reqs", {}).get("count", 0) > 0, metrics.keys())
    errors = [line for line in done.stderr.splitlines() if "level=error" in line and "have been crossed" not in line]
    check(f"{name}: no exception", not errors, errors)


def check_checks(name, document):
    """All passed, but for those of times, which a busy machine may miss."""
    checks = document["root_group"]["checks"].values()
    wrong = [c for c in checks if c["fails"] and "within" not in c["name"]]
    check(f"{name}: its checks pass", checks and not wrong, document["root_group"]["checks"])


class QuickTarget(Target):
    """The demo target with a tenth of its delays."""

    def __init__(self, brunt):
        Process.__init__(self)
        proc = subprocess.Popen([brunt, "target", "--listen", "127.0.0.1:0", "--slowness", "0.1"], stdout=subprocess.PIPE, text=True)
        self.procs.append(proc)
        self.url = re.search(r"http://[\d.:]+", proc.stdout.readline()).group(0)


def part_scripts(brunt):
    with Lab(brunt) as lab, QuickTarget(brunt) as target, concurrent.futures.ThreadPoolExecutor(6) as pool:
        project = Path(lab.home.name) / "project"
        done = lab.call("generate", "--list")
        check("generate --list has five", len(done.stdout.splitlines()) == 5, done.stdout)
        project.mkdir()
        for name in BLUEPRINTS:
            done = lab.call("generate", "-e", "k6", "-n", f"my-{name}", "-b", name, cwd=project)
            path = Path("k6/scenarios") / f"my-{name}.js"
            check(f"generate -b {name}", done.returncode == 0 and done.stdout.strip() == str(path), done.stderr)
            check(f"{name} is the one of examples/", (project / path).read_text() == (TOP / f"examples/blueprints/{name}.js").read_text())
        # They mostly wait, so all of them run at once.
        blueprints = {name: pool.submit(run_script, lab, target, project / f"k6/scenarios/my-{name}.js", *options)
                      for name, options in BLUEPRINTS.items()}
        scenarios = {name: pool.submit(run_script, lab, target, TOP / "examples" / "lab" / f"{name}.js", **variables)
                     for name, variables in SCENARIOS.items() if name != HEAVY}
        for name, run in blueprints.items():
            judge(name, *run.result())
            check_checks(name, run.result()[1])
        for name, run in scenarios.items():
            judge(name, *run.result())
        judge(HEAVY, *run_script(lab, target, TOP / "examples" / "lab" / f"{HEAVY}.js", **SCENARIOS[HEAVY]))
        generate_faults(lab, project)
        generate_asks(lab, project)
        dotenv(lab, target, project)


def generate_faults(lab, project):
    for words, expected in ((("-n", "my-steady-load", "-b", "steady-load"), "is there already"), (("-n", "x", "-b", "none"), "there is no blueprint"),
                            (("-n", "a/b", "-b", "steady-load"), "is no name"), (("-n", "x"), "say which blueprint"),
                            (("-e", "artillery", "-n", "x"), "not read yet")):
        done = lab.call("generate", *words, cwd=project, stdin=subprocess.DEVNULL)
        check(f"generate {' '.join(words)}: {expected}", done.returncode == 255 and expected in done.stderr, done.stderr)


def generate_asks(lab, project):
    """On a terminal the name and the blueprint are asked for."""
    master, slave = pty.openpty()
    proc = subprocess.Popen([lab.brunt, "generate"], cwd=project, env=lab.env, stdin=slave, stdout=slave, stderr=slave)
    os.close(slave)
    shown = b""
    answers = [(b"Name of the script:", b"asked\n"), (b"Which one?", b"spike-load\n")]
    with contextlib.suppress(OSError):  # that is how a terminal ends
        while data := os.read(master, 4096):
            shown += data
            if answers and answers[0][0] in shown:
                os.write(master, answers.pop(0)[1])
    os.close(master)
    written = project / "k6" / "scenarios" / "asked.js"
    check("generate asks on a terminal", proc.wait(30) == 0 and written.exists() and "Twenty times" in written.read_text(), shown)
    check("and shows what there is", b"variable-traffic" in shown, shown)


def dotenv(lab, target, project):
    """-p, .env, and exit codes that are the run's."""
    (project / ".env").write_text(f"TARGET_API_URL='{target.url}'\nCONCURRENCY=2 # users\nDURATION=3s\nINFLUXDB_TOKEN=unused\n")
    shutil.copy(Path(__file__).parent / "fast.js", project / "mine.js")
    with tempfile.TemporaryDirectory() as folder:
        summary = Path(folder) / "s.json"
        done = lab.call("k6", "-s", "mine.js", "-p", str(project), "--", "--quiet", "--summary-export", str(summary))
        vus = json.loads(summary.read_text())["metrics"]["vus_max"]["value"] if summary.exists() else None
        check("k6 -p: .env of the project is read", done.returncode == 0 and vus == 2, (vus, done.stderr))
        check("and it says that no database runs", "brunt lab up" in done.stderr, done.stderr)
        done = lab.call("k6", "-s", "mine.js", "-p", str(project), "--", "--quiet", "--summary-export", str(summary), env={"CONCURRENCY": "1"})
        vus = json.loads(summary.read_text())["metrics"]["vus_max"]["value"]
        check("the environment counts more", vus == 1, vus)
    done = lab.call("k6", "-s", "mine.js", "-p", str(project), "--", "--quiet", "--threshold", "http_reqs:count>1000000")
    check("a failed threshold is exit code 99", done.returncode == 99, done.returncode)
    (project / "broken.js").write_text("export default function () {")
    done = lab.call("k6", "-s", "broken.js", "-p", str(project))
    check("a broken script is exit code 107", done.returncode == 107, (done.returncode, done.stderr))
    done = lab.call("k6", "-s", "none.js", "-p", str(project))
    check("a script that is not there is named", done.returncode == 255 and "none.js" in done.stderr, done.stderr)


PARTS = {"files": part_files, "stack": part_stack, "trouble": part_trouble, "scripts": part_scripts, "peers": part_peers}

if __name__ == "__main__":
    if len(sys.argv) != 3 or sys.argv[2] not in PARTS:
        sys.exit(__doc__)
    PARTS[sys.argv[2]](os.path.abspath(sys.argv[1]))
    finish()
