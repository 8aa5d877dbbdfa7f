#!/usr/bin/env python3
"""Does `brunt find` find a capacity that is known? tests/measure/find.py BRUNT [--probe 3s] [--jobs 2]

The target answers /queue by a number of servers that take a fixed time each, so that its capacity is servers / time.
Ten of them, found once each: the rate that was confirmed and the estimate must be within 5 % of the truth. Also the
ends that are no answer: a start rate that is too high, a highest rate that holds, Ctrl-C.
By hand, on a machine with nothing else to do; about five minutes.
"""
import argparse
import concurrent.futures
import json
import signal
import subprocess
import sys
import time

# Servers and milliseconds; one script-like mix of tight and loose objectives.
CAPACITIES = [(1, 10), (1, 5), (4, 20), (1, 4), (1, 2), (10, 50), (2, 8), (1, 25), (1, 1), (1, 3)]
OBJECTIVES = ["http_req_duration p(99)<200", "http_req_response_time p(95)<1000, http_req_failed rate<0.01",
              "http_req_failed rate<0.01"]


class Target:
    def __init__(self, brunt):
        self.process = subprocess.Popen([brunt, "target", "--listen", "127.0.0.1:0", "--threads", "1"],
                                        stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)
        line = self.process.stdout.readline()
        self.url = next(word for word in line.split() if word.startswith("http://")).rstrip("/")

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.process.terminate()
        self.process.wait()


def find(brunt, url, slo, options):
    done = subprocess.run([brunt, "find", url, "--slo", slo, "--json", "-", *options], capture_output=True, text=True,
                          timeout=1200)
    return done.returncode, json.loads(done.stdout) if done.stdout else None, done.stderr


def find_capacity(brunt, index, probe):
    servers, ms = CAPACITIES[index]
    truth = servers * 1000 / ms
    slo = OBJECTIVES[index % len(OBJECTIVES)]
    with Target(brunt) as target:
        code, found, log = find(brunt, f"{target.url}/queue?servers={servers}&ms={ms}&waiting=100000", slo,
                                ["--probe", probe, "--warmup", "1s", "--start-rate", f"{truth / 7:.4g}"])
    errors = {key: found[key] / truth - 1 for key in ("rate", "estimate")} if code == 0 else {}
    ok = code == 0 and found["confirmed"] and all(abs(e) <= 0.05 for e in errors.values())
    print(f"{'ok    ' if ok else 'FAILED'} {servers} x {ms} ms, {slo}: code {code}, {len(found['probes'])} probes, "
          f"truth {truth:g}, " + ", ".join(f"{key} {found[key]:.4g} ({e:+.2%})" for key, e in errors.items()),
          flush=True)
    if not ok:
        print(log)
    return ok


def other_ends(brunt):
    quick = ["--probe", "1s", "--warmup", "0s"]
    slo = "http_req_duration p(99)<100"
    results = []
    with Target(brunt) as target:
        url = f"{target.url}/queue?ms=10&waiting=100000"
        code, found, _ = find(brunt, url, slo, ["--start-rate", "300", *quick])
        results.append(("a start rate that fails", code == 113 and found["end"] == "start-failed"))
        code, found, _ = find(brunt, url, slo, ["--start-rate", "20", "--max-rate", "50", *quick])
        results.append(("a highest rate that holds", code == 0 and found["end"] == "at-max" and found["rate"] == 50))
        process = subprocess.Popen([brunt, "find", url, "--slo", slo, "--json", "-", *quick], stdout=subprocess.PIPE,
                                   stderr=subprocess.DEVNULL, text=True)
        time.sleep(3.5)
        process.send_signal(signal.SIGINT)
        out, _ = process.communicate(timeout=60)
        found = json.loads(out)
        results.append(("Ctrl-C", process.returncode == 105 and found["end"] == "stopped" and found["rate"] >= 10))
    for what, ok in results:
        print(f"{'ok    ' if ok else 'FAILED'} {what}")
    return [ok for _, ok in results]


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("brunt")
    parser.add_argument("--probe", default="3s")
    parser.add_argument("--jobs", type=int, default=2)
    args = parser.parse_args()
    results = other_ends(args.brunt)
    with concurrent.futures.ThreadPoolExecutor(args.jobs) as pool:
        results += pool.map(lambda i: find_capacity(args.brunt, i, args.probe), range(len(CAPACITIES)))
    print(f"{sum(results)} of {len(results)} passed")
    sys.exit(not all(results))


if __name__ == "__main__":
    main()
