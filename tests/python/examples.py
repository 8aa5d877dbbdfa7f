"""A small locustfile for each thing that Locust's documentation shows, run by brunt against its own target; by Locust as
well where there is one, to see that both do the same.

    examples.py BRUNT [NAME...] [--locust PROGRAM] [--originals FOLDER] [--markdown FILE]

What a file is to do stands at its head:

    # run: arguments for Locust              (without -t: until the last user has ended)
    # expect: GET /fast = 3; GET /x = 2 failed 1; total >= 10
    # says: a line that is printed
    # code: the exit code under Locust       (0 unless it says otherwise)
"""
import argparse
import collections
import concurrent.futures
import json
import os
import re
import subprocess
import sys
import tempfile
from pathlib import Path

HERE = Path(__file__).resolve().parent
sys.path.insert(0, str(HERE.parent / "sinks"))
from servers import Target, check, finish  # noqa: E402

AT_ONCE = 4
OPERATORS = {"=": lambda a, b: a == b, ">=": lambda a, b: a >= b, "<=": lambda a, b: a <= b}


# What ends a test for both, however slow the machine is.
END = """

import threading as _threading
import time as _time

from locust import events as _events


@_events.init.add_listener
def _end_with_users(environment, **_):
    def watch():
        while environment.runner.user_count:
            _time.sleep(0.1)
        environment.runner.quit()

    def on_spawned(**_):
        _threading.Thread(target=watch, daemon=True).start()

    _events.spawning_complete.add_listener(on_spawned)
"""


class Example:
    """A file, and what it is to do."""

    def __init__(self, path):
        text = path.read_text()
        self.path, self.name = path, path.name
        self.feature = re.match(r'(?:#.*\n)*"""(.*?)[.:]?(?:"""|\n)', text)
        self.feature = self.feature.group(1) if self.feature else ""
        head = dict(re.findall(r"^# (run|expect|says|code|options): *(.*)$", text, re.M))
        self.arguments = head.get("run", "").split()
        self.expected = [part.strip() for part in head.get("expect", "").split(";") if part.strip()]
        self.says, self.code = head.get("says"), int(head.get("code", 0))
        self.has_host = "no-host" not in head.get("options", "")
        self.ends_by_itself = "-t" not in self.arguments and "LoadTestShape" not in text
        if self.ends_by_itself:
            self.arguments += ["-t", "50"]


    def write(self, folder):
        """A copy to be run; one that ends by itself does so with its last user."""
        copy = Path(folder) / self.name
        copy.write_text(self.path.read_text() + (END if self.ends_by_itself else ""))
        return str(copy)


class Ran:
    """What came of it: {"GET /fast": (requests, failures)}, lines, exit code."""

    def __init__(self, rows, output, code):
        self.rows, self.output, self.code = rows, output, code

    @property
    def total(self):
        return sum(n for n, _ in self.rows.values())

    def misses(self, example, target, at_least=False):
        """What is not as the file says; `at_least`: had more time for it."""
        expected = [e for e in example.expected if not at_least or " <= " not in e]
        found = [e for e in expected if not self._holds(e.replace("{target}", target))]
        if example.says and example.says not in self.output:
            found.append(f"says '{example.says}'")
        return found

    def _holds(self, expectation):
        name, operator, n, failed = re.fullmatch(r"(.+?) (>=|<=|=) (\d+)(?: failed (\d+))?", expectation).groups()
        have = (self.total, 0) if name == "total" else self.rows.get(name, (0, 0))
        return OPERATORS[operator](have[0], int(n)) and (operator != "=" or name == "total" or have[1] == int(failed or 0))


def call(command, seconds=60, **env):
    environment = {k: v for k, v in os.environ.items() if k != "VIRTUAL_ENV" and not k.startswith("LOCUST_")}
    try:
        done = subprocess.run(command, env={**environment, **env}, text=True, capture_output=True, timeout=seconds,
                              errors="replace", stdin=subprocess.DEVNULL)
    except subprocess.TimeoutExpired as e:
        return 124, f"it did not end within {seconds} s\n{(e.stdout or b'').decode(errors='replace')}"
    return done.returncode, done.stdout + done.stderr


def by_brunt(brunt, example, target):
    with tempfile.TemporaryDirectory(prefix="brunt-test-") as folder:
        samples = Path(folder) / "samples.json"
        arguments = ["-H", target] * example.has_host + example.arguments
        code, output = call([brunt, "run", example.write(folder), "-o", f"json={samples}", "--", *arguments],
                            BRUNT_NO_STORE="true", TARGET=target)
        lines = [json.loads(line) for line in samples.read_text().splitlines()] if samples.exists() else []
    counts = {"http_reqs": collections.Counter(), "http_req_failed": collections.Counter()}
    for line in lines:
        if line["type"] == "Point" and line["metric"] in counts:
            tags = line["data"]["tags"]
            counts[line["metric"]][f"{tags.get('method')} {tags.get('name')}"] += line["data"]["value"]
    rows = {name: (int(n), int(counts["http_req_failed"][name])) for name, n in counts["http_reqs"].items()}
    return Ran(rows, output, code)


def by_locust(locust, example, target):
    with tempfile.TemporaryDirectory(prefix="brunt-test-") as folder:
        arguments = ["-H", target] * example.has_host + example.arguments
        if "-t" in arguments:  # it takes longer to begin
            at = arguments.index("-t") + 1
            arguments[at] = str(int(arguments[at]) + 6)
        code, output = call([locust, "-f", example.write(folder), "--headless", "--only-summary", "--json-file", f"{folder}/stats",
                             *arguments], TARGET=target)
        stats = Path(folder) / "stats.json"
        entries = json.loads(stats.read_text()) if stats.exists() else []
    return Ran({f"{e['method']} {e['name']}": (e["num_requests"], e["num_failures"]) for e in entries}, output, code)


# ---- files that were written for Locust ----


def original_verdict(ours, theirs):
    """Both ran, under the same names; how many requests each made is up to them."""
    if ours.code == 107 or "there is no module" in ours.output:
        missing = re.search(r"there is no module '([^']+)'", ours.output)
        return f"needs the package {missing.group(1)}" if missing else "does not load"
    if theirs is None:
        return ""
    if ours.code == theirs.code == 124:
        return "longer than a minute in both"
    if set(ours.rows) == set(theirs.rows):
        return "as Locust"
    more, fewer = set(ours.rows) - set(theirs.rows), set(theirs.rows) - set(ours.rows)
    return f"differs: {', '.join(sorted(more | fewer))[:80]}"


def shown(ran):
    if ran is None:
        return ""
    failed = sum(n for _, n in ran.rows.values())
    return f"{ran.total} in {len(ran.rows)} rows" + (f", {failed} failed" if failed else "")


def run_originals(options, target):
    """(name, feature, ours, theirs, verdict) of each file that can be one."""
    files = [p for p in sorted(Path(options.originals).rglob("*.py"))
             if "locust" in p.read_text(errors="replace") and not p.name.startswith("_")]
    rows, examples = [], []
    for path in files:
        example = Example(path)
        example.arguments, example.has_host, example.ends_by_itself = ["-u", "2", "-r", "2", "-t", options.seconds], True, False
        examples.append(example)
    with concurrent.futures.ThreadPoolExecutor(AT_ONCE) as pool:
        for example, ours, theirs in pool.map(lambda e: judge(options, e, target), examples):
            name = str(example.path.relative_to(options.originals))
            rows.append((name, "", ours, theirs, original_verdict(ours, theirs)))
            print(f"{name:55} {shown(ours):30} {shown(theirs):30} {rows[-1][-1]}", flush=True)
    return rows


# ---- the table ----


def write_markdown(path, ours, originals):
    lines = ["# Locustfiles that were run by both", "",
             "`tests/python/examples.py` runs these files by brunt and by Locust against `brunt target`, and compares what was",
             "requested under which names, and what failed. The files are in `tests/python/examples/`.", "",
             "| file | feature | brunt | Locust |", "|---|---|---|---|"]
    lines += [f"| {name} | {feature} | {a} | {b} |".replace("| |", "| not run |") for name, feature, a, b in ours]
    if originals:
        lines += ["", "Examples that come with Locust, two users for three seconds each, with the target as their host. Counts of requests",
                  "depend on the speed of either; rows are what both should agree on.", "",
                  "| file of Locust's `examples/` | brunt | Locust | |", "|---|---|---|---|"]
        lines += [f"| {name} | {shown(a)} | {shown(b)} | {verdict} |" for name, _, a, b, verdict in originals]
    Path(path).write_text("\n".join(lines) + "\n")


def judge(options, example, target):
    ours = by_brunt(options.brunt, example, target)
    theirs = by_locust(options.locust, example, target) if options.locust else None
    return example, ours, theirs


def word(ran, example, target, at_least=False):
    if ran is None:
        return ""
    misses = ran.misses(example, target, at_least)
    return "not: " + "; ".join(misses) if misses else "as it says"


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("brunt")
    parser.add_argument("names", nargs="*")
    parser.add_argument("--locust")
    parser.add_argument("--originals")
    parser.add_argument("--seconds", default="5", help="that originals run for")
    parser.add_argument("--markdown")
    options = parser.parse_args()
    examples = [Example(p) for p in sorted((HERE / "examples").glob("*.py"))]
    examples = [e for e in examples if not options.names or e.name in options.names]
    with Target(options.brunt) as target:
        with concurrent.futures.ThreadPoolExecutor(AT_ONCE) as pool:
            results = list(pool.map(lambda e: judge(options, e, target.url), examples))
        originals = run_originals(options, target.url) if options.originals else []
    table = []
    for example, ours, theirs in results:
        misses = ours.misses(example, target.url)
        check(f"{example.name}: {example.feature}", not misses and ours.code in (0, example.code),
              f"not {misses}, exit code {ours.code}; got {ours.rows}\n{ours.output[-2000:]}")
        if theirs is not None:
            misses = theirs.misses(example, target.url, True)
            check(f"{example.name} by Locust", not misses and theirs.code == example.code,
                  f"not {misses}, exit code {theirs.code}; got {theirs.rows}\n{theirs.output[-1500:]}")
        table.append((example.name, example.feature, word(ours, example, target.url), word(theirs, example, target.url, True)))
    if options.markdown:
        write_markdown(options.markdown, table, originals)
    for row in table:
        print(" | ".join(row))
    finish()


main()
