#!/usr/bin/env python3
"""Runs the k6 scripts of this folder with brunt, and with k6 as well when asked to.

Each script says in comments at its head what must come out:

    // args: -u 2 -i 4          options for `run`
    // env: NAME=value          environment of the process
    // expect: exit=0           exit code
    // expect-stdout: text      some line of standard output contains this
    // expect-log: text         some log message contains this
    // expect-not: text         no output contains this
    // expect-file: NAME text   the script wrote a file, and it contains this
    // only: brunt              not with k6 (or: only: k6)

Every expectation is k6's own behaviour: `run.py --brunt build/dev/brunt --k6 k6` holds both to it.
"""
import argparse
import os
import pathlib
import re
import shlex
import subprocess
import sys
import tempfile

HERE = pathlib.Path(__file__).resolve().parent
HEADER = re.compile(r"//\s*(args|env|expect|expect-stdout|expect-log|expect-not|expect-file|only):\s*(.*)")
MESSAGE = re.compile(r'msg=("(?:[^"\\]|\\.)*"|\S+)')
TIMEOUT_S = 60


def read_header(path):
    header = {}
    for line in path.read_text(encoding="utf-8").splitlines():
        if not line.startswith("//"):
            break
        found = HEADER.match(line)
        if found:
            header.setdefault(found[1], []).append(found[2].strip())
    return header


def log_messages(text):
    """The messages of log lines in logfmt, unquoted; other lines as they are."""
    messages = []
    for line in text.splitlines():
        found = MESSAGE.search(line)
        if found and found[1].startswith('"'):
            messages.append(re.sub(r"\\(.)", lambda m: {"n": "\n", "t": "\t"}.get(m[1], m[1]), found[1][1:-1]))
        else:
            messages.append(found[1] if found else line)
    return messages


def run_script(binary, path, header, base_url, folder):
    command = [binary, "run", "--quiet", "-e", f"BASE_URL={base_url}"]
    for args in header.get("args", []):
        command += shlex.split(args)
    env = {k: v for k, v in os.environ.items() if not k.startswith(("K6_", "BRUNT_"))}
    env |= {"NO_COLOR": "1", "K6_NO_USAGE_REPORT": "true", "HOME": str(folder)}
    env |= dict(pair.split("=", 1) for pair in header.get("env", []))
    try:
        return subprocess.run(command + [str(path)], cwd=folder, env=env, capture_output=True, text=True,
                              errors="replace", timeout=TIMEOUT_S, stdin=subprocess.DEVNULL)
    except subprocess.TimeoutExpired:
        return None


def problems(header, done, folder):
    if done is None:
        return [f"did not end within {TIMEOUT_S} s"]
    found = []
    log = "\n".join(log_messages(done.stderr))
    for want in header.get("expect", ["exit=0"]):
        code = int(want.partition("=")[2])
        if done.returncode != code:
            found.append(f"exit code {done.returncode}, not {code}")
    found += [f"stdout lacks: {t}" for t in header.get("expect-stdout", []) if t not in done.stdout]
    found += [f"log lacks: {t}" for t in header.get("expect-log", []) if t not in log]
    found += [f"output has: {t}" for t in header.get("expect-not", []) if t in done.stdout or t in log]
    for want in header.get("expect-file", []):
        name, _, text = want.partition(" ")
        file = folder / name
        if not file.exists() or text not in file.read_text(encoding="utf-8"):
            found.append(f"file lacks: {want}")
    return found


def judge(name, binary, path, base_url):
    header = read_header(path)
    if header.get("only", [name])[0] != name:
        return "-", []
    with tempfile.TemporaryDirectory() as folder:
        done = run_script(binary, path, header, base_url, folder=pathlib.Path(folder))
        found = problems(header, done, pathlib.Path(folder))
    if found and done is not None:
        found += ["    " + line for line in (done.stdout + done.stderr).splitlines()[-12:]]
    return ("FAIL" if found else "ok"), found


def start_target(binary):
    """Starts `brunt target` on a free port; returns the process and its URL."""
    target = subprocess.Popen([binary, "target", "--listen", "127.0.0.1:0"], stdout=subprocess.PIPE,
                              stderr=subprocess.STDOUT, text=True)
    for line in target.stdout:
        found = re.search(r"https?://[\w.\-]+:\d+", line)
        if found:
            return target, found[0]
    sys.exit("brunt target did not say where it listens")


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--brunt", type=os.path.abspath, default=str(HERE.parents[1] / "build/dev/brunt"))
    parser.add_argument("--k6", type=os.path.abspath, help="hold this k6 to the expectations as well")
    parser.add_argument("--only-k6", action="store_true", help="do not run brunt")
    parser.add_argument("--base-url", help="use a server that runs already")
    parser.add_argument("scripts", nargs="*", help="names, or parts of names")
    args = parser.parse_args()

    target, base_url = (None, args.base_url) if args.base_url else start_target(args.brunt)
    tools = [] if args.only_k6 else [("brunt", args.brunt)]
    tools += [("k6", args.k6)] if args.k6 else []
    paths = sorted(p for p in HERE.iterdir() if p.suffix in (".js", ".ts"))
    paths = [p for p in paths if not args.scripts or any(s in p.name for s in args.scripts)]
    n_failed = 0
    try:
        print(f"{'script':32}" + "".join(f"{name:8}" for name, _ in tools))
        for path in paths:
            results = [judge(name, binary, path, base_url) for name, binary in tools]
            print(f"{path.name:32}" + "".join(f"{verdict:8}" for verdict, _ in results), flush=True)
            for (name, _), (_, found) in zip(tools, results):
                for line in found:
                    print(f"    {name}: {line}")
            n_failed += any(verdict == "FAIL" for verdict, _ in results)
    finally:
        if target:
            target.terminate()
            target.wait()
    print(f"{len(paths) - n_failed} of {len(paths)} scripts do what they must")
    return 1 if n_failed else 0


if __name__ == "__main__":
    sys.exit(main())
