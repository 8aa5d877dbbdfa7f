#!/usr/bin/env python3
"""kill -9 of brunt at random instants: its history is whole, at most one tick is missing, and the next run begins.

    kill.py BRUNT                5 kills, for CI
    kill.py BRUNT --kills 50     more; --seed N repeats a failing one

All runs write to one file, several at a time. After each kill SQLite itself checks the file, and the ticks of the run
are read by this file's own code: they follow each other without a gap, and the last one ended less than a tick before
the kill, but for the time that a machine with much to do takes to come to it.
"""

import argparse
import concurrent.futures
import json
import os
import pathlib
import random
import shutil
import signal
import sqlite3
import subprocess
import sys
import tempfile
import time

HERE = pathlib.Path(__file__).resolve().parent
sys.path[:0] = [str(HERE.parent / "system")]

from harness import Target  # noqa: E402

RUN_S = 5
TICK_S = 1.0
SLACK_S = 0.7  # a tick is collected, encoded and committed in that time, on a machine that does other things too


class Failure(Exception):
    pass


def expect(truth, text):
    if not truth:
        raise Failure(text)


class Kill:
    def __init__(self, brunt, url, folder, seed):
        self.brunt, self.url, self.folder, self.seed = brunt, url, folder, seed
        self.after = random.Random(seed).uniform(0.2, RUN_S)
        self.id = f"kill-{seed}"

    def start(self, *arguments):
        keep = {k: v for k, v in os.environ.items() if not k.startswith(("K6_", "BRUNT_"))}
        return subprocess.Popen([self.brunt, *arguments, "--store", str(self.folder / "runs.db")],
                                env={**keep, "HOME": str(self.folder)}, stdin=subprocess.DEVNULL,
                                stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)

    def run_and_kill(self):
        process = self.start("run", self.url, "-d", f"{RUN_S + 20}s", "-c", "2", "--rate", "100", "--run-id", self.id)
        time.sleep(self.after)
        process.send_signal(signal.SIGKILL)
        self.killed_at = time.time()
        output = process.communicate(timeout=20)[0]
        expect(process.returncode == -signal.SIGKILL, f"it ended by itself with {process.returncode}\n{output}")

    def check_file(self, db):
        expect(db.execute("PRAGMA integrity_check").fetchall() == [("ok",)], "integrity_check is not ok")
        expect(not db.execute("PRAGMA foreign_key_check").fetchall(), "something belongs to no run")

    def check_ticks(self, db, run):
        """Number of ticks; a test that had not begun has none."""
        key, started = run
        ticks = db.execute("SELECT seq, t_from, t_to FROM ticks WHERE run = ? ORDER BY seq", (key,)).fetchall()
        numbers = [t[0] for t in ticks]
        expect(numbers == list(range(numbers[0], numbers[0] + len(ticks))) if ticks else True, f"ticks are missing: {ticks}")
        end = 0
        for _, begin, finish in ticks:
            expect(begin == end and finish > begin, f"ticks have gaps: {ticks}")
            end = finish
        if started:
            behind = self.killed_at - (started + end) / 1e9
            expect(behind < TICK_S + SLACK_S, f"the last tick ended {behind:.2f} s before the kill")
        return len(ticks)

    def check_listing(self, n_ticks):
        listing = self.start("history", "--json", "-n", "1000")
        text = listing.communicate(timeout=20)[0]
        expect(listing.returncode == 0, f"brunt history: {text}")
        mine = [r for r in json.loads(text)["runs"] if r["id"] == self.id]
        expect(len(mine) == 1 and mine[0]["state"] == "interrupted", f"it is listed as {mine}")
        if n_ticks > 1:
            headline = mine[0]["headline"]
            expect(headline and headline["requests"] > 0, f"nothing is known of its requests: {mine[0]}")
            expect(abs(mine[0]["duration_s"] - n_ticks) < n_ticks / 2 + 1, f"it lasted {mine[0]['duration_s']} s")

    def run_again(self):
        process = self.start("run", self.url, "-d", "1s", "-c", "1", "--rate", "20", "--run-id", f"{self.id}-next")
        output = process.communicate(timeout=30)[0]
        expect(process.returncode == 0 and "history" not in output, f"the next run: {process.returncode}\n{output}")

    def carry_out(self):
        self.run_and_kill()
        with sqlite3.connect(self.folder / "runs.db", timeout=20) as db:
            self.check_file(db)
            has_table = db.execute("SELECT count(*) FROM sqlite_schema WHERE name = 'runs'").fetchone()[0]
            run = has_table and db.execute("SELECT key, started FROM runs WHERE id = ?", (self.id,)).fetchone()
            n_ticks = self.check_ticks(db, run) if run else 0
        expect(run or self.after < 1.5, "there is no such run")
        if run:
            self.check_listing(n_ticks)
        self.run_again()
        return f"after {self.after:4.2f} s: {n_ticks} ticks"


def carry_out(options, url, folder, seed):
    try:
        return seed, True, Kill(options.brunt, url, folder, seed).carry_out()
    except (Failure, OSError, ValueError, sqlite3.Error, subprocess.SubprocessError) as e:
        return seed, False, f"{type(e).__name__}: {e}"


def main():
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("brunt")
    parser.add_argument("--kills", type=int, default=5)
    parser.add_argument("--seed", type=int, default=int(time.time()), help="of the first; the others follow it")
    parser.add_argument("--jobs", type=int, default=3, help="at one time")
    options = parser.parse_args()
    options.brunt = str(pathlib.Path(options.brunt).resolve())
    folder = pathlib.Path(tempfile.mkdtemp(prefix="brunt-kill-store-"))
    target = Target(options.brunt)
    try:
        with concurrent.futures.ThreadPoolExecutor(options.jobs) as pool:
            seeds = range(options.seed, options.seed + options.kills)
            results = list(pool.map(lambda s: carry_out(options, target.url, folder, s), seeds))
    finally:
        target.end()
        shutil.rmtree(folder, ignore_errors=True)
    for seed, is_right, text in results:
        print(f"{'ok  ' if is_right else 'FAIL'} {seed}: {text}")
    return not all(is_right for _, is_right, _ in results)


if __name__ == "__main__":
    sys.exit(main())
