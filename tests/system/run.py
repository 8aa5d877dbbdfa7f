#!/usr/bin/env python3
"""Runs transcripts: commands and what must come of them.

    tests/system/run.py BRUNT [FILE.t ...]        without files: all of tests/system/transcripts

A transcript is read line by line:

    # text            says what the next command shows; it is the name of the step
    --- NAME          a file of that name, up to a line of three dashes
    env NAME=VALUE    for the next command
    $ COMMAND         `brunt` is the binary under test; "< FILE" at the end is its standard input
    kill INT TEXT     sends SIGINT once TEXT has come out (on stdout or stderr)
    ? CODE            the exit code (0 unless stated)
    1 TEXT            stdout has TEXT         2 TEXT        stderr has TEXT
    1~ REGEX          stdout matches          2~ REGEX      stderr matches
    1! TEXT           stdout has not          2! TEXT       stderr has not
    < SECONDS         it took less            > SECONDS     it took longer
    & COMMAND         starts it and goes on with the next steps; "until TEXT" waits for TEXT to come out
    $ wait            ends the step of "&": what follows is about that command

In all of them $URL is a `brunt target`, $TLS_URL one with TLS, $NGINX and $NGINX_TLS a real nginx, $CERT the
certificate of the latter, $PORT a free port, $DIR the directory of the transcript's files; what is mentioned is started.

Ends with "N passed, N failed".
"""

import pathlib
import re
import shlex
import sys

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent))
from harness import SIGNALS, Bench  # noqa: E402

HERE = pathlib.Path(__file__).resolve().parent

VARIABLES = {
    "TLS_URL": lambda b: b.tls_target.url,
    "URL": lambda b: b.target.url,
    "NGINX_TLS": lambda b: b.nginx.tls_url,
    "NGINX": lambda b: b.nginx.url,
    "CERT": lambda b: str(b.nginx.cert),
    "DIR": lambda b: str(b.dir),
    "PORT": lambda b: str(b.port),
}
VARIABLE = re.compile(r"\$(" + "|".join(VARIABLES) + r")\b")


class Step:
    def __init__(self, name, line_number, command, env):
        self.name, self.line_number, self.command, self.env = name, line_number, command, env
        self.code, self.kills, self.wants = 0, [], []


def parse(path):
    """Yields ("file", name, text) and ("step", Step) in order."""
    items, name, env, step = [], "", {}, None
    lines = path.read_text().splitlines()
    number = 0
    while number < len(lines):
        line = lines[number]
        number += 1
        word, _, rest = line.partition(" ")
        if not line.strip():
            continue
        if word == "#":
            name = rest
        elif word == "---":
            end = lines.index("---", number)
            items.append(("file", rest, "\n".join(lines[number:end]) + "\n"))
            number = end + 1
        elif word == "env":
            key, _, value = rest.partition("=")
            env[key] = value
        elif word == "$":
            step = Step(name or rest, number, rest, env)
            items.append(("step", step))
            name, env = "", {}
        elif word == "&":
            items.append(("start", Step(name or rest, number, rest, env)))
            env = {}
        elif word == "until":
            items.append(("until", rest))
        elif step is None:
            raise ValueError(f"{path.name}:{number}: '{line}' before any command")
        elif word == "?":
            step.code = int(rest)
        elif word == "kill":
            step.kills.append(rest.split(" ", 1))
        elif word in ("1", "2", "1~", "2~", "1!", "2!", "<", ">"):
            step.wants.append((word, rest))
        else:
            raise ValueError(f"{path.name}:{number}: cannot read '{line}'")
    return items


def fill(bench, text):
    return VARIABLE.sub(lambda m: VARIABLES[m.group(1)](bench), text)


def complaint(result, kind, want):
    """What is wrong with a result by one line of the transcript, or None."""
    if kind in "<>":
        ok = result.seconds < float(want) if kind == "<" else result.seconds > float(want)
        return None if ok else f"it took {result.seconds:.2f} s, not {kind} {want}"
    text = result.stdout if kind[0] == "1" else result.stderr
    where = "stdout" if kind[0] == "1" else "stderr"
    if kind.endswith("~"):
        return None if re.search(want, text, re.MULTILINE) else f"{where} does not match {want!r}"
    if kind.endswith("!"):
        return f"{where} has {want!r}" if want in text else None
    return None if want in text else f"{where} has no {want!r}"


def start(bench, step):
    words = shlex.split(fill(bench, step.command))
    stdin = None
    if len(words) > 2 and words[-2] == "<":
        stdin, words = bench.dir / words[-1], words[:-2]
    env = {k: fill(bench, v) for k, v in step.env.items()}
    return bench.start(words, env, stdin)


def run_step(bench, step):
    complaints = []
    process = bench.background if step.command == "wait" else start(bench, step)
    for name, text in step.kills:
        if not process.wait_for(text):
            complaints.append(f"{text!r} never came out")
        process.signal(SIGNALS[name])
    result = process.wait()
    if result.code != step.code:
        complaints.append(f"the exit code is {result.code}, not {step.code}")
    wants = [(kind, fill(bench, want)) for kind, want in step.wants]
    complaints += [c for c in (complaint(result, kind, want) for kind, want in wants) if c]
    return complaints, result


def run_file(brunt, path):
    """Runs one transcript; returns (passed, failed)."""
    passed = failed = 0
    bench = Bench(brunt)
    try:
        for kind, *item in parse(path):
            if kind == "file":
                target = bench.dir / item[0]
                target.parent.mkdir(parents=True, exist_ok=True)
                target.write_text(fill(bench, item[1]) if item[0].endswith(".env") else item[1])
                continue
            if kind == "start":
                bench.background = start(bench, item[0])
                continue
            if kind == "until":
                bench.background.wait_for(item[0])
                continue
            complaints, result = run_step(bench, item[0])
            if not complaints:
                passed += 1
                continue
            failed += 1
            print(f"FAILED {path.name}:{item[0].line_number}: {item[0].name}\n$ {item[0].command}")
            print("\n".join(f"  {c}" for c in complaints), f"\n{result}", sep="\n", flush=True)
    finally:
        bench.close()
    print(f"{path.name}: {passed} passed, {failed} failed", flush=True)
    return passed, failed


def main():
    if len(sys.argv) < 2:
        sys.exit(__doc__)
    brunt = str(pathlib.Path(sys.argv[1]).resolve())
    paths = [pathlib.Path(p) for p in sys.argv[2:]] or sorted((HERE / "transcripts").glob("*.t"))
    counts = [run_file(brunt, path) for path in paths]
    passed, failed = (sum(c) for c in zip(*counts))
    print(f"{passed} passed, {failed} failed")
    return 1 if failed or not passed else 0


if __name__ == "__main__":
    sys.exit(main())
