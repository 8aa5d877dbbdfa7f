"""Calls that block: on helper threads all users go on, what they ask of the engine comes back, and nothing waits for one
that never ends. Greenlets: what they do beside each other. All against brunt's own target; what counts is counted.

    blocking.py BRUNT
"""
import concurrent.futures
import json
import os
import re
import subprocess
import sys
import tempfile
import time
from pathlib import Path

HERE = Path(__file__).resolve().parent
sys.path.insert(0, str(HERE.parent / "sinks"))
from servers import Target, check, finish  # noqa: E402

BRUNT = sys.argv[1]
ENDED = (0, 108)  # by itself, or by runner.quit()


class Run:
    """A run of some of the files beside this one, with all its samples."""

    def __init__(self, target, file, *arguments, behind=(), env=()):
        with tempfile.TemporaryDirectory(prefix="brunt-test-") as folder:
            samples = Path(folder) / "samples.json"
            environment = {k: v for k, v in os.environ.items() if k != "VIRTUAL_ENV" and not k.startswith("LOCUST_")}
            began = time.monotonic()
            done = subprocess.run([BRUNT, "run", str(HERE / file), "--target", target.url, "-o", f"json={samples}", *arguments,
                                   *behind], env={**environment, "BRUNT_NO_STORE": "true", **dict(env)}, text=True, capture_output=True,
                                  timeout=200)
            self.took = time.monotonic() - began
            self.code, self.output = done.returncode, done.stdout + done.stderr
            lines = [json.loads(line) for line in samples.read_text().splitlines()] if samples.exists() else []
        self.points = [(line["metric"], line["data"]) for line in lines if line["type"] == "Point"]

    def count(self, metric, name=None):
        return sum(d["value"] for m, d in self.points if m == metric and name in (None, d["tags"].get("name")))

    def n(self, metric):
        return sum(m == metric for m, _ in self.points)


def scenario(target, name, *arguments):
    return Run(target, "blockingfiles.py", "--scenario", name, *arguments)


def locust(target, name, seconds="60s", users=1, env=()):
    return Run(target, "greenletfiles.py", behind=("--", "-u", str(users), "-r", "100", "-t", seconds, name), env=env)


def expect(name, got, wanted, run):
    check(name, got == wanted, f"got {got}, wanted {wanted}\n{run.output[-3000:]}")


def went_well(name, run, iterations):
    expect(f"{name}: all of it", (run.code, run.count("iterations"), run.count("script_exceptions"), run.count("http_req_failed")),
           (0, iterations, 0, 0), run)


def most_at_once(run):
    return max((int(n) for n in re.findall(r"AT ONCE (\d+)", run.output)), default=0)


def test_fifty(target):
    run = scenario(target, "Fifty", "-u", "50", "-i", "200")
    went_well("Fifty", run, 200)
    check("Fifty: beside each other", 20 <= most_at_once(run) <= 50, run.output)
    expect("Fifty: nobody waits for a helper", run.n("script_helper_wait"), 0, run)
    check("Fifty: nobody stands still", "stood still" not in run.output, run.output)


def test_few_helpers(target):
    run = scenario(target, "Fifty", "-u", "50", "-i", "100", "--helper-threads", "10")
    went_well("Fifty on ten helpers", run, 100)
    expect("Fifty on ten helpers: no more than those", most_at_once(run), 10, run)
    check("Fifty on ten helpers: who waits is measured", run.n("script_helper_wait") >= 40, run.n("script_helper_wait"))
    check("Fifty on ten helpers: and it is said", "all 10 helper threads are busy" in run.output, run.output)


def test_crossing(target):
    went_well("Crosses", scenario(target, "Crosses", "-u", "5", "-i", "20"), 20)
    run = scenario(target, "Escapes", "-u", "2", "-i", "4")
    expect("Escapes: the users go on", (run.count("iterations"), run.count("script_exceptions")), (4, 4), run)
    check("Escapes: with the line", "nobody catches this" in run.output and "# the line" in run.output, run.output)


def test_whole(target):
    run = scenario(target, "Whole", "-u", "5", "-i", "20")
    expect("Whole: requests of helpers", (run.code, run.count("iterations"), run.count("script_exceptions"), run.count("http_reqs"),
                                         run.count("http_req_failed")), (0, 20, 0, 65, 20), run)


def test_libraries(target):
    went_well("Locked: whom the lock's holder waits for goes on", scenario(target, "Locked", "-u", "8", "-i", "40"), 40)
    went_well("Library", scenario(target, "Library", "-u", "4", "-i", "20", "--blocking", "urllib.request:urlopen"), 20)
    went_well("Wrong: said in words", scenario(target, "Wrong", "-u", "1", "-i", "1"), 1)


def test_never(target):
    run = locust(target, "Never", seconds="1s", users=5)
    check("Never: the run does not wait for it", run.took < 150, run.took)
    expect("Never: users are interrupted", (run.count("http_reqs"), run.count("script_exceptions")), (5, 0), run)


def test_unmarked(target):
    run = scenario(target, "Unmarked", "-u", "1", "-i", "1")
    check("Unmarked: told with its line and what to do", re.search(r"blockingfiles.py:\d+: all users stood still", run.output)
          and "brunt.blocking" in run.output, run.output)


def test_messages(target):
    rows = (
        ("sqlite3", "takes MODULE:NAME"),
        ("sqlite3:nothing", "nothing"),
        ("no_such_module:f", "no_such_module"),
        ("sqlite3:Connection.execute", "written in C"),
    )
    for text, words in rows:
        run = scenario(target, "Fifty", "-i", "1", "--blocking", text)
        check(f"--blocking {text}", run.code == 104 and words in run.output, (run.code, run.output))


def test_measured(target):
    run = locust(target, "Measures", users=3)
    expect("Measures: events.request from helpers", {n: run.count("http_reqs", n) for n in ("query", "fired", "thread", "greenlet")},
           {"query": 6, "fired": 6, "thread": 6, "greenlet": 6}, run)
    expect("Measures: nothing raised", run.count("script_exceptions"), 0, run)


def test_greenlets(target):
    for name in ("Greenlets", "Pools", "Waits", "Timeouts", "Background"):
        run = locust(target, name)
        expect(f"{name}: nothing raised", (run.code in ENDED, run.count("script_exceptions")), (True, 0), run)
        check(f"{name}: to its end", f"{name.upper()} DONE" in run.output, run.output)
    expect("Background: begun before there were users", "CHECKER SAW running" in run.output, True, run)


def test_requests_at_once(target):
    run = locust(target, "AtOnce")
    expect("AtOnce: all of them", (run.count("http_reqs", "at once"), run.count("http_req_failed")), (20, 0), run)
    expect("AtOnce: beside each other", "MOST 10" in run.output, True, run)


def test_whole_locust(target):
    run = locust(target, "WholeTask", users=2)
    expect("WholeTask: all of it", (run.output.count("WHOLETASK DONE"), run.count("http_reqs"), run.count("http_req_failed"),
                                   run.count("script_exceptions")), (2, 10, 0, 0), run)


def test_sockets(target):
    with Target(BRUNT, "--tls") as tls:
        run = locust(target, "Sockets", users=5, env={"BRUNT_TEST_TLS": tls.url})
    expect("Sockets: nothing raised", (run.code in ENDED, run.count("script_exceptions")), (True, 0), run)
    done = [int(n) for n in re.findall(r"SOCKETS DONE (\d+)", run.output)]
    expect("Sockets: all users to their end", len(done), 5, run)
    check("Sockets: beside each other", max(done, default=0) >= 2, run.output)


def test_failing(target):
    run = locust(target, "Fails")
    expect("Fails: a greenlet's exception is counted", (run.count("script_exceptions"), "boom" in run.output), (1, True), run)


def main():
    tests = [f for n, f in globals().items() if n.startswith("test_")]
    with Target(BRUNT) as target, concurrent.futures.ThreadPoolExecutor(4) as pool:
        for done in [pool.submit(test, target) for test in tests]:
            done.result()


if __name__ == "__main__":
    if len(sys.argv) != 2:
        sys.exit(__doc__)
    main()
    finish()
