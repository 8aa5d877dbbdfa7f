#!/usr/bin/env python3
"""The history of runs where it is not welcome: two writers, a full disk, files that cannot be written or are no stores.

    conditions.py BRUNT
"""

import os
import pathlib
import resource
import shutil
import signal
import sqlite3
import subprocess
import sys
import tempfile

HERE = pathlib.Path(__file__).resolve().parent
sys.path[:0] = [str(HERE.parent / "system")]

from harness import Target  # noqa: E402

failures = 0


def check(name, truth, detail=""):
    global failures
    failures += not truth
    print(f"{'ok  ' if truth else 'FAIL'} {name}{'' if truth else f': {detail}'}", flush=True)


class Bench:
    def __init__(self, brunt, url):
        self.brunt, self.url = brunt, url
        self.folder = pathlib.Path(tempfile.mkdtemp(prefix="brunt-store-"))
        self.store = self.folder / "runs.db"

    def start(self, *arguments, **kwargs):
        keep = {k: v for k, v in os.environ.items() if not k.startswith(("K6_", "BRUNT_", "XDG_"))}
        return subprocess.Popen([self.brunt, *map(str, arguments)], env={**keep, "HOME": str(self.folder)},
                                cwd=self.folder, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
                                stderr=subprocess.STDOUT, text=True, **kwargs)

    def load(self, *more, seconds=1, **kwargs):
        return self.start("run", self.url, "-d", f"{seconds}s", "-c", "1", "--rate", "50", *more, **kwargs)

    @staticmethod
    def end(process):
        output = process.communicate(timeout=60)[0]
        return process.returncode, output

    def ask(self, sql, path=None):
        with sqlite3.connect(path or self.store) as db:
            return db.execute(sql).fetchall()


def two_writers(b):
    several = [b.load("--store", b.store, seconds=2) for _ in range(4)]
    ends = [b.end(p) for p in several]
    check("four runs write to one file", all(code == 0 and "history" not in out for code, out in ends), ends)
    runs = b.ask("SELECT state, (SELECT count(*) FROM ticks WHERE run = key) >= 2 FROM runs")
    check("all of them are there", runs == [("finished", 1)] * 4, runs)
    check("and the file is whole", b.ask("PRAGMA integrity_check") == [("ok",)])
    code, out = b.end(b.start("history", "--store", b.store))
    check("brunt history lists them", code == 0 and out.count("finished") == 4, out)


def default_place(b):
    code, out = b.end(b.load())
    place = b.folder / ".local/share/brunt/runs.db"
    check("without options a run is kept at home", code == 0 and len(b.ask("SELECT key FROM runs", place)) == 1, out)
    check("for its user alone", place.stat().st_mode & 0o777 == 0o600, oct(place.stat().st_mode))
    code, out = b.end(b.load("--no-store"))
    check("--no-store keeps none", code == 0 and len(b.ask("SELECT key FROM runs", place)) == 1, out)
    code, out = b.end(b.load("--label", "a", "--label", "b", "--run-id", "mine"))
    check("labels and the id are taken", b.ask("SELECT labels FROM runs WHERE id = 'mine'", place) == [('["a","b"]',)], out)
    code, out = b.end(b.load("--run-id", "mine"))
    check("an id may come twice", code == 0 and b.ask("SELECT 1 FROM runs WHERE id = 'mine-2'", place), out)
    b.end(b.load("--store-runs", "2"))
    left = b.ask("SELECT id FROM runs", place)
    check("old runs make room, labelled ones stay", ("mine",) in left and len(left) <= 3, left)


def secrets(b):
    script = b.folder / "secret.js"
    script.write_text("import secrets from 'k6/secrets';\nimport http from 'k6/http';\n"
                      "export const options = { tags: { key: 'hunter2-of-all' } };\n"
                      "export default async function () { await secrets.get('pass'); http.get(__ENV.URL); }\n"
                      "// hunter2-of-all\n")
    where = b.folder / "secret.db"
    code, out = b.end(b.start("run", script, "-e", f"URL={b.url}", "--store", where,
                              "--secret-source", "mock=pass=hunter2-of-all", "-i", "1"))
    text = "".join(str(r) for r in b.ask("SELECT * FROM runs", where))
    check("secrets are masked in the row", code == 0 and "hunter2-of-all" not in text and "REDACTED" in text, out)
    code, out = b.end(b.start("export", "latest", "out.brunt", "--store", where))
    check("and nowhere in an exported file's script", code == 0 and
          b"hunter2-of-all" not in b.ask("SELECT text FROM scripts", b.folder / "out.brunt")[0][0], out)


def refused_places(b):
    code, out = b.end(b.load("--store", "/proc/none/runs.db"))
    check("--store that cannot be is a fault", code == 104 and "/proc/none" in out, out)
    blocked = b.folder / "blocked"
    blocked.write_text("a file, not a folder")
    keep = {k: v for k, v in os.environ.items() if not k.startswith(("K6_", "BRUNT_"))}
    p = subprocess.run([b.brunt, "run", b.url, "-d", "1s", "-c", "1"], capture_output=True, text=True,
                       env={**keep, "HOME": str(b.folder), "XDG_DATA_HOME": str(blocked)}, timeout=60)
    check("the default place is only warned of", p.returncode == 0 and "not kept in the history" in p.stderr, p.stderr)


def no_stores(b):
    text = b.folder / "text.db"
    text.write_text("no database at all, but long enough to have a header\n" * 100)
    before = text.read_bytes()
    for command in (["history"], ["import", text], ["run", b.url, "-d", "1s"]):
        where = [] if command[0] == "import" else ["--store", text]
        code, out = b.end(b.start(*command, *where))
        check(f"{command[0]} refuses a text", code in (104, 255) and "no store of runs" in out, out)
    check("and leaves it as it was", text.read_bytes() == before)
    newer = b.folder / "newer.db"
    shutil.copy(b.store, newer)
    with sqlite3.connect(newer) as db:
        db.execute("PRAGMA user_version = 1000")
    code, out = b.end(b.load("--store", newer))
    check("a newer format is refused with a sentence", code == 104 and "newer version of brunt" in out, out)


def read_only(b):
    folder = b.folder / "read-only"
    folder.mkdir()
    with sqlite3.connect(b.store) as db:
        db.execute("PRAGMA wal_checkpoint(TRUNCATE)")
    shutil.copy(b.store, folder / "runs.db")
    os.chmod(folder / "runs.db", 0o400)
    os.chmod(folder, 0o500)
    try:
        code, out = b.end(b.start("history", "--store", folder / "runs.db"))
        check("a file that cannot be written can be read", code == 0 and out.count("finished") == 4, out)
        if os.geteuid() != 0:
            code, out = b.end(b.load("--store", folder / "runs.db"))
            check("and is refused for a run", code == 104 and "cannot be written" in out, out)
    finally:
        os.chmod(folder, 0o700)


def full_disk(b):
    where = b.folder / "full.db"
    b.end(b.load("--store", where))
    limit = where.stat().st_size + 20000

    def bound():
        signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
        resource.setrlimit(resource.RLIMIT_FSIZE, (limit, limit))

    code, out = b.end(b.load("--store", where, "--rate", "500", seconds=6, preexec_fn=bound))
    check("a run goes on when the disk is full", code == 0, out)
    check("and says so once", out.count("no longer kept in the history") == 1, out)
    check("the file is whole", b.ask("PRAGMA integrity_check", where) == [("ok",)])
    code, out = b.end(b.start("history", "--store", where))
    check("and lists what was written", code == 0 and "finished" in out, out)


def main():
    brunt = str(pathlib.Path(sys.argv[1]).resolve())
    target = Target(brunt)
    b = Bench(brunt, target.url)
    try:
        for part in (two_writers, default_place, secrets, refused_places, no_stores, read_only, full_disk):
            part(b)
    finally:
        target.end()
        shutil.rmtree(b.folder, ignore_errors=True)
    return failures != 0


if __name__ == "__main__":
    sys.exit(main())
