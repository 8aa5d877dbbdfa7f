#!/usr/bin/env python3
"""Load in processes of its own: tests/workers/workers.py BRUNT

What workers measured adds up exactly; the whole is controlled as one; a worker that dies is noticed; none is left behind.
"""
import json
import os
import re
import signal
import subprocess
import sys
import tempfile
import time
from pathlib import Path

HERE = Path(__file__).resolve().parent
sys.path.insert(0, str(HERE.parent / "sinks"))
from servers import Target, check, fetch_json, finish, free_ports, wait_for  # noqa: E402


def children(pid):
    """Process ids of a run's workers."""
    path = Path(f"/proc/{pid}/task/{pid}/children")
    return [int(c) for c in path.read_text().split()] if path.exists() else []


class Run:
    """A run in the background."""

    def __init__(self, brunt, script, *options, **env):
        self.folder = tempfile.TemporaryDirectory(prefix="brunt-test-")
        self.summary = Path(self.folder.name) / "summary.json"
        (self.port,) = free_ports(1)
        command = [brunt, "run", "--no-store", "--summary-export", str(self.summary), "--address", f"127.0.0.1:{self.port}",
                   *options, str(HERE / script)]
        self.proc = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True,
                                     env={**os.environ, "HOME": self.folder.name, **env})

    def status(self):
        return fetch_json(f"http://127.0.0.1:{self.port}/v1/status")["data"]["attributes"]

    def workers(self, n):
        return wait_for(f"{n} workers", lambda: (lambda c: c if len(c) == n else None)(children(self.proc.pid)))

    def started(self):
        wait_for("the start of the load", lambda: self.status()["vus"] > 0)

    def end(self, seconds=60):
        """(exit code, output, metrics of the summary)"""
        output, _ = self.proc.communicate(timeout=seconds)
        metrics = json.loads(self.summary.read_text())["metrics"] if self.summary.exists() else {}
        self.folder.cleanup()
        return self.proc.returncode, output, metrics


def values(metrics, name):
    m = metrics[name]
    return m.get("values", m)


def exact(brunt, target):
    for n in (1, 2, 3):
        code, output, metrics = Run(brunt, "exact.js", "--workers", str(n), BASE_URL=target.url).end()
        check(f"{n}: it passes", code == 0, output)
        total = values(metrics, "iterations")["count"]
        check(f"{n}: every iteration counts once", total == 1000 + 35 + 102, total)
        check(f"{n}: every request", values(metrics, "http_reqs")["count"] == 1000, metrics["http_reqs"])
        check(f"{n}: sums are exact", values(metrics, "sum")["count"] == 499500, metrics["sum"])
        numbers = values(metrics, "numbers")
        check(f"{n}: each number once", (numbers["count"], numbers["min"], numbers["max"]) == (1000, 0, 999), numbers)
        close = all(abs(numbers[k] - want) <= 0.0015 * want for k, want in (("med", 499.5), ("p(99)", 989.01)))
        check(f"{n}: percentiles of them all", close, numbers)
        gauge = values(metrics, "seen")
        check(f"{n}: a gauge knows its bounds", (gauge["min"], gauge["max"]) == (0, 999), gauge)
        odd = metrics["odd"]
        check(f"{n}: rates", (odd.get("passes"), odd.get("fails")) == (500, 500), odd)


def controlled(brunt, target):
    run = Run(brunt, "loop.js", "--workers", "2", BASE_URL=target.url)
    pids = run.workers(2)
    run.started()
    ctl = [brunt, "ctl", "--address", f"127.0.0.1:{run.port}"]
    for words, vus in ((("scale", "--scenario", "loop", "--vus", "11"), 11), (("scale", "--scenario", "loop", "--vus", "3"), 3)):
        done = subprocess.run([*ctl, *words], capture_output=True, text=True)
        check(f"ctl {' '.join(words)}", done.returncode == 0, done.stdout + done.stderr)
        # The users of the open model are busy or not; those that loop are there all the time.
        wait_for(f"{vus} users", lambda v=vus: v <= run.status()["vus"] <= v + 10)
    check("ctl pause", subprocess.run([*ctl, "pause"], capture_output=True).returncode == 0)
    wait_for("no user at work", lambda: run.status()["paused"])
    check("ctl resume", subprocess.run([*ctl, "resume"], capture_output=True).returncode == 0)
    wait_for("users at work again", lambda: not run.status()["paused"] and run.status()["vus"] > 0)
    run.proc.send_signal(signal.SIGINT)
    code, output, _ = run.end()
    check("a signal ends them all", code == 105 and "torn down" in output, (code, output))
    check("once", output.count("torn down") == 1, output)
    check("no worker is left", not any(Path(f"/proc/{p}").exists() for p in pids), pids)


def ended(brunt, target):
    code, output, _ = Run(brunt, "loop.js", "--workers", "2", "-e", "ENOUGH=1", BASE_URL=target.url).end()
    check("abort() in one ends all", code == 108 and "enough" in output, (code, output))
    run = Run(brunt, "loop.js", "--workers", "2", BASE_URL=target.url)
    victim = run.workers(2)[0]
    run.started()
    os.kill(victim, signal.SIGKILL)
    code, output, metrics = run.end()
    check("a killed worker ends the run", code == 255 and re.search(r"worker \d is lost: signal 9", output), (code, output))
    check("what was measured is there", values(metrics, "iterations")["count"] > 0, metrics.get("iterations"))
    run = Run(brunt, "loop.js", "--workers", "2", "--lost-worker", "continue", BASE_URL=target.url)
    victim, other = run.workers(2)
    run.started()
    os.kill(victim, signal.SIGKILL)
    time.sleep(1.5)
    check("or it goes on", run.proc.poll() is None and Path(f"/proc/{other}").exists())
    os.kill(run.proc.pid, signal.SIGKILL)
    wait_for("the end of a worker whose run was killed", lambda: not Path(f"/proc/{other}").exists())
    run.end()


def evidence(brunt, target):
    with tempfile.TemporaryDirectory(prefix="brunt-test-") as folder:
        har = Path(folder) / "kept.har"
        code, output, _ = Run(brunt, "exact.js", "--workers", "2", "--har", str(har), BASE_URL=target.url + "/status/418").end()
        entries = json.loads(har.read_text())["log"]["entries"]
        check("failed exchanges come from the workers", len(entries) > 0 and entries[0]["response"]["status"] in (404, 418),
              (code, output))


def refused(brunt):
    with tempfile.TemporaryDirectory(prefix="brunt-test-") as folder:
        env = {**os.environ, "HOME": folder}
        for options, code, sentence in (
                (("--workers", "2", "--execution-segment", "0:1/2"), 104, "does not go with an execution segment"),
                (("--workers", "2", "-o", f"json={folder}/x.json"), 104, "single samples"),
                (("--workers", "0"), 255, "--workers"),
                (("--lost-worker", "weep"), 255, "--lost-worker")):
            done = subprocess.run([brunt, "run", "--no-store", *options, str(HERE / "exact.js")], env=env, text=True,
                                  capture_output=True)
            check(" ".join(options), done.returncode == code and sentence in done.stderr, (done.returncode, done.stderr))
        done = subprocess.run([brunt, "worker"], env=env, text=True, capture_output=True)
        check("a worker is not called by hand", done.returncode == 255 and "by hand" in done.stderr, done.stderr)


def main(brunt):
    with Target(brunt) as target:
        exact(brunt, target)
        controlled(brunt, target)
        ended(brunt, target)
        evidence(brunt, target)
    refused(brunt)


if __name__ == "__main__":
    if len(sys.argv) != 2:
        sys.exit(__doc__)
    main(sys.argv[1])
    finish()
