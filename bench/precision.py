#!/usr/bin/env python3
"""How exactly load starts: brunt, brunt --precise, k6 and wrk2 at 2,000 and 20,000 requests a second.

Each tool runs alone on core 1 against one server on core 0 (bench/stamp.c), which keeps the kernel's time of
each request's arrival. Lag is the arrival less its place on the ideal grid, t0 + i/rate, the same way for all:
t0 is where the most punctual request puts it, so that what every request takes to be made and sent is left
out. wrk2 has no common grid: each connection keeps its own, and is held to that. Beside it stands what brunt
measures itself (iteration_lag, to the start of the iteration), which is what the goals are about.

Host pauses longer than the users can bridge make every tool drop; brunt's --when-busy queue starts what
is due late instead, so its row shows the exact total whatever the machine does.

Iterations that were dropped leave their places on the grid to those that follow: the lag of such a run is too
high by up to dropped/rate, and marked with *.

    bench/precision.py                            30 s each
    bench/precision.py --seconds 5 --rates 2000   shorter
    bench/precision.py --json figures.json        the figures as well
"""
import argparse
import array
import collections
import json
import os
import re
import signal
import subprocess
import sys
import tempfile
from pathlib import Path

import run as bench

SCRIPT = str(bench.SCRIPTS / "at_rate.js")
PERCENTS = (50, 99, 99.9)
STATS = ("med", "p(99)", "p(99.9)")
GOALS_MS = {"brunt script": 0.2, "brunt script --precise": 0.005, "brunt URL": 0.2, "brunt URL --precise": 0.005}
WRK2_CONNS = 50


class Referee:
    """bench/stamp.c on core 0; stop() gives [(arrival in ns, connection)]."""

    def __init__(self, opts):
        self.file = f"{opts.folder}/stamps"
        self.proc = subprocess.Popen(["taskset", "-c", bench.SERVER_CPU, opts.stamp, self.file],
                                     stdout=subprocess.PIPE, text=True)
        self.url = f"http://127.0.0.1:{int(self.proc.stdout.readline())}/"

    def stop(self):
        self.proc.send_signal(signal.SIGTERM)
        self.proc.wait(30)
        numbers = array.array("Q", Path(self.file).read_bytes())
        return list(zip(numbers[0::2], numbers[1::2]))


def lags_on_grid(arrivals, interval):
    """Sorted lags in ms of arrivals (ns) against a grid of that interval (ns)."""
    offsets = [at - i * interval for i, at in enumerate(sorted(arrivals))]
    first = min(offsets, default=0)
    return [(o - first) / 1e6 for o in offsets]


def lags_of(stamps, rate, per_connection):
    if not per_connection:
        return sorted(lags_on_grid([at for at, _ in stamps], 1e9 / rate))
    by_conn = collections.defaultdict(list)
    for at, conn in stamps:
        by_conn[conn].append(at)
    # wrk2 opens one more connection to see whether the server is there.
    conns = sorted(by_conn.values(), key=len)[-WRK2_CONNS:]
    return sorted(lag for arrivals in conns for lag in lags_on_grid(arrivals, 1e9 * len(conns) / rate))


def percentile(values, percent):
    return values[min(len(values) - 1, int(len(values) * percent / 100))] if values else float("nan")


def k6_like(tool, args, opts, url, rate):
    summary = f"{opts.folder}/summary.json"
    vus = max(100, min(rate // 2, 8000))  # enough for pauses of 400 ms, within 20,000 descriptors
    env = {"BASE_URL": url, "RATE": str(rate), "SECONDS": str(opts.seconds), "VUS": str(vus),
           "K6_NO_USAGE_REPORT": "true"}
    what = [url, "--rate", str(rate), "-d", f"{opts.seconds}s", "--vus", str(vus)] if "URL" in args else [SCRIPT]
    flags = ["--summary-trend-stats", "med,p(90),p(99),p(99.9),max,count"] + [a for a in args if a != "URL"]
    cpu, wall, _ = bench.run([tool, "run", "--quiet", "--summary-export", summary, *flags, *what], env)
    metrics = json.loads(Path(summary).read_text())["metrics"]
    own = metrics.get("iteration_lag", {})
    return {"cpu": cpu, "wall": wall, "dropped": int(metrics.get("dropped_iterations", {"count": 0})["count"]),
            "own": [own[s] for s in STATS] if own else None,
            "reported": int(metrics["iterations"]["count"])}


def wrk2(opts, url, rate):
    cpu, wall, out = bench.run([opts.wrk2, "-t1", f"-c{WRK2_CONNS}", f"-d{opts.seconds}s", f"-R{rate}", url])
    if not re.search(r"requests in", out):
        sys.exit(f"bench: wrk2 says:\n{out}")
    return {"cpu": cpu, "wall": wall, "dropped": None, "own": None, "reported": None}


def tools(opts):
    for name, args in (("brunt script", []), ("brunt script --precise", ["--precise"]), ("brunt URL", ["URL"]),
                       ("brunt URL --precise", ["URL", "--precise"]),
                       ("brunt URL, late ones queue", ["URL", "--when-busy", "queue"])):
        yield name, lambda url, rate, a=args: k6_like(opts.brunt, a, opts, url, rate)
    if opts.k6:
        yield "k6", lambda url, rate: k6_like(opts.k6, [], opts, url, rate)
    if opts.wrk2:
        yield "wrk2", lambda url, rate: wrk2(opts, url, rate)


def measure(opts, name, go, rate):
    referee = Referee(opts)
    try:
        row = go(referee.url, rate)
    finally:
        stamps = referee.stop()
    lags = lags_of(stamps, rate, per_connection=name == "wrk2")
    row.update(tool=name, rate=rate, seconds=opts.seconds, arrived=len(stamps), lag=[percentile(lags, p) for p in PERCENTS],
               max=lags[-1] if lags else None)
    return row


def verdict(row):
    """The goals of 2,000 a second, on the start lag that brunt itself reports; and totals."""
    words, due = [], row["rate"] * row["seconds"]
    if row["reported"] is not None:
        # One is due at the very end as well, and tools differ in whether they start it.
        off = row["arrived"] - due if row["arrived"] != due + 1 else 0
        words.append(f"total off by {off}" if off else "total exact")
        if row["reported"] != row["arrived"]:
            words.append(f"{row['reported']} reported")
    goal = GOALS_MS.get(row["tool"])
    if goal and row["own"] and row["rate"] == 2000:
        words.append(f"goal p99 {goal * 1000:g} us {'met' if row['own'][1] <= goal else 'MISSED'}")
    return ", ".join(words)


def show(row):
    lag = " ".join(f"{v:8.3f}" for v in row["lag"])
    mark = "*" if row["dropped"] else " "
    own = " ".join(f"{v:8.4f}" for v in row["own"]) if row["own"] else " ".join(f"{'-':>8}" for _ in STATS)
    dropped = "-" if row["dropped"] is None else row["dropped"]
    print(f"{row['rate']:6} {row['tool']:26} {lag} {row['max']:9.3f}{mark}  {own}   {row['arrived']:7} {dropped:>7} "
          f"{row['cpu']:6.2f}  {verdict(row)}", flush=True)


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--brunt", default=str(bench.TOP / "build/release/brunt"))
    for peer in ("k6", "wrk2", "stamp"):
        parser.add_argument(f"--{peer}", default=str(bench.TOP / "build/peers" / peer))
    parser.add_argument("--seconds", type=int, default=30)
    parser.add_argument("--rates", type=int, nargs="+", default=[2000, 20000])
    parser.add_argument("--only", help="tools whose name contains this")
    parser.add_argument("--json", help="write all figures here")
    opts = parser.parse_args()
    for needed in (opts.brunt, opts.stamp):
        if not os.access(needed, os.X_OK):
            sys.exit(f"bench: {needed} is not there; `make bench` builds it")
    for peer in ("k6", "wrk2"):
        if not os.access(getattr(opts, peer), os.X_OK):
            print(f"bench: no {peer} at {getattr(opts, peer)}; it is left out", file=sys.stderr)
            setattr(opts, peer, None)
    print(f"{'rate':>6} {'lag in ms, seen by the server':26} {'p50':>8} {'p99':>8} {'p99.9':>8} {'max':>9}   "
          f"{'own p50':>8} {'p99':>8} {'p99.9':>8}   {'arrived':>7} {'dropped':>7} {'CPU s':>6}")
    rows = []
    with tempfile.TemporaryDirectory() as opts.folder:
        for rate in opts.rates:
            for name, go in tools(opts):
                if not opts.only or opts.only in name:
                    rows.append(measure(opts, name, go, rate))
                    show(rows[-1])
    if opts.json:
        Path(opts.json).write_text(json.dumps(rows, indent=1))


if __name__ == "__main__":
    main()
