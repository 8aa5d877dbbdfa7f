#!/usr/bin/env python3
"""LoadPilot's benchmark, side by side: the identical file under LoadPilot and under brunt, and the same work in k6.

    bench/loadpilot.py --loadpilot VENV/bin/loadpilot        everything
    bench/loadpilot.py --loadpilot ... --rounds 3 --seconds 5 --only Full
    bench/loadpilot.py --loadpilot ... --rates 500           only the exact rate

Server on core 0, generator on core 1 with all its threads and processes. Each round runs every tool once with each shape;
ratios are taken within a round and shown as least, median and greatest. CPU is user and system time of the process and
all its children; what a run of a second takes is taken off from a longer one, so that programs' starts do not count.

  rate N   N requests a second: what arrived of them, how late the tool began them where it tells, requests per CPU-second
  max      as many as they can: LoadPilot at the rate of --ladder at which it needs least CPU a request, brunt and k6
           with 50 users

LoadPilot needs Python 3.12 and its coordinator, which pip brings where there is a wheel; else build it from its repository
(`cargo build --release` in engine/) and put it into the folder of the package. Its coordinator embeds Python and does not look
into virtual environments; where it finds no package `loadpilot` it says nothing and sends `GET /` instead of the tasks. It
gets a PYTHONPATH here, and the scenario Probe, whose every check fails, shows whether it runs what it is given.
"""
import argparse
import json
import os
import shutil
import statistics
import subprocess
import sys
import tempfile
from pathlib import Path

from run import SCRIPTS, TOP, run, target

FILE = str(SCRIPTS / "loadpilot_bench.py")
K6_FILE = str(SCRIPTS / "loadpilot_bench.js")
USERS = 50
SHAPES = ("Static", "OnStart", "Full", "Batch")
GOALS = {"Static": 4, "OnStart": 8, "Full": 8, "Batch": 8}


class Row:
    """One run of a tool: requests, failures, CPU seconds, and what it says of lateness."""

    def __init__(self, requests, errors, cpu, lag=None):
        self.requests, self.errors, self.cpu, self.lag = requests, errors, cpu, lag


def packages_of(program):
    """The folder of packages that a program in a virtual environment uses, for PYTHONPATH."""
    python = Path(program).parent / "python3"
    code = "import loadpilot, os; print(os.path.dirname(os.path.dirname(loadpilot.__file__)))"
    done = subprocess.run([str(python), "-c", code], text=True, capture_output=True) if python.exists() else None
    return done.stdout.strip() if done and done.returncode == 0 else os.environ.get("PYTHONPATH", "")


def loadpilot(opts, url, shape, rate, seconds):
    results = Path(opts.folder) / "loadpilot.json"
    results.unlink(missing_ok=True)
    command = [opts.loadpilot, "run", FILE, "--scenario", shape, "--target", url, "--results-json", str(results)]
    cpu, _, output = run(command, {"RPS": str(rate), "SECONDS": str(seconds), "TERM": "dumb",
                                   "PYTHONPATH": opts.packages})
    assert results.exists(), f"LoadPilot says:\n{output}"
    said = json.loads(results.read_text())
    return Row(said["requests_total"], said["errors_total"], cpu)


def of_summary(path, cpu):
    metrics = json.loads(path.read_text())["metrics"]
    failed = metrics["http_req_failed"]
    return Row(metrics["http_reqs"]["count"], failed["passes"], cpu, metrics.get("iteration_lag", {}).get("p(99)"))


def brunt(opts, url, shape, rate, seconds):
    summary = Path(opts.folder) / "brunt.json"
    load = [] if rate else ["-u", str(USERS), "-d", f"{seconds}s"]
    cpu, _, _ = run([opts.brunt, "run", FILE, "--scenario", shape, "--target", url, "--no-store", "--quiet",
                     "--summary-trend-stats", "med,p(99)", "--summary-export", str(summary), *load],
                    {"RPS": str(rate or 500), "SECONDS": str(seconds)})
    return of_summary(summary, cpu)


def k6(opts, url, shape, rate, seconds):
    summary = Path(opts.folder) / "k6.json"
    cpu, _, _ = run([opts.k6, "run", "--quiet", "--summary-export", str(summary), K6_FILE],
                    {"BASE_URL": url, "SHAPE": shape, "RPS": str(rate), "USERS": str(USERS), "SECONDS": str(seconds),
                     "K6_NO_USAGE_REPORT": "true"})
    return of_summary(summary, cpu)


TOOLS = {"LoadPilot": loadpilot, "brunt": brunt, "k6": k6}


def measure(opts, tool, url, shape, rate):
    """(requests a second, requests per CPU-second, share of failures, lag in ms, CPU seconds) without the start."""
    for _ in range(3):  # a machine that stands still in between gives a longer run that did less
        short = TOOLS[tool](opts, url, shape, rate, 1)
        long = TOOLS[tool](opts, url, shape, rate, 1 + opts.seconds)
        requests, cpu = long.requests - short.requests, long.cpu - short.cpu
        if requests > 0 and cpu > 0:
            return requests / opts.seconds, requests / cpu, long.errors / long.requests, long.lag, cpu
    sys.exit(f"bench: {tool} does nothing more in {1 + opts.seconds} s than in one")


def best_of_ladder(opts, url, shape):
    """LoadPilot at the rate that takes it least CPU a request, of those that take enough of it to be measured."""
    rows = [measure(opts, "LoadPilot", url, shape, rate) for rate in opts.ladder]
    return max([r for r in rows if r[2] < 0.01 and r[4] >= 0.5] or rows, key=lambda r: r[1])


def span(values, form):
    return f"{form.format(statistics.median(values))} [{form.format(min(values))} .. {form.format(max(values))}]"


def show(shape, what, rows, goal=None):
    """`rows`: by tool, of each round a measurement."""
    for tool, all_rounds in rows.items():
        rate, per_cpu, errors, _, _ = zip(*all_rounds)
        lags = [r[3] for r in all_rounds if r[3] is not None]
        text = f"{shape:8} {what:9} {tool:10} {span(rate, '{:8,.1f}')} requests/s"
        text += f"  {span(per_cpu, '{:8,.0f}')} per CPU-second"
        text += f"  start p99 late by {span(lags, '{:.3f}')} ms" if lags and what != "max" else ""
        text += f"  FAILED {max(errors):.1%}" if max(errors) > 0 else ""
        print(text, flush=True)
    for tool in rows:
        if tool != "brunt" and "brunt" in rows:
            ratios = [ours[1] / theirs[1] for ours, theirs in zip(rows["brunt"], rows[tool])]
            met = "met" if goal and statistics.median(ratios) >= goal else "MISSED"
            words = f"  goal {goal}: {met}" if goal and tool == "LoadPilot" else ""
            print(f"{shape:8} {what:9} brunt / {tool}: {span(ratios, '{:.1f}')} times per CPU-second{words}", flush=True)


def bench(opts, url, shape, rate):
    rows = {}
    for _ in range(opts.rounds):
        for tool in opts.tools:
            is_ladder = tool == "LoadPilot" and not rate
            one = best_of_ladder(opts, url, shape) if is_ladder else measure(opts, tool, url, shape, rate)
            rows.setdefault(tool, []).append(one)
    show(shape, f"rate {rate}" if rate else "max", rows, None if rate else GOALS[shape])


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--brunt", default=str(TOP / "build/release/brunt"))
    parser.add_argument("--loadpilot", default=shutil.which("loadpilot"))
    parser.add_argument("--k6", default=str(TOP / "build/peers/k6"))
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--seconds", type=int, default=5)
    parser.add_argument("--rates", type=int, nargs="*", default=[500, 0], help="0: as many as they can")
    parser.add_argument("--ladder", type=int, nargs="+", default=[1000, 2000, 4000, 8000], help="LoadPilot's rates")
    parser.add_argument("--only", nargs="+", choices=SHAPES, default=SHAPES)
    opts = parser.parse_args()
    paths = {"LoadPilot": opts.loadpilot, "brunt": opts.brunt, "k6": opts.k6}
    opts.tools = [tool for tool, path in paths.items() if path and os.access(path, os.X_OK)]
    for tool in paths:
        if tool not in opts.tools:
            print(f"bench: no {tool}; it is left out")
    with tempfile.TemporaryDirectory() as opts.folder:
        server = target(opts.brunt)
        try:
            if "LoadPilot" in opts.tools:
                opts.packages = packages_of(opts.loadpilot)
                probe = loadpilot(opts, server.url, "Probe", 50, 3)
                assert probe.errors == probe.requests > 0, "LoadPilot does not run the tasks it is given"
            for rate in opts.rates:
                for shape in opts.only:
                    bench(opts, server.url, shape, rate)
        finally:
            server.stop()


main()
