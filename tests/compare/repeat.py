#!/usr/bin/env python3
"""Real runs of one build against `brunt target`, kept in a store and compared with each other: nothing has changed, so
nothing may be called worse; then one against a target whose answers take longer, which is to be found.

    repeat.py BRUNT [--runs 30] [--seconds 10] [--slower 1.08] [--store FILE [--again]]

Prints every "worse" or "better", how far apart the runs lie, and the slower run; ends with 1 when more than one
comparison of thirty was wrong or the slower run was not found.
"""
import argparse
import json
import math
import os
import subprocess
import sys
import tempfile
from pathlib import Path

HERE = Path(__file__).resolve().parent
sys.path.insert(0, str(HERE.parent / "sinks"))
import servers  # noqa: E402
from servers import Target, check, finish  # noqa: E402

SKIPPED = 77


class Runs:
    def __init__(self, brunt, target, store, seconds):
        self.brunt, self.target, self.seconds = brunt, target, seconds
        self.env = {**os.environ, "HOME": str(store.parent), "XDG_DATA_HOME": str(store.parent), "BRUNT_STORE": str(store)}
        self.env.pop("BRUNT_NO_STORE", None)

    def make(self, factor=1.0):
        """One run; its id."""
        command = [self.brunt, "run", "--quiet", "-u", "8", "-d", f"{self.seconds}s", "--no-publish",
                   "-e", f"FACTOR={factor}", str(HERE / "repeat.js")]
        done = subprocess.run(command, env={**self.env, "BASE_URL": self.target.url}, capture_output=True, text=True,
                              timeout=self.seconds + 60)
        if done.returncode:
            sys.exit(f"a run failed with {done.returncode}: {done.stdout}{done.stderr}")
        return self.brunt_json("history", "--limit", "1", "--json")["runs"][0]["id"]

    def brunt_json(self, *arguments):
        done = subprocess.run([self.brunt, *arguments], env=self.env, capture_output=True, text=True, timeout=60)
        if done.returncode not in (0, 1):
            sys.exit(f"{arguments} failed with {done.returncode}: {done.stderr}")
        return json.loads(done.stdout)

    def compare(self, current, baseline):
        return self.brunt_json("compare", current, baseline, "--json")


def figure(comparison, stat):
    return next(r for r in comparison["rows"] if r["metric"] == "http_req_duration" and r["stat"] == stat and not r["by"])


def show(name, comparison):
    row = figure(comparison, "p(95)")
    between = f" ({row['low_pct']:+.1f} to {row['high_pct']:+.1f})" if row["low_pct"] is not None else ""
    print(f"  {name}: {comparison['verdict']}, p95 {row['delta_pct'] or 0:+.1f} %{between}", flush=True)
    for r in comparison["rows"]:
        if r["verdict"] in ("worse", "better"):
            print(f"    {r['metric']} {r['stat']} {r['tags'].get('name', '')}: {r['verdict']} {r['delta_pct']:+.1f} % "
                  f"({r['low_pct']:+.1f} to {r['high_pct']:+.1f})")


def scatter(values):
    logs = [math.log(v) for v in values]
    mean = sum(logs) / len(logs)
    return 100 * math.sqrt(sum((x - mean) ** 2 for x in logs) / (len(logs) - 1))


def judge(name, comparisons):
    """Says how many were called different, though nothing was; the share that may be."""
    verdicts = [c["verdict"] for c in comparisons]
    wrong = verdicts.count("worse")
    print(f"{name}: {', '.join(f'{verdicts.count(v)} {v}' for v in ('same', 'unclear', 'better', 'worse'))}", flush=True)
    for i, c in enumerate(comparisons):
        if c["verdict"] in ("worse", "better"):
            show(f"{i + 2}", c)
    check(f"{name}: at most one of thirty is called worse", wrong <= max(1, len(comparisons) / 30), wrong)


def main():
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("brunt", type=lambda p: str(Path(p).resolve()))
    parser.add_argument("--runs", type=int, default=30)
    parser.add_argument("--seconds", type=int, default=10)
    parser.add_argument("--slower", type=float, default=1.08)
    parser.add_argument("--store", type=lambda p: Path(p).resolve())
    parser.add_argument("--again", action="store_true", help="judge the runs that --store has, the last of them the slower one")
    parser.add_argument("--skip-above", type=float, metavar="PERCENT", help="where equal runs differ by more, a slower one "
                        f"that is not found is no failure but skips the test: exit code {SKIPPED}")
    args = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="brunt-test-") as folder, Target(args.brunt) as target:
        runs = Runs(args.brunt, target, args.store or Path(folder) / "runs.db", args.seconds)
        if args.again:
            ids = [r["id"] for r in runs.brunt_json("history", "--limit", "1000", "--json")["runs"]][::-1]
        else:
            ids = [runs.make() for _ in range(args.runs)] + [runs.make(args.slower)]
        slower = ids.pop()
        next_to = [runs.compare(b, a) for a, b in zip(ids, ids[1:])]
        to_first = [runs.compare(b, ids[0]) for b in ids[1:]]
        disturbed = False
        for stat in ("p(50)", "p(95)", "p(99)"):
            values = [figure(next_to[0], stat)["baseline"]] + [figure(c, stat)["current"] for c in next_to]
            spread = scatter(values)
            print(f"{stat} of {len(values)} runs differs by {spread:.2f} % from run to run")
            disturbed |= args.skip_above is not None and spread > args.skip_above
        judge("each with the one before", next_to)
        judge("each with the first", to_first)
        slow = runs.compare(slower, ids[-1])
        show(f"{100 * (args.slower - 1):.0f} % slower", slow)
        if disturbed and not servers.failures and slow["verdict"] == "unclear":
            print("skipped: equal runs are too far apart here for any difference to be found")
            sys.exit(SKIPPED)
        check("the slower run is found", slow["verdict"] == "worse", slow["verdict"])
    finish()


main()
