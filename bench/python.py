#!/usr/bin/env python3
"""What scripts in Python cost: requests per CPU-second of LoadPilot scenarios beside the bare engine and of a locustfile
beside Locust, what an iteration and a suspension take, and memory per idle user.

    bench/python.py                   everything
    bench/python.py --rounds 3 --seconds 3
    bench/python.py --only workers    or locust, requests, memory; several with commas
    bench/python.py --locust VENV/bin/locust      a Locust of one's own; else Debian's, if it is there

As bench/run.py: server on core 0, generator on core 1, the median of the rounds. The target is `brunt target`, so that
the generator is what limits.
"""
import argparse
import csv
import json
import os
import resource
import shutil
import statistics
import subprocess
import sys
import tempfile
from pathlib import Path

from run import SCRIPTS, TOP, count_requests, peak_idle, run, target

FILE = str(SCRIPTS / "loadpilot_scenarios.py")
LOCUSTFILE = str(SCRIPTS / "locustfile.py")
USERS = 50


def scenario(opts, name, url):
    """(requests, iterations, CPU seconds)"""
    summary = f"{opts.folder}/python.json"
    cpu, wall, _ = run([opts.brunt, "run", FILE, "--scenario", name, "--target", url, "-u", str(USERS), "-d",
                        f"{opts.seconds}s", "--no-store", "--quiet", "--summary-export", summary])
    metrics = json.loads(Path(summary).read_text())["metrics"]
    count = {m: metrics[m]["count"] if m in metrics else 0 for m in ("http_reqs", "iterations", "script_exceptions")}
    assert not count["script_exceptions"], f"{name} raised exceptions"
    return count["http_reqs"], count["iterations"], cpu


def engine(opts, url):
    summary = f"{opts.folder}/url.json"
    cpu, wall, _ = run([opts.brunt, "run", f"{url}/fast", "--loops", "1", "-c", str(USERS), "-d", f"{opts.seconds}s",
                        "--no-store", "--quiet", "--summary-export", summary])
    requests, cpu, _ = count_requests(summary, cpu, wall)
    return requests / cpu


def bench_requests(opts, url):
    rows = {name: [] for name in ("Static", "Hooks", "AsyncHooks", "Batch")}
    bare, empty, switch = [], [], []
    for _ in range(opts.rounds):
        bare.append(engine(opts, url))
        for name, rates in rows.items():
            requests, _, cpu = scenario(opts, name, url)
            rates.append(requests / cpu)
        _, iterations, cpu = scenario(opts, "Empty", url)
        empty.append(cpu / iterations * 1e6)
        _, iterations, cpu = scenario(opts, "Switch", url)
        switch.append(cpu / iterations / 100 * 1e6)
    print(f"engine alone (run URL)   {statistics.median(bare):9,.0f} requests per CPU-second")
    for name, rates in rows.items():
        print(f"{name:24} {statistics.median(rates):9,.0f}   "
              f"{statistics.median(r / b for r, b in zip(rates, bare)):.2f} of the engine alone")
    print(f"an empty iteration       {statistics.median(empty):9.2f} us of CPU")
    print(f"a suspension             {statistics.median(switch):9.2f} us of CPU, by time.sleep()")


def locust(opts, name, url):
    """Requests per CPU-second of Locust itself, its start left out: that of a run of a second is taken off."""
    def once(seconds):
        prefix = f"{opts.folder}/locust"
        cpu, _, _ = run([opts.locust, "-f", LOCUSTFILE, "--headless", "-u", str(USERS), "-r", str(USERS), "-t", f"{seconds}s",
                         "-H", url, "--csv", prefix, "--only-summary", name])
        with open(f"{prefix}_stats.csv", newline="", encoding="utf-8") as file:
            total = next(row for row in csv.DictReader(file) if row["Name"] == "Aggregated")
        assert total["Failure Count"] == "0", f"{name} of Locust failed"
        return int(total["Request Count"]), cpu

    short, long = once(1), once(1 + opts.seconds)
    return (long[0] - short[0]) / (long[1] - short[1])


def ours(opts, name, url):
    summary = f"{opts.folder}/locust.json"
    cpu, _, _ = run([opts.brunt, "run", "--loops", "1", "--no-store", "--quiet", "--summary-export", summary, LOCUSTFILE, "--",
                     "-u", str(USERS), "-r", str(USERS), "-t", f"{opts.seconds}s", "-H", url, name])
    metrics = json.loads(Path(summary).read_text())["metrics"]
    return metrics["http_reqs"]["count"] / cpu


def bench_locust(opts, url):
    if not opts.locust:
        print("no Locust here: `apt install python3-locust`, or --locust")
        return
    for name, goal in (("Http", 80), ("Fast", 20)):
        pairs = [(ours(opts, name, url), locust(opts, name, url)) for _ in range(opts.rounds)]
        ratios = sorted(a / b for a, b in pairs)
        print(f"locustfile, {name + 'User':9} {statistics.median(a for a, _ in pairs):9,.0f} requests per CPU-second; Locust "
              f"{statistics.median(b for _, b in pairs):,.0f}: {statistics.median(ratios):.1f} times "
              f"[{ratios[0]:.1f} .. {ratios[-1]:.1f}]  goal {goal}")


def on_workers(opts, name, n, url):
    """Iterations or requests of a scenario on n worker processes, on all processors: (per second, per CPU-second). What the
    processes take to start is left out of the latter."""
    short, long = measure_workers(opts, name, n, url, 1), measure_workers(opts, name, n, url, 1 + opts.seconds)
    return long[0] / (1 + opts.seconds), (long[0] - short[0]) / (long[1] - short[1])


def measure_workers(opts, name, n, url, seconds):
    summary = f"{opts.folder}/workers.json"
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    done = subprocess.run([opts.brunt, "run", FILE, "--scenario", name, "--target", url, "-u", str(USERS), "-d",
                           f"{seconds}s", "--workers", str(n), "--no-store", "--quiet", "--summary-export", summary],
                          text=True, capture_output=True)
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    if done.returncode:
        sys.exit(f"bench: {n} workers ended with code {done.returncode}:\n{done.stdout[-2000:]}{done.stderr[-2000:]}")
    metrics = json.loads(Path(summary).read_text())["metrics"]
    count = metrics["iterations"] if name == "Compute" else metrics["http_reqs"]
    cpu = after.ru_utime - before.ru_utime + after.ru_stime - before.ru_stime
    return count["count"], cpu


def bench_workers(opts, url):
    """Two processors: Python that computes scales by the wall clock; with requests the target takes one of the two, so what a
    second processor is worth is told by the CPU time of a request."""
    walls, cpus, requests, loads = [], [], [], []
    for _ in range(opts.rounds):
        one, two = on_workers(opts, "Compute", 1, url), on_workers(opts, "Compute", 2, url)
        walls.append(two[0] / one[0])
        cpus.append(2 * two[1] / one[1])
        one, two = on_workers(opts, "Hooks", 1, url), on_workers(opts, "Hooks", 2, url)
        requests.append(2 * two[1] / one[1])
        loads.append(os.getloadavg()[0])
    for what, ratios in (("iterations that compute, per second", walls), ("the same per CPU-second, times 2", cpus),
                         ("requests per CPU-second, times 2", requests)):
        print(f"two workers / one: {statistics.median(ratios):.2f}  [{min(ratios):.2f} .. {max(ratios):.2f}]  goal 1.9   {what}")
    print(f"load average after the rounds: {', '.join(f'{x:.1f}' for x in loads)}  (this bench alone makes about 2)")


def bench_memory(opts):
    def idle(users):
        return peak_idle([opts.brunt, "run", "--quiet", "--no-store", FILE, "--scenario", "Idle", "-u", str(users), "-d", "2h"],
                         {}, 90)

    one = idle(1)
    print(f"one user                 {one[0]:9,} KB resident")
    for users in (1000, 10000):
        kb, cpu = idle(users)
        print(f"idle user of {users:6}     {(kb - one[0]) / (users - 1):9.1f} KB resident, "
              f"{(cpu - one[1]) / (users - 1) * 1e6:.0f} us of CPU to create; goal 16 KB")


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--brunt", default=str(TOP / "build/release/brunt"))
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--seconds", type=int, default=5)
    parser.add_argument("--locust", default=shutil.which("locust", path="/usr/bin") or shutil.which("locust"))
    parser.add_argument("--only", default="locust,requests,workers,memory", help="parts, with commas")
    opts = parser.parse_args()
    parts = opts.only.split(",")
    with tempfile.TemporaryDirectory() as opts.folder:
        server = target(opts.brunt)
        try:
            for part, bench in (("locust", bench_locust), ("requests", bench_requests), ("workers", bench_workers)):
                if part in parts:
                    bench(opts, server.url)
        finally:
            server.stop()
        if "memory" in parts:
            bench_memory(opts)


main()
