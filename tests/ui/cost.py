#!/usr/bin/env python3
"""What the page costs the generator: CPU of the threads that carry no load, with a thousand series.

    tests/ui/cost.py BRUNT [--seconds 12] [--limit PERCENT]

Runs one script three times: without a page, with one that nobody looks at, with one that somebody looks at. Prints the
CPU time of the main thread, of the server's and of the store's, as a share of one core. With --limit it ends with
status 1 when a page that is looked at costs more than that; it is no test of the suite, for a machine that others use
makes any limit flake.
"""
import argparse
import json
import os
import re
import subprocess
import sys
import tempfile
import threading
import time
import urllib.request
from pathlib import Path

HERE = Path(__file__).resolve().parent
sys.path.insert(0, str(HERE.parent / "sinks"))
from servers import Target  # noqa: E402


def threads(pid):
    """CPU seconds by thread: {(id, name): seconds}, from the scheduler's nanoseconds."""
    found = {}
    for task in Path(f"/proc/{pid}/task").iterdir():
        try:
            name = (task / "comm").read_text().strip()
            found[int(task.name), name] = int((task / "schedstat").read_text().split()[0]) / 1e9
        except OSError:
            pass  # it has just ended
    return found


class Listener(threading.Thread):
    """A page's event stream: reads it and counts frames and bytes."""

    def __init__(self, url):
        super().__init__(daemon=True)
        self.url, self.frames, self.bytes, self.series = url, 0, 0, 0

    def run(self):
        event = ""
        with urllib.request.urlopen(f"{self.url}/api/live/events", timeout=60) as stream:
            for line in stream:
                self.bytes += len(line)
                if line.startswith(b"event: "):
                    event = line[7:].strip()
                elif line.startswith(b"data: ") and event == b"frame":
                    self.frames += 1
                    self.series = max(self.series, len(json.loads(line[6:])["totals"]))


def address_in(log):
    end = time.monotonic() + 10
    while time.monotonic() < end:
        found = re.search(r"http://127\.0\.0\.1:\d+(?=[/\s\"]|$)", log.read_text())
        if found:
            return found.group(0)
        time.sleep(0.02)
    sys.exit("the page's address was not told: " + log.read_text()[-500:])


def measure(brunt, target, seconds, page, look):
    """CPU share by kind of thread over the middle of a run."""
    with tempfile.TemporaryDirectory(prefix="brunt-test-") as folder:
        log = Path(folder, "log")
        env = {k: v for k, v in os.environ.items() if not k.startswith(("BRUNT_", "K6_"))}
        env.update(HOME=folder, XDG_DATA_HOME=folder, BASE_URL=target.url, DURATION=f"{seconds + 4}s")
        ui = ["--ui=127.0.0.1:0"] if page else []
        with open(log, "w") as out:
            proc = subprocess.Popen([brunt, "run", *ui, str(HERE / "cost.js")], env=env, stdout=out, stderr=out, cwd=folder)
        listener = Listener(address_in(log)) if look else None
        if listener:
            listener.start()
        time.sleep(2)
        before, start = threads(proc.pid), time.monotonic()
        time.sleep(seconds)
        after, took = threads(proc.pid), time.monotonic() - start
        if proc.wait(60):
            sys.exit(f"the run failed: {log.read_text()[-500:]}")
    if listener and listener.frames < seconds - 1:
        sys.exit(f"only {listener.frames} frames came in {seconds} s")
    shares = {}
    for (number, name), cpu in after.items():
        kind = "main" if number == proc.pid else name
        shares[kind] = shares.get(kind, 0) + 100 * (cpu - before.get((number, name), 0)) / took
    return shares, listener


def carries_load(kind):
    return kind.startswith("loop")


def main():
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("brunt")
    parser.add_argument("--seconds", type=int, default=12)
    parser.add_argument("--limit", type=float)
    args = parser.parse_args()
    brunt = str(Path(args.brunt).resolve())
    sums = {}
    with Target(brunt) as target:
        for title, page, look in (("no page", False, False), ("nobody looks", True, False), ("somebody looks", True, True)):
            shares, listener = measure(brunt, target, args.seconds, page, look)
            sums[title] = sum(share for kind, share in shares.items() if not carries_load(kind))
            parts = ", ".join(f"{kind} {share:.2f}" for kind, share in sorted(shares.items()))
            print(f"{title:15s} {sums[title]:6.2f} % of a core ({parts})", flush=True)
    print(f"                {listener.series} entries a frame, {listener.bytes // max(listener.frames, 1)} bytes")
    cost = sums["somebody looks"] - sums["no page"]
    print(f"a page that is looked at costs {cost:.2f} % of a core")
    if args.limit is not None and cost > args.limit:
        sys.exit(1)


main()
