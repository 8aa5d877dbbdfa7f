#!/usr/bin/env python3
"""Does the generator know when it is in trouble? tests/measure/verdict.py BRUNT [--tries N]

    starved   one loop on a processor that a busy program shares    must be invalid, for want of a processor
    beyond    ten times the rate that a loop can do                 must be invalid, for the rate
    healthy   a rate that is easy                                   must be valid

each N times (20). By hand and in benchmarks, on a machine with nothing else to do: other programs would make a
healthy run suspect, and rightly so. So does a host that takes processors away from this machine: a healthy run
in which it took more than 0.1 % of the time (steal) says nothing and is tried again, and how often is printed.
"""
import argparse
import json
import os
import pathlib
import subprocess
import sys
import tempfile
import time

os.environ["BRUNT_NO_STORE"] = "true"  # no run of a test is for the user's history

BURN = "while True: pass"
STEAL_LIMIT = 0.001
STOLEN_TRIES = 40  # in a row; then the machine is of no use


class Target:
    """brunt target, on the last processor."""

    def __init__(self, brunt, processor):
        self.process = subprocess.Popen(
            ["taskset", "-c", str(processor), brunt, "target", "--listen", "127.0.0.1:0", "--threads", "1"],
            stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)
        line = self.process.stdout.readline()
        self.url = next(word for word in line.split() if word.startswith("http://")).rstrip("/")

    def end(self):
        self.process.terminate()
        self.process.wait()


def run(brunt, processor, url, options):
    """The generator's own figures of a run on one processor."""
    with tempfile.TemporaryDirectory() as folder:
        export = pathlib.Path(folder) / "summary.json"
        subprocess.run(["taskset", "-c", str(processor), brunt, "run", "--quiet", "--loops", "1", "--summary-export",
                        str(export), *options, url], capture_output=True, check=False, timeout=120)
        return json.loads(export.read_text())["generator"]


def starved(brunt, processor, url):
    burners = [subprocess.Popen(["taskset", "-c", str(processor), sys.executable, "-c", BURN]) for _ in range(2)]
    try:
        time.sleep(0.2)
        return run(brunt, processor, url, ["--rate", "2000", "-d", "3s"])
    finally:
        for burner in burners:
            burner.kill()
            burner.wait()


def beyond(brunt, processor, url):
    return run(brunt, processor, url, ["--rate", "1000000", "-d", "2s"])


def healthy(brunt, processor, url):
    for _ in range(STOLEN_TRIES):
        answer = run(brunt, processor, url, ["--rate", "1000", "-d", "3s"])
        if answer["steal"] <= STEAL_LIMIT:
            break
        stolen.append(answer["steal"])
    return answer


stolen = []

SITUATIONS = (
    (starved, "invalid", ("for a processor",)),
    (beyond, "invalid", ("beyond this generator", "% busy")),
    (healthy, "valid", ()),
)


def is_right(answer, level, words):
    if answer["verdict"] != level:
        return False
    return not words or any(word in answer["reasons"][0]["text"] for word in words)


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("brunt")
    parser.add_argument("--tries", type=int, default=20)
    args = parser.parse_args()
    processors = sorted(os.sched_getaffinity(0))
    target = Target(args.brunt, processors[-1])
    n_wrong = 0
    try:
        for situation, level, words in SITUATIONS:
            answers = [situation(args.brunt, processors[0], target.url + "/") for _ in range(args.tries)]
            wrong = [a for a in answers if not is_right(a, level, words)]
            n_wrong += len(wrong)
            print(f"{situation.__name__:8} {level} in {args.tries - len(wrong)} of {args.tries}", flush=True)
            for a in wrong[:3]:
                print(f"    not: {a['verdict']} {[r['text'] for r in a['reasons']]} {a['loops'][0]}")
            if answers[0]["reasons"]:
                print(f"    such as: {answers[0]['reasons'][0]['text']}")
    finally:
        target.end()
    if stolen:
        print(f"{len(stolen)} healthy tries were left out: the host took {min(stolen):.2%} to {max(stolen):.1%} of the time")
    print(f"{3 * args.tries - n_wrong} passed, {n_wrong} failed")
    return 1 if n_wrong else 0


if __name__ == "__main__":
    sys.exit(main())
