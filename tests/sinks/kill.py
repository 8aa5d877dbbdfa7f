#!/usr/bin/env python3
"""kill -9 of brunt at random instants while its receiver is away: what was on disk arrives, with the same values.

    kill.py BRUNT                5 kills, for CI
    kill.py BRUNT --kills 50     more; --seed N repeats a failing one

The receiver is away from the beginning, or goes away, or comes and goes. After the kill the spool is read by code of
this file's own, which knows the format but none of brunt's functions; then `brunt spool list` must count the same
points, and `brunt spool send`, which is itself killed once in every second case, must deliver each of them.
"""

import argparse
import concurrent.futures
import json
import os
import pathlib
import random
import shutil
import signal
import struct
import subprocess
import sys
import tempfile
import threading
import time

HERE = pathlib.Path(__file__).resolve().parent
sys.path[:0] = [str(HERE), str(HERE.parent / "system")]

import decode  # noqa: E402
from harness import Target  # noqa: E402
from receiver import Receiver  # noqa: E402

RUN_S = 4
MODES = ("away", "leaves", "flaps")


class Failure(Exception):
    pass


# ---- the spool, read independently ----

def make_crc_table():
    table = []
    for i in range(256):
        for _ in range(8):
            i = i >> 1 ^ (0x82F63B78 if i & 1 else 0)
        table.append(i)
    return table


CRC_TABLE = make_crc_table()


def crc32c(data):
    crc = 0xFFFFFFFF
    for byte in data:
        crc = crc >> 8 ^ CRC_TABLE[(crc ^ byte) & 255]
    return crc ^ 0xFFFFFFFF


def done_id(spool):
    """The higher of the two slots whose checksum holds."""
    data = (spool / "done").read_bytes() if (spool / "done").exists() else b""
    slots = [data[at:at + 16] for at in (0, 4096)]
    return max([struct.unpack("<Q", s[:8])[0] for s in slots
                if len(s) == 16 and struct.unpack("<I", s[12:])[0] == crc32c(s[:12])], default=0)


def records(data):
    """(id, bytes of the points) of each whole record; what is torn ends it."""
    at = 0
    while at + 36 <= len(data):
        magic, n_body, number, _, n_points, body_crc, header_crc = struct.unpack("<4sIQqIII", data[at:at + 36])
        body = data[at + 36:at + 36 + n_body]
        if magic != b"BSP1" or header_crc != crc32c(data[at:at + 32]) or len(body) < n_body:
            return
        if crc32c(body) != body_crc:
            raise Failure(f"record {number} is damaged")
        ends = struct.unpack(f"<{n_points}I", body[:4 * n_points])
        if ends[-1] != n_body - 4 * n_points:
            raise Failure(f"record {number}: its points do not end where it does")
        yield number, body[4 * n_points:]
        at += 36 + n_body


def points_on_disk(spool):
    """What is waiting: by key its value."""
    done, points = done_id(spool), {}
    for segment in sorted(spool.glob("*.seg")):
        for number, body in records(segment.read_bytes()):
            if number > done:
                points.update(decode.influx(body))
    return points


# ---- one kill ----

class Kill:
    def __init__(self, brunt, target, seed):
        self.brunt, self.target = brunt, target
        self.random = random.Random(seed)
        self.mode = MODES[seed % len(MODES)]
        self.after = self.random.uniform(0.3, RUN_S)
        self.kill_send = bool(seed % 2)
        self.dir = pathlib.Path(tempfile.mkdtemp(prefix="brunt-kill-"))
        self.receiver = Receiver("influxdb")
        self.over = threading.Event()

    def environment(self):
        keep = {k: v for k, v in os.environ.items() if not k.startswith(("K6_", "BRUNT_"))}
        return {**keep, "BRUNT_SPOOL_DIR": str(self.dir)}

    def start(self, *arguments):
        return subprocess.Popen([self.brunt, *arguments], env=self.environment(), stdin=subprocess.DEVNULL,
                                stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)

    def flap(self):
        while not self.over.wait(self.random.uniform(0.05, 0.7)):
            if self.receiver.listener:
                self.receiver.begin("refused")
            else:
                self.receiver.recover()

    def run_and_kill(self):
        if self.mode == "away":
            self.receiver.begin("refused")
        changer = threading.Thread(target=self.flap, daemon=True)
        process = self.start("run", self.target.url, "-d", f"{RUN_S + 20}s", "-c", "2", "--rate", "200", "-o",
                             f"influxdb=http://127.0.0.1:{self.receiver.port}/k6?samples=all&version=1")
        if self.mode == "flaps":
            changer.start()
        time.sleep(self.after / 2)
        if self.mode == "leaves":
            self.receiver.begin("refused")
        time.sleep(self.after / 2)
        process.send_signal(signal.SIGKILL)
        output = process.communicate(timeout=20)[0]
        if process.returncode != -signal.SIGKILL:
            raise Failure(f"it ended by itself with {process.returncode}\n{output}")
        self.over.set()
        if changer.ident:
            changer.join()

    def waiting(self):
        """Points by brunt's own count."""
        listed = self.start("spool", "list", "--json")
        text = listed.communicate(timeout=20)[0]
        if listed.returncode:
            raise Failure(f"brunt spool list: {listed.returncode}\n{text}")
        entries = json.loads(text)
        if any(e["busy"] or e["trouble"] for e in entries):
            raise Failure(f"a spool that nobody has is in use, or cannot be read: {text}")
        return sum(e["points"] for e in entries)

    def send(self):
        if self.kill_send:
            process = self.start("spool", "send", "--all")
            time.sleep(self.random.uniform(0, 0.15))
            process.send_signal(signal.SIGKILL)
            process.communicate(timeout=20)
        process = self.start("spool", "send", "--all", "--drain-timeout", "10s")
        text = process.communicate(timeout=60)[0]
        if process.returncode or "lost" in text:
            raise Failure(f"brunt spool send: {process.returncode}\n{text}")

    def check(self, before, on_disk):
        """All that was acknowledged before or was on disk is there, each with one value."""
        got = self.receiver.points.values
        missing = [key for key, value in on_disk.items() if got.get(key) != {value}]
        if missing:
            raise Failure(f"{len(missing)} of {len(on_disk)} points of the spool are lost or changed: {missing[:3]}")
        if len(got) < before or self.receiver.points.contradictions():
            raise Failure(f"{self.receiver.points.contradictions()} points came with two values")
        if self.receiver.errors:
            raise Failure(f"the receiver could not read it: {self.receiver.errors[:3]}")
        if list(self.dir.glob("*")) and self.waiting():
            raise Failure("something is left on disk")

    def carry_out(self):
        self.run_and_kill()
        before = self.receiver.points.distinct()
        on_disk = {}
        for spool in self.dir.iterdir():
            on_disk.update(points_on_disk(spool))
        waiting = self.waiting()
        if waiting != len(on_disk):
            raise Failure(f"brunt spool list counts {waiting} points, and {len(on_disk)} are there")
        if self.mode == "away" and self.after > 3 and not on_disk:
            raise Failure("nothing was on disk after three seconds without a receiver")
        self.receiver.recover()
        self.send()
        self.check(before, on_disk)
        return f"{self.mode:7} after {self.after:4.2f} s: {before:5} acknowledged, {len(on_disk):5} on disk, " \
               f"{self.receiver.points.distinct():5} in the end"

    def end(self):
        self.over.set()
        self.receiver.end()
        shutil.rmtree(self.dir, ignore_errors=True)


def carry_out(options, target, seed):
    kill = Kill(options.brunt, target, seed)
    try:
        return seed, True, kill.carry_out()
    except (Failure, OSError, ValueError, subprocess.SubprocessError) as e:
        return seed, False, f"{kill.mode} after {kill.after:.2f} s: {type(e).__name__}: {e}"
    finally:
        kill.end()


def main():
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("brunt")
    parser.add_argument("--kills", type=int, default=5)
    parser.add_argument("--seed", type=int, default=int(time.time()), help="of the first; the others follow it")
    parser.add_argument("--jobs", type=int, default=5, help="at one time")
    options = parser.parse_args()
    options.brunt = str(pathlib.Path(options.brunt).resolve())
    target = Target(options.brunt)
    try:
        with concurrent.futures.ThreadPoolExecutor(options.jobs) as pool:
            seeds = range(options.seed, options.seed + options.kills)
            results = list(pool.map(lambda s: carry_out(options, target, s), seeds))
    finally:
        target.end()
    for seed, is_right, text in results:
        print(f"{'ok  ' if is_right else 'FAIL'} {seed}: {text}")
    return not all(is_right for _, is_right, _ in results)


if __name__ == "__main__":
    sys.exit(main())
