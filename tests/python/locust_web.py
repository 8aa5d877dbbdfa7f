"""Locust's web API on brunt, beside a real Locust's: the same calls, keys, types and texts; then what a run of ours does
with them, and brunt's own bridge, which is an exporter for the real one, pointed at it.

    locust_web.py BRUNT [LOCUST]        LOCUST: the command of a real one (default: locust, where there is one)
"""
import contextlib
import csv
import html
import io
import json
import os
import re
import shlex
import shutil
import signal
import subprocess
import sys
import time
import urllib.error
import urllib.request
from pathlib import Path
from urllib.parse import urlencode

HERE = Path(__file__).resolve().parent
sys.path.insert(0, str(HERE.parent / "sinks"))
from servers import Process, Target, check, finish, free_ports, wait_for  # noqa: E402

BRUNT = sys.argv[1]
FILE = HERE / "webfile.py"
EVIL = "https://evil.example"
MISSING = "Missing user_count or spawn_rate from /swarm request"
SPANS = "Valid run_time formats are : 20, 20s, 3m, 2h, 1h20m, 3h30m10s, etc."


class Served(Process):
    """A locustfile behind a web API."""

    def __init__(self, command, *options, base="", file=FILE, ready=True, env=()):
        super().__init__()
        (port,) = free_ports(1)
        self.url = f"http://127.0.0.1:{port}{base}"
        environment = {k: v for k, v in os.environ.items() if k != "VIRTUAL_ENV" and not k.startswith("LOCUST_")}
        self.proc = self.start(*command, "-f", str(file), "--web-port", str(port), *options,
                               env={**environment, "HOME": self.folder.name, **dict(env)})
        if ready:
            wait_for(f"{command[0]} at {self.url}", self.is_there, 30)

    def is_there(self):
        if self.proc.poll() is not None:
            sys.exit(f"it ended with {self.proc.returncode}:\n{self.logs()}")
        return self.get("/stats/requests")[0] == 200

    def ask(self, path, data=None, headers=(), method=None):
        """(status, headers, text)"""
        request = urllib.request.Request(self.url + path, data=data, headers=dict(headers), method=method)
        try:
            with urllib.request.urlopen(request, timeout=90) as answer:
                return answer.status, answer.headers, answer.read().decode()
        except urllib.error.HTTPError as e:
            return e.code, e.headers, e.read().decode()

    def get(self, path, **headers):
        return self.ask(path, headers=headers)

    def json(self, path):
        return json.loads(self.get(path)[2])

    def swarm(self, **fields):
        return json.loads(self.ask("/swarm", urlencode(fields, doseq=True).encode())[2])

    def order(self, path):
        """GET as of old; the newest Locust wants POST."""
        status, _, text = self.get(path)
        return text if status != 405 else self.ask(path, b"")[2]

    def stats(self):
        return self.json("/stats/requests")

    def total(self):
        return self.stats()["stats"][-1]

    def until(self, what, probe, seconds=40):
        return wait_for(f"{what} ({self.url})", lambda: probe(self.stats()), seconds)

    def end(self, how=signal.SIGINT):
        self.proc.send_signal(how)
        with contextlib.suppress(subprocess.TimeoutExpired):
            return self.proc.wait(60)
        sys.exit(f"it does not end:\n{self.logs()}")


class Ours(Served):
    def __init__(self, *options, more=(), **how):
        super().__init__([BRUNT, "locust"], *options, "--", *more, **how)


# ---- the same of both ----


def kind(value):
    """The type, where 1 and 1.0 are alike: Locust itself has either."""
    return "number" if isinstance(value, (int, float)) and not isinstance(value, bool) else type(value).__name__


def kinds(value):
    """The shape of a document: keys and types, of a list those of its first element."""
    if isinstance(value, dict):
        return {k: kinds(v) for k, v in value.items()}
    if isinstance(value, list):
        return [kinds(value[0])] if value else []
    return kind(value)


def current(stats):
    """Percentiles of the last seconds, where this version has them."""
    newer = stats.get("current_response_time_percentiles", {})
    return [*newer.values(), *(v for k, v in stats.items() if k.startswith("current_response_time_percentile_"))]


def play(server, target):
    """What a client does, and all that it hears."""
    heard = {"before": kinds(server.stats()), "state before": server.stats()["state"]}
    heard["swarm"] = server.swarm(user_count=4, spawn_rate=4, host=target.url + "<>")
    server.until("requests, failures and a current percentile",
                 lambda s: s["stats"][-1]["num_requests"] > 30 and s["errors"] and s["state"] == "running" and
                 all(v is not None for v in current(s)) and s["total_rps"] > 0)
    stats = server.stats()
    heard["stats"] = kinds({**stats, "errors": stats["errors"][:1]})
    heard["names"] = sorted((r["method"], r["name"]) for r in stats["stats"])
    heard["last row"] = [stats["stats"][-1]["method"], stats["stats"][-1]["name"]]
    heard["error"] = {k: v for k, v in stats["errors"][0].items() if isinstance(v, str)}
    heard["users"] = stats["user_count"]
    wait_for("the exception", lambda: server.json("/exceptions")["exceptions"], 10)
    exceptions = server.json("/exceptions")
    heard["exceptions"] = kinds(exceptions)
    heard["trace"] = "raise ValueError(\"boom\")" in exceptions["exceptions"][0]["traceback"]
    heard["message"] = exceptions["exceptions"][0]["msg"]
    heard["nodes"] = exceptions["exceptions"][0]["nodes"]
    heard["tasks"] = kinds(server.json("/tasks"))
    heard["stop"] = json.loads(server.order("/stop"))
    heard["state after"] = server.until("stopped", lambda s: s["state"] == "stopped" and s)["state"]
    counted = server.total()["num_requests"]
    for name in ("requests", "failures", "exceptions"):
        path = "/exceptions/csv" if name == "exceptions" else f"/stats/{name}/csv"
        status, headers, text = server.get(path)
        heard[f"{name}.csv"] = (status, text.splitlines()[0], headers.get_content_type(),
                                headers["Content-Disposition"].startswith("attachment"))
        heard[f"{name} in csv"] = len(list(csv.reader(io.StringIO(text)))) > 1
    status, _, text = server.get("/stats/requests_full_history/csv")
    heard["history"] = (status, text)
    heard["reset"] = server.order("/stats/reset")
    server.until("empty statistics", lambda s: s["stats"][-1]["num_requests"] == 0)
    heard["after reset"] = kinds({**server.stats(), "errors": [], "current_response_time_percentiles": None})
    heard["again"] = server.swarm(user_count=1, spawn_rate=1, host=target.url)["message"]
    server.until("another test", lambda s: 0 < s["stats"][-1]["num_requests"] < counted)
    server.order("/stop")
    heard["bad span"] = server.swarm(user_count=1, spawn_rate=1, run_time="soon")["message"]
    heard["nowhere"] = server.get("/nowhere")[0]
    return heard


# Of Locust 2.12: documents that have got more keys since, and what is otherwise now. Ours is 2.47's.
OLD = {"before", "stats", "after reset"}
OTHERWISE = {"trace", "failures.csv"}


def compare(ours, theirs):
    is_old = "current_response_time_percentiles" not in theirs["before"]
    for key, value in theirs.items():
        if is_old and key in OLD:
            missing = [k for k in value if k not in ours[key] and not k.startswith("current_response_time_percentile_")]
            check(f"both: {key}: all of 2.12's keys", not missing, missing)
            continue
        if is_old and key in OTHERWISE:
            continue
        if is_old and key == "error":
            value = {k: html.unescape(v) for k, v in value.items()}
        check(f"both: {key}", ours[key] == value, f"ours {ours[key]}\n   theirs {value}")


def with_real(command, target, ours):
    version = subprocess.run([*command, "--version"], text=True, capture_output=True, timeout=60).stdout
    print(f"beside {version.strip() or 'one that does not say its version'}")
    with Served(command, "--web-host", "127.0.0.1") as server:
        compare(ours, play(server, target))


# ---- ours alone ----


def test_messages(server, target):
    told = server.swarm(user_count=1)
    check("swarm: what is missing", told == {"success": False, "message": MISSING, "host": None}, told)
    told = server.swarm(user_count="one", spawn_rate=1)["message"]
    check("swarm: no number", told == "Invalid user_count value: 'one' (must be an integer)", told)
    check("swarm: no span", server.swarm(user_count=1, spawn_rate=1, run_time="soon")["message"] == SPANS)
    told = server.swarm(user_count=1, spawn_rate=1, user_classes="Nobody", host=target.url)
    check("swarm: no such class", told["success"] is False and "Nobody" in told["message"], told)
    check("swarm: the server lives", server.stats()["state"] in ("ready", "stopped"))
    told = server.swarm(user_count=1, spawn_rate=1, run_time="2s", user_classes="Visitor", host=target.url)
    check("swarm: run_time is told", told.get("run_time") == 2 and told["message"] == "Swarming started", told)
    server.until("the end by run_time", lambda s: s["state"] == "stopped")
    names = {r["name"] for r in server.stats()["stats"]}
    check("swarm: one class only", "/raiser" not in names and "/red-1-False-kept" in names, names)


def test_options_and_users(server, target):
    told = server.ask("/user", json.dumps({"user_class_name": "Nobody"}).encode())
    check("user: unknown", told[0] == 400 and "Nobody" in told[2], told)
    told = server.ask("/user", json.dumps({"user_class_name": "Raiser", "weight": 0}).encode())
    check("user: set", (told[0], told[2]) == (201, "{}"), told)
    server.swarm(user_count=2, spawn_rate=10, host=target.url, colour="blue", depth="7", loud="true", hidden="no")
    told = server.swarm(user_count=2, spawn_rate=10)
    check("swarm at once again: it waits for the first", told["success"], told)
    server.until("two users", lambda s: s["user_count"] == 2 and len(s["stats"]) > 1)
    told = server.swarm(user_count=6, spawn_rate=20)
    check("swarm again: said", told["success"], told)
    server.until("six users", lambda s: s["user_count"] == 6)
    server.swarm(user_count=1, spawn_rate=20)
    server.until("one user", lambda s: s["user_count"] == 1)
    names = {r["name"] for r in server.stats()["stats"]}
    check("options of the form, typed", "/blue-7-True-kept" in names, names)
    check("user: weight 0", "/raiser" not in names, names)
    status, _, page = server.get("/stats/report")
    check("report while it runs", status == 200 and "<html" in page, page[:300])
    told = json.loads(server.order("/stop"))
    check("stop", told == {"success": True, "message": "Test stopped"}, told)
    check("stop: it waited", server.stats()["state"] == "stopped", server.stats()["state"])
    said = [line for line in server.json("/logs")["master"] if "test run stopped" in line]
    check("stop is said, and is no error", said and all("level=info" in line for line in said), said)
    check("stop without a test", json.loads(server.order("/stop"))["success"])
    status, headers, page = server.get("/stats/report?download=1")
    check("report afterwards", status == 200 and "attachment" in headers["Content-Disposition"])


def test_guard(server):
    for path, method, headers, wanted in (
            ("/swarm", "GET", {}, 405), ("/stats/requests", "POST", {}, 404), ("/nowhere", "GET", {}, 404),
            ("/stop", "GET", {"Sec-Fetch-Site": "cross-site"}, 403), ("/swarm", "POST", {"Origin": EVIL}, 403),
            ("/stats/requests", "GET", {"Host": "evil.example"}, 403), ("/", "GET", {}, 200), ("/facts", "GET", {}, 200),
            ("/", "GET", {"Sec-Fetch-Site": "cross-site"}, 200), ("/assets/locust.js", "GET", {}, 200),
            ("/assets/locust.css", "GET", {}, 200), ("/worker-count", "GET", {}, 200)):
        data = b"" if method == "POST" else None
        status = server.ask(path, data, headers, method)[0]
        check(f"guard: {method} {path} {headers}", status == wanted, f"{status}, not {wanted}")
    logs = server.json("/logs")
    check("logs", any("web API" in line or "/swarm" in line for line in logs["master"]) and logs["workers"] == {}, logs)
    fields = {f["name"]: f for f in server.json("/facts")["fields"]}
    check("facts: options of the script", set(fields) == {"colour", "depth", "loud"}, fields)
    check("facts: a flag is one", fields["loud"]["is_flag"] and not fields["depth"]["is_flag"], fields)


def test_workers(target):
    with Ours("-H", target.url, "--processes", "2", "--autostart", "-u", "4", "-r", "4", "-t", "4s", "--autoquit", "0",
              "--exit-code-on-error", "7") as server:
        seen = server.until("two workers with users", lambda s: s.get("worker_count") == 2 and
                            sum(w["user_count"] for w in s["workers"]) == 4 and s)
        keys = {"id", "state", "user_count", "cpu_usage", "memory_usage"}
        check("workers: keys", all(set(w) == keys for w in seen["workers"]), seen["workers"])
        check("workers: states", {w["state"] for w in seen["workers"]} <= {"running", "spawning"}, seen["workers"])
        check("workers: memory", all(w["memory_usage"] > 1 << 20 for w in seen["workers"]), seen["workers"])
        check("workers: count", server.json("/worker-count") == {"worker_count": 2})
        nodes = wait_for("exceptions of workers", lambda: server.json("/exceptions")["exceptions"], 15)[0]["nodes"]
        check("workers: exceptions say whose", nodes.startswith("worker "), nodes)
        with contextlib.suppress(subprocess.TimeoutExpired):
            server.proc.wait(60)
        check("autoquit: ends by itself, with --exit-code-on-error", server.proc.returncode == 7,
              f"{server.proc.returncode}\n{server.logs()[-3000:]}")


def refused(*options):
    return subprocess.run([BRUNT, "locust", "-f", str(FILE), *options], text=True, capture_output=True, timeout=60)


def test_life(target):
    with Ours("-H", target.url, "--web-base-path", "/load", base="/load") as server:
        check("base path: page", 'data-base="/load"' in server.get("/")[2] and "/load/assets/" in server.get("")[2])
        port = server.url.split(":")[2].split("/")[0]
        check("base path: nothing above", Served.ask(server, "/../stats/requests")[0] == 404)
        second = refused("--web-port", port)
        check("port that is taken: one sentence", second.returncode == 1 and f":{port} is taken" in second.stderr, second)
        server.swarm(user_count=1, spawn_rate=1, user_classes="Raiser")
        server.until("an exception", lambda s: server.json("/exceptions")["exceptions"])
        code = server.end()
        check("Ctrl-C during a test: as Locust's", code == 1, f"{code}\n{server.logs()[-3000:]}")
    with Ours() as server:
        check("Ctrl-C before any", server.end() == 0)
    bad = refused("--autoquit", "1")
    check("autoquit alone", bad.returncode == 1 and "--autostart" in bad.stderr, bad)
    bad = refused("--web-base-path", "load")
    check("base path without a slash", bad.returncode == 1 and "begins with a slash" in bad.stderr, bad)


def test_headless(target):
    """brunt run FILE -- --web-port serves while it runs; without it nothing is served."""
    (port,) = free_ports(1)
    with Process() as runner:
        runner.start(BRUNT, "run", "--quiet", str(FILE), "--", "-H", target.url, "-u", "2", "-r", "2", "-t", "60s",
                     "--web-port", str(port), env={**os.environ, "HOME": runner.folder.name, "BRUNT_NO_STORE": "true"})
        served = Served.__new__(Served)
        served.url, served.proc, served.logs = f"http://127.0.0.1:{port}", runner.procs[0], runner.logs
        wait_for("the API of a headless run", served.is_there, 30)
        served.until("requests", lambda s: s["stats"][-1]["num_requests"] > 5 and s["state"] == "running")
        served.swarm(user_count=5, spawn_rate=50)
        served.until("five users", lambda s: s["user_count"] == 5)
        served.order("/stop")
        check("headless: /stop ends the program", isinstance(runner.procs[0].wait(60), int))


SAMPLE = re.compile(r"^(\w+)(?:\{(.*)\})? (\S+)$")


def test_exporter(server, target):
    """The bridge reads a swarm of ours as it reads Locust's, and its counts are the run's."""
    (port,) = free_ports(1)
    server.swarm(user_count=3, spawn_rate=3, host=target.url)
    server.until("requests", lambda s: s["stats"][-1]["num_requests"] > 30)
    server.order("/stop")
    rows = {r["name"]: r for r in server.stats()["stats"]}
    with Process() as bridge:
        bridge.start(BRUNT, "bridge", "locust", "--url", server.url, "--listen", f"127.0.0.1:{port}", "--interval", "200ms")

        def counts():
            with urllib.request.urlopen(f"http://127.0.0.1:{port}/metrics", timeout=5) as answer:
                lines = answer.read().decode().splitlines()
            found = {}
            for name, labels, value in (m.groups() for m in map(SAMPLE.match, lines) if m):
                label = re.search(r'name="([^"]*)"', labels or "")
                if name == "locust_requests_num_requests" and label:
                    found[label[1]] = float(value)
            return found

        got = wait_for("the bridge's counts", counts, 15)
        check("bridge: all counts", got == {n: r["num_requests"] for n, r in rows.items()}, f"{got} of {rows}")
    (told,) = csv.DictReader(line for line in server.get("/stats/requests/csv")[2].splitlines()
                             if line.startswith(("Type", ",Aggregated")))
    check("CSV: counts", int(told["Request Count"]) == rows["Aggregated"]["num_requests"], told)
    check("rows add up", rows["Aggregated"]["num_requests"] == sum(r["num_requests"] for n, r in rows.items() if n != "Aggregated"))


def main():
    given = shlex.split(sys.argv[2]) if len(sys.argv) > 2 else None
    real = given or ([shutil.which("locust")] if shutil.which("locust") else None)
    began = time.monotonic()
    with Target(BRUNT) as target:
        with Ours(more=("--loops", "1")) as server:
            heard = play(server, target)
        if real:
            with_real(real, target, heard)
        with Ours() as server:
            test_messages(server, target)
            test_guard(server)
            test_exporter(server, target)
            test_options_and_users(server, target)
        test_workers(target)
        test_life(target)
        test_headless(target)
    print(f"{time.monotonic() - began:.0f} s")
    finish()


main()
