"""Locustfiles against brunt's own target: what is counted, under which names, with which verdicts; sets, tags, weights,
events, shapes. Users end by themselves, so counts are by arithmetic.

    locust.py BRUNT
"""
import collections
import concurrent.futures
import json
import os
import re
import subprocess
import sys
import tempfile
from pathlib import Path

HERE = Path(__file__).resolve().parent
sys.path.insert(0, str(HERE.parent / "sinks"))
from servers import Target, check, finish  # noqa: E402

BRUNT = sys.argv[1]
FILE = HERE / "locustfiles.py"


class Run:
    """A run of some classes, with all its samples."""

    def __init__(self, target, *arguments, users=1, seconds="2s", env=()):
        with tempfile.TemporaryDirectory(prefix="brunt-test-") as folder:
            samples = Path(folder) / "samples.json"
            environment = {k: v for k, v in os.environ.items() if k != "VIRTUAL_ENV" and not k.startswith("LOCUST_")}
            done = subprocess.run(
                [BRUNT, "run", str(FILE), "--target", target.url, "-o", f"json={samples}", "--", "-u", str(users), "-r", "100",
                 "-t", seconds, *arguments],
                env={**environment, "BRUNT_NO_STORE": "true", **dict(env)}, text=True, capture_output=True, timeout=120)
            self.code, self.output = done.returncode, done.stdout + done.stderr
            lines = [json.loads(line) for line in samples.read_text().splitlines()] if samples.exists() else []
        self.points = [(line["metric"], line["data"]) for line in lines if line["type"] == "Point"]

    def names(self, metric="http_reqs"):
        """Sums by name."""
        sums = collections.Counter()
        for name, data in self.points:
            if name == metric and data["value"]:
                sums[data["tags"].get("name")] += data["value"]
        return dict(sums)

    @property
    def failed(self):
        return self.names("http_req_failed")

    @property
    def exceptions(self):
        return {d["tags"]["exception"]: 1 for m, d in self.points if m == "script_exceptions" and d["value"]}

    def sum(self, metric):
        return sum(d["value"] for m, d in self.points if m == metric)


def expect(name, got, wanted, run):
    check(name, got == wanted, f"got {got}, wanted {wanted}\n{run.output[-3000:]}")


def test_plain(run):
    run = run("Plain", users=3)
    expect("Plain: names and counts", run.names(), {"named": 15, "/anything?a=1&b=2": 15, "elsewhere": 3}, run)
    expect("Plain: ends well", run.code, 0, run)
    check("Plain: events of the test", "TEST START hello http://127" in run.output and "TEST STOP 0" in run.output, run.output)


def test_methods(run):
    run = run("Methods")
    got = run.names()
    expect("Methods: all of them", (got.get("anything"), got.get("redirected"), got.get("stays")), (7, 3, 1), run)
    expect("Methods: renamed", (got.get("renamed"), got.get("by attribute")), (1, 1), run)
    expect("Methods: what failed", run.failed, {"missing": 1}, run)
    expect("Methods: nothing raised", run.exceptions, {}, run)
    check("Methods: raise_for_status() says where", re.search(r"RAISED 404 Client Error: Not Found for url: http://[\d.:]+/status/404", run.output), run.output)


def test_verdicts(run):
    run = run("Verdicts")
    expect("Verdicts: requests", run.names(), {n: 3 for n in ("404 is fine", "200 is not", "200", "500", "raised", "last word",
                                                              "left")}, run)
    expect("Verdicts: failures", run.failed, {"200 is not": 3, "500": 3, "raised": 3}, run)
    expect("Verdicts: nothing escaped", run.exceptions, {}, run)


def test_fast(run):
    run = run("Fast", users=2)
    expect("Fast: requests", run.names(), {"/anything?x=1": 2, "/users": 4, "no json": 2, "/fast?_=...": 2, "404": 2, "302": 2},
           run)
    expect("Fast: failures", run.failed, {"/users": 2, "no json": 2, "404": 2}, run)
    expect("Fast: nothing raised", run.exceptions, {}, run)


def test_sets(run):
    run = run("Sets")
    expect("Sets: until interrupted", run.names(), {"inner start": 2, "inner step": 6, "inner stop": 2, "user stop": 1}, run)
    run = run.again("InOrder")
    expect("InOrder: in the order of the file", run.names(), {"1": 5, "2": 10, "3": 5, "4": 5}, run)
    run = run.again("Chain")
    expect("Chain: along the transitions", run.names(), {"a": 5, "b": 5, "c": 5}, run)


def test_tags(run):
    one = run("Tagged", "--tags", "yes")
    expect("Tagged: --tags", one.names(), {"wanted": 5}, one)
    one = run("Tagged", "--tags", "both", "--exclude-tags", "no")
    expect("Tagged: exclusion wins", one.names(), {"wanted": 5}, one)
    one = run("Tagged", "--exclude-tags", "both")
    expect("Tagged: untagged", one.names(), {"untagged": 5}, one)


def test_raises(run):
    run = run("Raises")
    expect("Raises: the user goes on", run.names(), {"before": 4}, run)
    expect("Raises: one is an exception", run.exceptions, {"ValueError": 1}, run)
    check("Raises: with its line", "locustfiles.py" in run.output and "boom" in run.output, run.output)
    run = run.again("DiesAtStart")
    expect("DiesAtStart: no task, no on_stop", (run.names(), run.exceptions), ({}, {"OSError": 1}), run)


def test_other(run):
    run = run("Other")
    expect("Other: what is fired is measured", run.names(), {"good": 1, "bad": 1, "measured": 1, "broken": 1}, run)
    expect("Other: failures", run.failed, {"bad": 1, "broken": 1}, run)
    times = {d["tags"]["name"]: d["value"] for m, d in run.points if m == "http_req_duration"}
    check("Other: times in ms", times["good"] == 12.5 and times["measured"] >= 9, times)
    expect("Other: nothing raised", run.exceptions, {}, run)


def test_weights(run):
    one = run("Heavy", "Light", users=12)
    expect("weights: exactly", one.names(), {"heavy": 10, "light": 2}, one)
    one = run("Heavy", "Light", "Fixed", users=8)
    expect("weights: fixed counts first", one.names(), {"heavy": 5, "light": 1, "fixed": 2}, one)
    one = run("Heavy", "Light", "--equal-weights", users=4)
    expect("weights: equal", one.names(), {"heavy": 2, "light": 2}, one)


def test_ends(run):
    one = run("Ends", seconds="60s")
    expect("Ends: StopTest ends it, well", (one.names(), one.code), ({"one": 1}, 0), one)
    one = run("Listens")
    expect("Listens: no assertion failed", (one.exceptions, one.names()), ({}, {"heard": 2, "caught": 2}), one)
    one = run("Unreachable")
    expect("Unreachable: no exception but a failure", (one.failed, one.exceptions), ({"away": 1}, {}), one)


def test_shape(run):
    one = run("Paced", users=1, seconds="1h", env={"WITH_SHAPE": "1"})
    check("a shape's curve", "Up to 6 looping VUs for 3s" in one.output, one.output)
    expect("a shape ends the test", one.code, 0, one)


def test_messages(run):
    rows = (
        (("Nobody",), 104, "there is no User class 'Nobody'; there are: "),
        (("-t", "soon"), 104, "--run-time"),
        (("-u", "0"), 104, "there must be a user at least"),
        (("--nonsense",), 104, "--nonsense"),
    )
    for arguments, code, sentence in rows:
        one = run(*arguments)
        check(f"{' '.join(arguments)}: {sentence}", one.code == code and sentence in one.output, (one.code, one.output))
    one = run("--help")
    check("--help lists the script's options too", one.code == 0 and "--greeting" in one.output, one.output)
    one = run("Plain", "--greeting", "moin")
    check("options of the script's own", "TEST START moin" in one.output, one.output)
    one = run("Plain", env={"LOCUST_USERS": "7", "GREETING": "salut"})
    check("and their variables", "TEST START salut" in one.output, one.output)


def main():
    tests = [f for n, f in globals().items() if n.startswith("test_")]
    with Target(BRUNT) as target, concurrent.futures.ThreadPoolExecutor(3) as pool:
        def run(*arguments, **how):
            one = Run(target, *arguments, **how)
            one.again = run
            return one

        for done in [pool.submit(test, run) for test in tests]:
            done.result()


if __name__ == "__main__":
    if len(sys.argv) != 2:
        sys.exit(__doc__)
    main()
    finish()
