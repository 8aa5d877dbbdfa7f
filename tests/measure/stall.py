#!/usr/bin/env python3
"""Holds reported response times against a server that stalls: tests/measure/stall.py BRUNT [--long]

The closed form is in stalls.py. Script and no-script mode must both report it, at a constant rate; a closed
model on the same server shows how it hides the stall. The short version runs all at once and allows 10 ms for
what else the machine does, and three attempts: a machine that takes the processor away for long changes what is
true, but a generator that reports wrongly fails every time. --long takes a stall of 1 s every 10 s, one run after
another, once, and allows 1 %.
"""
import json
import os
import subprocess
import sys
import tempfile
from pathlib import Path

from stalls import Stalls, Target

os.environ["BRUNT_NO_STORE"] = "true"  # no run of a test is for the user's history

SCRIPT = """
import http from 'k6/http';

export const options = { scenarios: { even: { executor: 'constant-arrival-rate', rate: RATE, timeUnit: '1s',
  duration: 'SECONDSs', preAllocatedVUs: VUS } } };
export default function () { http.get(__ENV.TARGET); }
"""
STATS = {0.5: "med", 0.9: "p(90)", 0.99: "p(99)", 0.999: "p(99.9)"}


class Case:
    def __init__(self, stalls, rate, seconds, floor, together, attempts):
        self.stalls, self.rate, self.seconds = stalls, rate, seconds
        self.floor = floor          # s that are allowed whatever the percentage
        self.together = together    # run all modes at the same time
        self.attempts = attempts
        self.vus = round(rate * (stalls.stall + stalls.service) * 1.5) + 10


SHORT = Case(Stalls(0.05, 0.5, 2.0), 200, 4.5, 0.010, True, 3)
# Nearly four periods with three stalls keep p90 away from the corner at 1 - f = 0.921.
LONG = Case(Stalls(0.05, 1.0, 10.0), 200, 38, 0, False, 1)


def commands(brunt, case, url, folder):
    script = Path(folder) / "even.js"
    script.write_text(SCRIPT.replace("RATE", str(case.rate)).replace("SECONDS", str(case.seconds))
                      .replace("VUS", str(case.vus)))
    at_rate = ["--rate", str(case.rate), "-d", f"{case.seconds}s", "--vus", str(case.vus)]
    for mode, args in (("script", ["-e", f"TARGET={url}", str(script)]), ("no script", [url, *at_rate]),
                       ("closed", [url, "-c", "5", "-d", f"{case.seconds}s"])):
        summary = Path(folder) / f"{mode.replace(' ', '_')}.json"
        yield mode, summary, [brunt, "run", "--quiet", "--loops", "1", "--summary-trend-stats",
                              "med,p(90),p(99),p(99.9),max,count", "--summary-export", str(summary), *args]


def run_all(brunt, case, target, folder):
    """The metrics of each mode."""
    results, procs = {}, []
    for mode, summary, command in commands(brunt, case, target.url + case.stalls.path(), folder):
        if not procs or not case.together:
            target.await_end_of_stall(case.stalls)
        procs.append((mode, summary, subprocess.Popen(command, stdout=subprocess.PIPE,
                                                      stderr=subprocess.STDOUT, text=True)))
        if not case.together:
            procs[-1][2].wait()
    for mode, summary, proc in procs:
        out, _ = proc.communicate(timeout=120)
        if proc.returncode != 0:
            sys.exit(f"brunt ({mode}) ended with code {proc.returncode}:\n{out}")
        results[mode] = json.loads(summary.read_text())["metrics"]
    return results


def hold(case, mode, metrics):
    """Prints a table; gives the number of faults."""
    faults, share = 0, case.stalls.share(case.seconds)
    trend, count = metrics["http_req_response_time"], round(case.rate * case.seconds) + 1
    dropped = metrics.get("dropped_iterations", {"count": 0})["count"]
    print(f"-- {mode}: {trend['count']:g} of {count} requests, {dropped:g} dropped, {share:.4f} of them in stalls")
    faults += trend["count"] not in (count - 1, count) or dropped != 0
    for q, stat in STATS.items():
        true, seen = case.stalls.quantile(q, share), trend[stat] / 1000
        allowed = max(0.01 * true, case.floor)
        ok = abs(seen - true) <= allowed
        faults += not ok
        print(f"{'ok    ' if ok else 'FAILED'} p{q * 100:<5g} {seen * 1000:9.2f} ms, true {true * 1000:9.2f} ms "
              f"({(seen / true - 1) * 100:+.2f} %, allowed {allowed / true * 100:.2f} %)")
    return faults


def hold_closed(case, metrics, open_metrics):
    """The closed model's 90th percentile is service alone, where users would have met the stall."""
    closed, true = metrics["http_req_duration"]["p(90)"], open_metrics["http_req_response_time"]["p(99)"]
    ok = closed / 1000 < case.stalls.service * 1.5 + case.floor and true > 2 * closed
    print(f"{'ok    ' if ok else 'FAILED'} a closed model of 5 users hides it: p90 {closed:.2f} ms, "
          f"{metrics['http_reqs']['count']:g} requests")
    return not ok


def attempt(brunt, case):
    """The number of faults."""
    with Target(brunt) as target, tempfile.TemporaryDirectory() as folder:
        results = run_all(brunt, case, target, folder)
    return (hold(case, "script", results["script"]) + hold(case, "no script", results["no script"])
            + hold_closed(case, results["closed"], results["script"]))


def main():
    brunt, case = str(Path(sys.argv[1]).resolve()), LONG if "--long" in sys.argv[2:] else SHORT
    sys.exit(all(attempt(brunt, case) for _ in range(case.attempts)))


if __name__ == "__main__":
    main()
