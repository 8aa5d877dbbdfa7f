#!/usr/bin/env python3
"""What a stall of the server looks like in the reports of wrk, wrk2, k6 and brunt, beside the truth.

The server (`brunt target`, /fixed) answers after 20 ms and stalls for 1 s every 10 s. People come 200 times a
second; what they would see is known in closed form (tests/measure/stalls.py). Each tool runs alone, for 38 s from
the end of a stall, so that all meet the same three. wrk2 gets 10 s more, one period, because it throws away its
first 10 s.

    bench/omission.py                   the table
    bench/omission.py --every 2 ...     see --help; another server
    bench/omission.py --json FILE       the figures as well
"""
import argparse
import json
import os
import re
import shutil
import sys
import tempfile
from pathlib import Path

import run as bench

sys.path.insert(0, str(bench.TOP / "tests/measure"))
from stalls import Stalls, Target  # noqa: E402

QUANTILES = (0.5, 0.9, 0.95, 0.99, 0.999)
STATS = ("med", "p(90)", "p(95)", "p(99)", "p(99.9)")
WRK2_SETTLES = 10


def row(values_ms, max_ms, requests, dropped=0):
    return {"ms": values_ms, "max": max_ms, "requests": requests, "dropped": dropped}


def trend(summary, metric):
    m = json.loads(Path(summary).read_text())["metrics"]
    return row([m[metric][s] for s in STATS], m[metric]["max"], int(m["http_reqs"]["count"]),
               int(m.get("dropped_iterations", {"count": 0})["count"]))


def k6_like(opts, tool, metric, args, vus):
    """brunt or k6; gives the percentiles of one metric."""
    summary = f"{opts.folder}/summary.json"
    env = {"BASE_URL": opts.url, "RATE": str(opts.rate), "SECONDS": f"{opts.seconds:g}", "VUS": str(vus),
           "K6_NO_USAGE_REPORT": "true"}
    bench.run([tool, "run", "--quiet", "--summary-trend-stats", "med,p(90),p(95),p(99),p(99.9),max,count",
               "--summary-export", summary, *args], env)
    return trend(summary, metric)


MS = {"µs": 0.001, "ms": 1, "s": 1000, "m": 60000}


def corrected(opts, users):
    """The correction that brunt prints below http_req_duration; it is in the text only."""
    _, _, out = bench.run([opts.brunt, "run", "--quiet", "--corrected", "--summary-trend-stats",
                           ",".join(STATS) + ",max", "-c", str(users), "-d", f"{opts.seconds}s", opts.url])
    line = re.search(r"\{ corrected \}\.*: (.*)", out)
    if not line:
        sys.exit(f"bench: no corrected times in\n{out}")
    values = {}
    for name, text in re.findall(r"(\S+)=(\S+)", line.group(1)):
        values[name] = sum(float(n) * MS[unit] for n, unit in re.findall(r"([\d.]+)(µs|ms|s|m)", text))
    requests = int(re.search(r"http_reqs\.*: (\d+)", out).group(1))
    return row([values[s] for s in STATS], values["max"], requests)


def wrk_like(opts, tool, args, seconds):
    _, _, out = bench.run([tool, "-t1", f"-d{seconds:g}s", "-s", str(bench.SCRIPTS / "percentiles.lua"), *args,
                           opts.url])
    found = re.search(r"percentiles (\d+) (\d+) (\d+) (\d+) (\d+) max (\d+) requests (\d+)", out)
    if not found:
        sys.exit(f"bench: {tool} says:\n{out}")
    *us, requests = map(int, found.groups())
    return row([v / 1000 for v in us[:-1]], us[-1] / 1000, requests)


def cases(opts):
    """What runs, whether it is meant to show the truth, and how."""
    plenty = round(opts.rate * (opts.stall + opts.service / 1000) * 1.5) + 10
    few, d = 50, f"{opts.seconds:g}s"
    closed, at_rate = str(bench.SCRIPTS / "closed.js"), str(bench.SCRIPTS / "at_rate.js")
    rate_url = [opts.url, "--rate", str(opts.rate), "-d", d, "--vus"]
    queued = rate_url + [str(few), "--max-vus", str(few), "--when-busy", "queue"]
    service, response = "http_req_duration", "http_req_response_time"
    if opts.wrk:
        yield "wrk, 10 connections", False, lambda: wrk_like(opts, opts.wrk, ["-c10"], opts.seconds)
    if opts.k6:
        yield "k6, 10 users", False, lambda: k6_like(opts, opts.k6, service, [closed], 10)
    yield "brunt, 10 users", False, lambda: k6_like(opts, opts.brunt, service, [closed], 10)
    yield "brunt, 10 users, --corrected", False, lambda: corrected(opts, 10)
    if opts.k6:
        yield (f"k6 at the rate, {few} users at most", False,
               lambda: k6_like(opts, opts.k6, service, [at_rate], few))
        yield f"k6 at the rate, {plenty} users", True, lambda: k6_like(opts, opts.k6, service, [at_rate], plenty)
    if opts.wrk2:
        yield (f"wrk2 at the rate, {few} connections", True,
               lambda: wrk_like(opts, opts.wrk2, [f"-c{few}", f"-R{opts.rate}"], opts.seconds + WRK2_SETTLES))
    yield (f"brunt at the rate, {few} users, queue: service", False,
           lambda: k6_like(opts, opts.brunt, service, queued, few))
    yield (f"brunt at the rate, {few} users, queue: response", True,
           lambda: k6_like(opts, opts.brunt, response, queued, few))
    yield (f"brunt script at the rate, {plenty} users", True,
           lambda: k6_like(opts, opts.brunt, response, [at_rate], plenty))
    yield (f"brunt URL at the rate, {plenty} users", True,
           lambda: k6_like(opts, opts.brunt, response, rate_url + [str(plenty)], plenty))


def show(name, result, truth):
    cells = " ".join(f"{v:9.2f}" for v in result["ms"])
    off = " ".join(f"{(v / t - 1) * 100:+7.1f}%" for v, t in zip(result["ms"], truth))
    print(f"{name:48} {cells} {result['max']:9.2f}   {off}   {result['requests']:7} {result['dropped']:7}", flush=True)


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--brunt", default=str(bench.TOP / "build/release/brunt"))
    parser.add_argument("--k6", default=str(bench.TOP / "build/peers/k6"))
    parser.add_argument("--wrk2", default=str(bench.TOP / "build/peers/wrk2"))
    parser.add_argument("--wrk", default=shutil.which("wrk") or "wrk")
    parser.add_argument("--service", type=float, default=20, help="ms")
    parser.add_argument("--stall", type=float, default=1, help="s")
    parser.add_argument("--every", type=float, default=10, help="s; for wrk2, 10 should be a multiple of it")
    parser.add_argument("--seconds", type=int, help="default: 3.8 periods, so that p90 is not at the corner")
    parser.add_argument("--rate", type=int, default=200, help="a second")
    parser.add_argument("--only", help="rows whose name contains this")
    parser.add_argument("--json", help="write all figures here")
    opts = parser.parse_args()
    opts.seconds = opts.seconds or int(3.8 * opts.every)
    if not os.access(opts.brunt, os.X_OK):
        sys.exit(f"bench: {opts.brunt} is not there; build the release preset first")
    for peer in ("k6", "wrk", "wrk2"):
        if not os.access(getattr(opts, peer), os.X_OK):
            print(f"bench: no {peer} at {getattr(opts, peer)}; it is left out", file=sys.stderr)
            setattr(opts, peer, None)
    stalls = Stalls(opts.service / 1000, opts.stall, opts.every)
    share = stalls.share(opts.seconds)
    truth = [stalls.quantile(q, share) * 1000 for q in QUANTILES]
    head = " ".join(f"{'p' + format(q * 100, 'g'):>9}" for q in QUANTILES)
    print(f"{'in ms':48} {head} {'max':>9}   {'off from the closed form':^44}   {'sent':>7} {'dropped':>7}")
    show("closed form", row(truth, (opts.service / 1000 + opts.stall) * 1000, round(opts.rate * opts.seconds)), truth)
    results = []
    with Target(opts.brunt, ["taskset", "-c", bench.SERVER_CPU]) as target, \
            tempfile.TemporaryDirectory() as opts.folder:
        opts.url = target.url + stalls.path()
        for name, is_true, go in cases(opts):
            if opts.only and opts.only not in name:
                continue
            target.await_end_of_stall(stalls)
            result = go()
            show(name, result, truth)
            results.append({"name": name, "open": is_true, "truth": truth, **result})
    if opts.json:
        Path(opts.json).write_text(json.dumps(results, indent=1))


if __name__ == "__main__":
    main()
