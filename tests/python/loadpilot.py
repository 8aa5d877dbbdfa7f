"""LoadPilot scenarios against brunt's own target: counts, shares, verdicts, hooks, order, messages. Counts are by
arithmetic; nothing here depends on how fast the machine is.

    loadpilot.py BRUNT
"""
import collections
import concurrent.futures
import json
import os
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from pathlib import Path

HERE = Path(__file__).resolve().parent
sys.path.insert(0, str(HERE.parent / "sinks"))
from servers import Process, Target, check, fetch, finish, free_ports, wait_for  # noqa: E402

BRUNT = sys.argv[1]
SCENARIOS = HERE / "scenarios.py"


def brunt(*arguments, program=BRUNT, cwd=None, **env):
    """(exit code, output) of a command."""
    environment = {k: v for k, v in os.environ.items() if k not in ("VIRTUAL_ENV", "LOADPILOT_TARGET")}
    done = subprocess.run([program, *map(str, arguments)], env={**environment, "BRUNT_NO_STORE": "true", **env},
                          text=True, capture_output=True, timeout=120, cwd=cwd)
    return done.returncode, done.stdout + done.stderr


class Run:
    """A run of one scenario, with all its samples."""

    def __init__(self, target, name, *more):
        with tempfile.TemporaryDirectory(prefix="brunt-test-") as folder:
            samples, results = Path(folder) / "samples.json", Path(folder) / "results.json"
            self.code, self.output = brunt("run", SCENARIOS, "--scenario", name, "--target", target.url, "-o",
                                           f"json={samples}", "--results-json", results, *more)
            lines = [json.loads(line) for line in samples.read_text().splitlines()] if samples.exists() else []
            self.results = json.loads(results.read_text()) if results.exists() else {}
        self.points = [(line["metric"], line["data"]) for line in lines if line["type"] == "Point"]

    def sum(self, metric, by=None):
        """Of values, or by the values of a tag."""
        sums = collections.Counter()
        for name, data in self.points:
            if name == metric:
                sums[data["tags"].get(by) if by else None] += data["value"]
        return dict(sums) if by else sums[None]

    def count(self, metric, by=None):
        counts = collections.Counter((data["tags"] or {}).get(by) for name, data in self.points if name == metric)
        return dict(counts) if by else sum(counts.values())


class Runs:
    """Several at a time: most of them wait most of the time."""

    NAMES = ["Stairs", "Mix", "Slow", "Checks", "Hooks", "AsyncHooks", "Sleeps", "Batches", "Threads", "Requests", "Unreachable",
             "Limits", "Blocks", "Early", "Locked"]

    def __init__(self, target):
        self.pool = concurrent.futures.ThreadPoolExecutor(4)
        self.runs = {name: self.pool.submit(Run, target, name) for name in self.NAMES}

    def __getitem__(self, name):
        return self.runs[name].result()


def expect(name, got, wanted, run):
    check(name, got == wanted, f"got {got}, wanted {wanted}\n{run.output[-3000:]}")


def test_shares(runs):
    run = runs["Mix"]
    expect("Mix: shares by weight", run.sum("http_reqs", "name"), {"often": 60, "sometimes": 40, "seldom": 20}, run)
    expect("Mix: nothing dropped", run.sum("dropped_iterations"), 0, run)
    run = runs["Slow"]
    expect("Slow: shares hold at a low rate", run.sum("http_reqs", "name"), {"a": 3, "b": 9}, run)


def test_workers(target, folder):
    """The same from two processes."""
    results = folder / "results.json"
    code, output = brunt("run", SCENARIOS, "--scenario", "Mix", "--target", target.url, "--workers", "2",
                         "--results-json", results)
    metrics = json.loads(results.read_text())["metrics"] if results.exists() else []
    tasks = {s["tags"]["name"]: s["sum"] for m in metrics if m["name"] == "http_reqs" for s in m["series"]}
    check("two workers: shares by weight", tasks == {"often": 60, "sometimes": 40, "seldom": 20},
          f"{tasks}\n{output[-3000:]}")


def test_verdicts(runs):
    run = runs["Checks"]
    expect("Checks: calls by task", run.sum("http_reqs", "name"),
           {"bad_check": 20, "bad_status": 10, "good": 10, "raises": 20}, run)
    expect("Checks: each call has one verdict", run.count("http_req_failed"), 60, run)
    expect("Checks: failures by task", {k: v for k, v in run.sum("http_req_failed", "name").items() if v},
           {"bad_check": 10, "bad_status": 10, "raises": 10}, run)
    expect("Checks: as checks", run.sum("checks", "check"),
           {"check_bad_check": 0, "check_bad_status": 10, "check_good": 10}, run)
    expect("Checks: exceptions by type", run.sum("script_exceptions", "exception"), {"AttributeError": 10}, run)
    check("Checks: the first with its place", "scenarios.py\\\", line" in run.output and "missing_field" in run.output,
          run.output)
    check("Checks: the last at the end", "10 times in all; the last one" in run.output, run.output)
    expect("Checks: the run goes on", run.count("iterations"), 40, run)


    run = runs["Early"]
    expect("Early: failures without requests", (run.sum("http_req_failed", "name"), run.sum("http_reqs")),
           ({"early": 10}, 0), run)
    expect("Early: error_rate is crossed", run.code, 99, run)


def test_hooks(runs):
    run = runs["Hooks"]
    calls = run.sum("http_reqs", "name")
    expect("Hooks: tasks", calls.get("work"), 40, run)
    check("Hooks: two calls of on_start, one of on_stop", calls["on_start"] == 2 * calls["on_stop"] > 0, calls)
    expect("Hooks: no exception", run.sum("script_exceptions"), 0, run)
    run = runs["AsyncHooks"]
    expect("AsyncHooks: tasks", run.sum("http_reqs", "name")["work"], 20, run)
    expect("AsyncHooks: checks", run.sum("checks", "check"), {"check_work": 20}, run)
    check("AsyncHooks: on_stop", run.sum("http_reqs", "name").get("on_stop", 0) > 0, run.output)
    expect("AsyncHooks: no exception", run.sum("script_exceptions"), 0, run)


def test_waiting(runs):
    run = runs["Sleeps"]
    expect("Sleeps: users wait together", (run.count("iterations"), run.sum("dropped_iterations")), (100, 0), run)
    expect("Sleeps: no exception", run.sum("script_exceptions"), 0, run)
    run = runs["Batches"]
    expect("Batches: five calls each", run.sum("http_reqs", "name"), {"five": 100}, run)
    expect("Batches: in the order of the requests", run.sum("script_exceptions"), 0, run)
    run = runs["Blocks"]
    check("Blocks: says where the loop is held up", run.output.count("all users stood still") == 1 and
          "scenarios.py:" in run.output, run.output[-3000:])
    run = runs["Locked"]
    expect("Locked: users wait for each other", (run.sum("http_reqs", "name").get("use"), run.sum("script_exceptions")), (80, 0), run)
    run = runs["Threads"]
    expect("Threads: run while users wait", (run.count("iterations"), run.sum("script_exceptions")), (10, 0), run)


def test_requests(runs):
    run = runs["Requests"]
    expect("Requests: arguments as in httpx", (run.count("iterations"), run.sum("script_exceptions")), (20, 0), run)
    run = runs["Unreachable"]
    expect("Unreachable: raise RuntimeError", run.sum("script_exceptions", "exception"), {"RuntimeError": 10}, run)
    expect("Unreachable: each is one failure", run.sum("http_req_failed"), 10, run)


def rate_at(scenario, t):
    """Iterations a second that a scenario of `brunt inspect` wants at t."""
    unit = float(scenario["timeUnit"].rstrip("s"))
    rate = scenario["startRate"] / unit
    for stage in scenario["stages"]:
        text = stage["duration"]
        length = float(text[:-2]) / 1000 if text.endswith("ms") else float(text.rstrip("s"))
        to = stage["target"] / unit
        if t < length:
            return rate + (to - rate) * t / length
        t, rate = t - length, to
    return 0


def test_profiles():
    wanted = {
        "Ramp": (12, lambda t: 60 * t / 3 if t < 3 else 60),
        "Mix": (2, lambda t: 60),
        "Steps": (10, lambda t: 7 * (min(int(t / (10 / 3)), 2) + 1) / 3),
        "Spike": (9, lambda t: 12 if 3 <= t < 6 else 0.2 * 12),
    }
    for name, (length, target) in wanted.items():
        code, output = brunt("inspect", SCENARIOS, "--scenario", name)
        scenario = json.loads(output)["scenarios"][name]
        for i in range(1, 20):
            t = length * i / 20
            check(f"{name}: rate at {t:.2f} s", abs(rate_at(scenario, t) - target(t)) < 0.01,
                  f"{rate_at(scenario, t)}, not {target(t)}: {scenario}")
        check(f"{name}: then it is over", rate_at(scenario, length + 0.01) == 0, scenario)


def test_thresholds(runs, target):
    run = runs["Limits"]
    expect("Limits: breached", run.code, 99, run)
    run = Run(target, "Limits", "--threshold", "error_rate=100")
    expect("Limits: the command line's stand in place of the scenario's", run.code, 0, run)
    code, output = brunt("run", SCENARIOS, "--scenario", "Mix", "--threshold", "p9=3")
    check("a threshold of an unknown name", code not in (0, 99) and "'p9' is none of p50_ms" in output, output)


def test_knee(runs, target):
    """Of three steps the last fails: by its number of requests, so that no machine is too slow for it."""
    run = runs["Stairs"]
    said = {k: run.results.get(k) for k in ("scenario", "target_url", "rps_target", "requests_total")}
    check("Stairs: as LoadPilot calls it", said == {"scenario": "Stairs", "target_url": target.url, "rps_target": 30,
                                                    "requests_total": 180}, said)
    knee = run.results.get("knee_point", {})
    check("Stairs: the knee is the last good step", [knee.get(k) for k in ("step", "total_steps", "rps", "max_rps", "error_rate_pct")]
          == [2, 3, 20, 30, 0], f"{knee}\n{run.output[-3000:]}")
    check("Stairs: and is told", "Last safe step        2 of 3\n" in run.output and "20 (67% of peak)" in run.output and
          "Test complete!" in run.output and "threshold(s) exceeded. Exiting with code 99." in run.output, run.output[-3000:])
    check("no knee of another load", "Knee point" not in runs["Mix"].output and "Test complete!" in runs["Mix"].output,
          runs["Mix"].output[-3000:])


def test_baseline(target, folder):
    """--save-baseline in a folder of its own: what LoadPilot's users look for, and what `brunt compare` takes."""
    home = folder / "home"
    (home / "mine").mkdir(parents=True)
    (home / ".env").write_text(f"# where to\nLOADPILOT_TARGET='{target.url}'\n")
    environment = {"cwd": home, "XDG_DATA_HOME": str(home / "data"), "BRUNT_NO_STORE": "false"}
    code, output = brunt("run", SCENARIOS, "--scenario", "Batches", "--save-baseline", **environment)
    saved = home / ".loadpilot" / "baseline.json"
    check("--save-baseline: LoadPilot's file", code == 0 and saved.exists(), output[-3000:])
    keys = ("scenario", "target_url", "rps_target", "rps_actual", "requests_total", "errors_total", "error_rate_pct", "p50_ms",
            "p95_ms", "p99_ms", "max_ms", "duration_secs")
    have = json.loads(saved.read_text())
    check("--save-baseline: with its keys", all(k in have for k in keys) and have["scenario"] == "Batches" and
          "knee_point" not in have, list(have))
    check("the target of .env", have["target_url"] == target.url, have["target_url"])
    shutil.rmtree(home / ".brunt")
    theirs = {**{k: have[k] for k in keys}, "error_rate_pct": 50.0}
    (home / "mine" / "bad.json").write_text(json.dumps(theirs))
    code, output = brunt("compare", "mine/bad.json", **environment)
    check("compare: LoadPilot's file with the baseline", code == 1 and ".loadpilot/baseline.json" in output and
          "Regression detected (threshold: 10%)" in output, output)


def test_dry_run():
    code, output = brunt("run", SCENARIOS, "--scenario", "Hooks", "--dry-run", "--target", "http://127.0.0.1:9/")
    plan = json.loads(output) if code == 0 else {}
    check("--dry-run: LoadPilot's plan", [plan.get(k) for k in ("name", "rps", "duration_secs", "mode", "scenario_class")] ==
          ["Hooks", 20, 2, "constant", "Hooks"], output)
    check("--dry-run: tasks", plan.get("tasks") == [{"name": "work", "weight": 1, "url": "/cookies", "method": "GET",
                                                     "headers": {}, "body_template": None}], output)


def test_init(folder):
    place = folder / "fresh"
    code, output = brunt("init", place)
    made = place / "scenarios" / "example.py"
    check("init: makes an example", code == 0 and made.exists() and (place / ".env.example").exists(), output)
    code, output = brunt("run", made, "--dry-run")
    plan = json.loads(output) if code == 0 else {}
    check("init: which can be run", [(t["name"], t["weight"]) for t in plan.get("tasks", [])] ==
          [("health", 3), ("root", 1)], output)
    board = json.loads((place / "monitoring" / "grafana-dashboard.json").read_text())
    check("init: with the dashboard of a run", len(board["panels"]) > 10 and "__inputs" not in board, board.keys())
    compose = (place / "monitoring" / "docker-compose.yml").read_text()
    check("init: and servers that show it", all(words in compose for words in (
        "9091:9090", "host.docker.internal:9090", "./grafana-dashboard.json:", "uid: prometheus")), compose)
    made.write_text("# mine\n")
    code, output = brunt("init", place)
    check("init: leaves what is there", code == 0 and made.read_text() == "# mine\n" and "there" in output, output)


BAD_FILES = {
    "no_module": ("import no_such_module_at_all\n", 107, "no_module.py:1: there is no module 'no_such_module_at_all'"),
    "syntax": ("x = 1\ndef broken(:\n", 107, "syntax.py:2: invalid syntax"),
    "raises": ("\n\nx = {}['y']\n", 107, "raises.py:3: KeyError: 'y'"),
    "exits": ("import sys\nsys.exit(0)\n", 107, "exits.py:2: the file ends the program"),
    "empty": ("x = 1\n", 107, "has nothing to run: no class in it is decorated with"),
    "mode": ("from loadpilot import scenario\n@scenario(mode='zigzag')\nclass A: pass\n", 107,
             "mode.py:2: ValueError: mode must be"),
    "no_task": ("from loadpilot import scenario\n@scenario()\nclass A: pass\n", 104, "scenario has no @task methods"),
    "weight": ("from loadpilot import *\n@scenario()\nclass A:\n    @task(weight=0)\n    def a(self, c): pass\n", 104,
               "the weight of 'a' must be a whole number > 0, got 0"),
    "numbers": ("from loadpilot import *\n@scenario(rps=0, duration='3h', thresholds={'p9': 1})\nclass A:\n    @task\n"
                "    def a(self, client): pass\n", 104, "rps must be > 0, got 0"),
    "request": ("from loadpilot import LoadClient\nLoadClient('http://127.0.0.1:9').get('/')\n", 107,
                "request.py:2: RuntimeError: a request needs a running user"),
}


def test_messages(folder):
    for name, (text, code, words) in BAD_FILES.items():
        path = folder / f"{name}.py"
        path.write_text(text)
        got, output = brunt("run", path)
        check(f"{name}: says what and where", got == code and words in output, f"exit code {got}: {output}")
    got, output = brunt("run", folder / "numbers.py")
    check("numbers: all that is wrong", "'3h' is no duration" in output and "unknown threshold 'p9'" in output, output)
    got, output = brunt("run", folder / "missing.py")
    check("a file that is not there", got != 0 and "cannot read" in output, output)
    got, output = brunt("run", SCENARIOS)
    check("several scenarios", got == 104 and "choose one with --scenario NAME" in output and "AsyncHooks" in output,
          output)
    got, output = brunt("run", SCENARIOS, "--scenario", "Nobody")
    check("a scenario that is not there", got == 104 and "there is no scenario 'Nobody'" in output, output)
    got, output = brunt("run", SCENARIOS, "--scenario", "Mix", "--target", "ftp://x")
    check("a target of another kind", got == 104 and "must start with http:// or https://" in output, output)


def test_alone(folder):
    """The program without its plug-in."""
    alone = folder / "alone"
    alone.mkdir()
    program = shutil.copy(BRUNT, alone / "brunt")
    (alone / "x.py").write_text("x = 1\n")
    (alone / "x.js").write_text("export default function () {}\n")
    code, output = brunt("run", alone / "x.py", program=program, BRUNT_PYTHON_PLUGIN="")
    check("without the plug-in, .py says what to install", code != 0 and "libpython3-dev" in output and
          "brunt_python" in output, output)
    code, output = brunt("run", "--quiet", alone / "x.js", program=program, BRUNT_PYTHON_PLUGIN="")
    check("without the plug-in, .js runs", code == 0, output)
    code, output = brunt("run", alone / "x.py", program=program, BRUNT_PYTHON_PLUGIN=alone / "x.js")
    check("a plug-in that is none", code != 0 and "cannot load the plug-in" in output, output)
    linked = subprocess.run(["ldd", BRUNT], text=True, capture_output=True).stdout
    check("the program does not link Python", "libpython" not in linked, linked)


def test_endless(target, folder):
    """Code that never waits is stopped with the run, and scraped before."""
    (port,) = free_ports(1)
    with Process() as p:
        proc = p.start(BRUNT, "run", SCENARIOS, "--scenario", "Long", "--target", target.url, "--no-store", "-o",
                       f"prometheus=127.0.0.1:{port}")
        page = wait_for("a scrape with tasks", lambda: (lambda t: t if 'task="seldom"' in t else None)(
            fetch(f"http://127.0.0.1:{port}/metrics").decode()), 30)
        check("LoadPilot's names by default", 'loadpilot_task_requests_total{task="often"}' in page and
              "loadpilot_target_rps 60" in page, page[:2000])
        proc.send_signal(signal.SIGINT)
        check("Ctrl-C ends it", proc.wait(60) == 105, p.logs()[-2000:])
    with Process() as p:
        proc = p.start(BRUNT, "run", SCENARIOS, "--scenario", "Endless", "--target", target.url, "--no-store")
        time.sleep(2)
        proc.send_signal(signal.SIGINT)
        try:
            code = proc.wait(60)
        except subprocess.TimeoutExpired:
            code = None
        check("Ctrl-C ends code that never waits", code == 105, p.logs()[-2000:])


def main():
    with Target(BRUNT) as target, tempfile.TemporaryDirectory(prefix="brunt-test-") as folder:
        runs = Runs(target)
        test_shares(runs)
        test_verdicts(runs)
        test_hooks(runs)
        test_waiting(runs)
        test_requests(runs)
        test_workers(target, Path(folder))
        test_profiles()
        test_thresholds(runs, target)
        test_knee(runs, target)
        test_baseline(target, Path(folder))
        test_dry_run()
        test_init(Path(folder))
        test_messages(Path(folder))
        test_alone(Path(folder))
        test_endless(target, Path(folder))
    finish()


main()
