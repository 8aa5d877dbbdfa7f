#!/usr/bin/env python3
"""How many cache lines of a user's memory a request finds cold, and in which functions.

With many users, what a request touches was last touched when the user had its last answer; the processor's near
caches have forgotten it, and each line costs a trip far away. valgrind (lackey) writes down every access of a short
run without a script; an access counts as cold when nobody has touched its line for half as many requests as there
are users. The count does not depend on the machine, so it says what a change did where a noisy one hides it.
Memory of the kernel is not in it, nor what prefetching hides. Lines of the tick (once a second, and far too often
in so slow a run) are left out by name.

    bench/cold_lines.py                       build/release/brunt, 200 users
    bench/cold_lines.py --brunt PATH --top 60
"""
import argparse
import bisect
import collections
import os
import re
import subprocess
import sys
import tempfile
from pathlib import Path

from run import TOP, target

PER_USER = 6  # requests of each user; the first three warm up, the last is unlike the others
EACH_REQUEST = ("measure_leg", "repeat_take", "recorder_http")  # called once for each; the first that was not inlined
OF_THE_TICK = re.compile(r"^(side_|slab_|snapshot_|hist_|health_|verdict_|read_counters|value_|loop_stats|tell_lengths|user_)")


class Symbols:
    """Names of addresses of a program that is not relocated."""

    def __init__(self, path):
        out = subprocess.run(["nm", path], stdout=subprocess.PIPE, text=True, check=True).stdout
        rows = sorted((int(a, 16), n) for a, t, n in (line.split(maxsplit=2) for line in out.splitlines()
                                                      if line[0] != " ") if t in "tT")
        self.addresses, self.names = [a for a, _ in rows], [n for _, n in rows]

    def first_of(self, names):
        for name in names:
            for address, symbol in zip(self.addresses, self.names):
                if symbol.split(".")[0] == name and not symbol.endswith(".cold"):
                    return address
        sys.exit(f"cold_lines: none of {', '.join(names)} is a symbol of the program; was it stripped?")

    def at(self, address):
        i = bisect.bisect_right(self.addresses, address) - 1
        return self.names[i].split(".")[0] if i >= 0 and address < self.addresses[-1] else "(library)"


def cold_accesses(trace, each, users):
    """Yields the address of the instruction of every cold access, in the requests that count."""
    last, request, pc = {}, 0, 0
    first, end, away = users * 3, users * (PER_USER - 1) - users // 2, users // 2
    for line in trace:
        kind = line[:2]
        if kind == "I ":
            pc = int(line[3:line.index(",")], 16)
            if pc == each:
                request += 1
                if request == end:
                    return
        elif kind in (" L", " S", " M"):
            comma = line.index(",")
            address = int(line[3:comma], 16)
            for at in range(address >> 6, (address + int(line[comma + 1:]) - 1 >> 6) + 1):
                if request >= first and last.get(at, -1) < request - away:
                    yield pc
                last[at] = request
    sys.exit(f"cold_lines: the run ended after {request} requests of {end}")


def trace_run(brunt, url, users, pipe):
    return subprocess.Popen(["valgrind", "--tool=lackey", "--trace-mem=yes", "--basic-counts=no", f"--log-fd={pipe}",
                             brunt, "run", url, "-c", str(users), "-i", str(users * PER_USER), "--loops", "1",
                             "--no-store", "--quiet", "--io", "epoll"], pass_fds=[pipe], stdout=subprocess.DEVNULL,
                            stderr=subprocess.DEVNULL)


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--brunt", default=str(TOP / "build/release/brunt"))
    parser.add_argument("--users", type=int, default=200)
    parser.add_argument("--top", type=int, default=30, help="functions to list")
    opts = parser.parse_args()
    symbols = Symbols(opts.brunt)
    server = target(opts.brunt)
    counts = collections.Counter()
    try:
        with tempfile.TemporaryDirectory() as folder:
            # A named pipe: valgrind keeps descriptors of its own, and the trace is gigabytes.
            fifo = Path(folder) / "trace"
            os.mkfifo(fifo)
            reader = os.open(fifo, os.O_RDONLY | os.O_NONBLOCK)
            writer = os.open(fifo, os.O_WRONLY)
            os.set_blocking(reader, True)
            run = trace_run(opts.brunt, f"{server.url}/fast", opts.users, writer)
            os.close(writer)
            with os.fdopen(reader, "r", errors="replace") as trace:
                for pc in cold_accesses(trace, symbols.first_of(EACH_REQUEST), opts.users):
                    counts[pc] += 1
            run.kill()
            run.wait()
    finally:
        server.stop()
    n = opts.users * (PER_USER - 4) - opts.users // 2
    by_function = collections.Counter()
    for pc, k in counts.items():
        by_function[symbols.at(pc)] += k
    tick = sum(k for name, k in by_function.items() if OF_THE_TICK.match(name))
    print(f"{(sum(by_function.values()) - tick) / n:.1f} cold lines a request with {opts.users} users")
    shown = [(name, k) for name, k in by_function.most_common() if not OF_THE_TICK.match(name)]
    for name, k in shown[:opts.top]:
        print(f"  {k / n:5.2f}  {name}")


if __name__ == "__main__":
    main()
