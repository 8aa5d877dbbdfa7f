#!/usr/bin/env python3
"""The runner of guides fails where a page is wrong, and leaves no process: tests/guides/guide_test.py BRUNT"""
import os
import subprocess
import sys
import tempfile
from pathlib import Path

HERE = Path(__file__).resolve().parent
sys.path.append(str(HERE.parent / "sinks"))

from servers import check, finish  # noqa: E402

# What a page has, what comes out of it: the exit code, and a part of what is said.
PAGES = [
    ("what is right", "```sh run\necho hello  12 world\n```\n\n```text expect\nhello ... world\n```\n", 0, "ok"),
    ("any short time", "```sh run\necho took 1.5ms\n```\n```text expect numbers\ntook 27µs\n```\n", 0, "ok"),
    ("any number", "```sh run\necho took 1.5 s\n```\n```text expect numbers\ntook 27 s\n```\n", 0, "ok"),
    ("another number", "```sh run\necho took 1.5 s\n```\n```text expect\ntook 27 s\n```\n", 1, "no line like 'took 27 s'"),
    ("another order", "```sh run\necho a; echo b\n```\n```text expect\nb\na\n```\n", 1, "no line like 'a'"),
    ("a command that fails before the last", "```sh run\nfalse\ntrue\n```\n", 1, "it ended with 1"),
    ("an exit code that is meant", "```sh run exit=3\n(exit 3)\n```\n", 0, "ok"),
    ("another exit code", "```sh run exit=3\n(exit 4)\n```\n", 1, "it ended with 4"),
    ("the end of the shell", "```sh run\nexit 0\n```\n", 1, "did not end"),
    ("too long", "```sh run timeout=0.3\nsleep 30\n```\n", 1, "did not end in time"),
    ("what goes on", "```sh run\nx=7\nmkdir d && cd d\n```\n```sh run\necho $x $(basename $PWD)\n```\n```text expect\n7 d\n```\n",
     0, "ok"),
    ("a file", "```yaml file=sub/a.yml\nkey: 1\n```\n```sh run\ncat sub/a.yml\n```\n```text expect\nkey: 1\n```\n", 0, "ok"),
    ("again until it comes", "```sh run retry=10\necho x >> n; wc -l < n\n```\n```text expect\n3\n```\n", 0, "ok"),
    ("for reading only", "```sh\nfalse\n```\n```yaml\na: b\n```\n", 0, ""),
    ("a free port", "<!-- guide: ports 8089 -->\n```sh run\necho :8089\n```\n```text expect\n:8089\n```\n"
     "```sh run\ntest 8089 -ne $((8000 + 89))\n```\n", 0, "ok"),
    ("what is replaced", "<!-- guide: replace 10m => 2s -->\n```sh run\necho 10m\n```\n```text expect\n2s\n```\n", 0, "ok"),
    ("what readers have", "<!-- guide: ports 81 -->\n<!-- guide: setup echo 81 > x -->\n```sh run\ntest $(cat x) = 81\n```\n", 0, "ok"),
    ("a program that is not there", "<!-- guide: needs no-such-program:its-package -->\n", 1, "its-package"),
    ("an unknown word", "```sh runs\ntrue\n```\n", 1, "line 1"),
    ("no end", "```sh run\ntrue\n", 1, "does not end"),
]


def do(brunt, text):
    with tempfile.NamedTemporaryFile("w", suffix=".md") as page:
        page.write(text)
        page.flush()
        done = subprocess.run([sys.executable, str(HERE / "guide.py"), page.name, brunt], capture_output=True, text=True)
    return done.returncode, done.stdout + done.stderr


def main(brunt):
    for name, text, code, said in PAGES:
        got, output = do(brunt, text)
        check(name, got == code and said in output, f"{got}: {output}")
    _, output = do(brunt, "```sh run\nsleep 300 &\necho child $!\n```\n```text expect\nnever\n```\n")
    child = int(output.split("child ")[1].split()[0])
    check("what was started is ended", not os.path.exists(f"/proc/{child}"), child)
    _, output = do(brunt, "```sh run\nbrunt version\n```\n```text expect\nbrunt\n```\n")
    check("brunt is in PATH", output.startswith("ok"), output)
    finish()


if __name__ == "__main__":
    main(sys.argv[1])
