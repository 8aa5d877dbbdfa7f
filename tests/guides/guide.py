#!/usr/bin/env python3
"""Does what a page of docs/ tells its reader to do: tests/guides/guide.py docs/X.md BRUNT [--keep]

Fenced blocks of the page are what counts, by the words behind their fence:

  ```sh run                 run in one shell for the whole page, so that `&`, `cd` and variables go on; every command in
                            it must succeed (exit=99: the last one ends with that), within 60 s (timeout=120)
  ```sh run retry=30        the same again and again until what is expected comes, for as many seconds
  ```text expect            these lines come in the output of the block before, in this order; `...` stands for anything
  ```text expect numbers    and a number for any number, a time shorter than a second for any such time
  ```yaml file=NAME         written to that file (any language)

Other blocks are only for reading. Comments of the page adapt it to where it runs:

  <!-- guide: ports 8089 9646 -->           each number is replaced by a free port wherever a block has it as a word
  <!-- guide: needs prometheus:prometheus --> a program, and Debian's package of it
  <!-- guide: replace 10m => 20s -->        what a block has for readers, and what is done here
  <!-- guide: setup COMMAND -->             what readers have already, run before the page: a service's stand-in, say

The shell starts in an empty folder that is also HOME, where `examples`, `dashboards`, `docs` and `tests` are those of the source
tree. PATH has `brunt`. Whatever was started is ended with the page.
"""
import argparse
import contextlib
import ctypes
import os
import re
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
sys.path.append(str(ROOT / "tests" / "sinks"))

from servers import check, find_program, finish, free_ports  # noqa: E402

FENCE = re.compile(r"^```(\w*) ?(.*)$")
COMMENT = re.compile(r"<!-- guide: (\w+) (.*?) -->")
# How fast the machine is decides the unit of a short time, too.
NUMBER = re.compile(r"\d+(?:[.,]\d+)*(?:[mµn]s\b)?")
PR_SET_CHILD_SUBREAPER = 36
TREE = ("examples", "dashboards", "docs", "tests")

# Takes the name of a block from a pipe that is opened anew for each, so that no program of the page inherits it.
SHELL = """
while [ -p "$GUIDE_FOLDER/next" ]; do
    # A child that ends may interrupt the opening.
    IFS= read -r guide_block < "$GUIDE_FOLDER/next" 2> /dev/null || continue
    guide_status=0
    trap 'guide_last=$?; [ "$guide_status" -ne 0 ] || guide_status=$guide_last' ERR
    . "$guide_block" > "$guide_block.out" 2>&1
    trap - ERR
    echo "$guide_status" > "$guide_block.tmp"
    mv "$guide_block.tmp" "$guide_block.status"
done
"""


class Block:
    """A fenced block: `words` after the language, `options` among them, the text, and the line it starts on."""

    def __init__(self, words, line):
        self.words = [w for w in words.split() if "=" not in w]
        self.options = dict(w.split("=", 1) for w in words.split() if "=" in w)
        self.line, self.lines, self.expected = line, [], []

    @property
    def text(self):
        return "\n".join(self.lines) + "\n"

    def says(self, word):
        return self.words[:1] == [word]


def read_blocks(page):
    """All blocks that are done; what is expected hangs at the block that it follows."""
    blocks, open_block = [], None
    for number, line in enumerate(page.splitlines(), 1):
        fence = FENCE.match(line)
        if open_block:
            if line == "```":
                open_block = None
            else:
                open_block.lines.append(line)
        elif fence:
            open_block = Block(fence[2], number)
            if open_block.says("expect"):
                if not blocks or not blocks[-1].says("run"):
                    sys.exit(f"line {number}: nothing is run before what is expected here")
                blocks[-1].expected.append(open_block)
            elif open_block.says("run") or "file" in open_block.options:
                blocks.append(open_block)
            elif fence[2]:
                sys.exit(f"line {number}: what is \"{fence[2]}\"? There are run, expect and file=NAME")
    if open_block:
        sys.exit(f"line {open_block.line}: this block does not end")
    return blocks


def setup_blocks(page):
    blocks = []
    for kind, command in COMMENT.findall(page):
        if kind == "setup":
            blocks.append(Block("run", 0))
            blocks[-1].lines.append(command)
    return blocks


def words_of(swap):
    """What finds each key where it stands as a word."""
    keys = "|".join(re.escape(key) for key in sorted(swap, key=len, reverse=True))
    return re.compile(rf"(?<![\w.]){'(?:' + keys + ')'}(?!\w)")


def adapt(page):
    """The page as it is done here: free ports, and what its comments replace."""
    comments = COMMENT.findall(page)
    ports = [port for kind, rest in comments if kind == "ports" for port in rest.split()]
    swap = dict(zip(ports, map(str, free_ports(len(ports)))))
    is_port = words_of(swap) if swap else None
    for kind, rest in comments:
        if kind == "replace":
            shown, done = rest.split(" => ", 1)
            swap[shown] = is_port.sub(lambda w: swap[w[0]], done) if is_port else done
    for kind, rest in comments:
        if kind == "needs":
            for need in rest.split():
                find_program(*need.split(":"))
        elif kind not in ("ports", "replace", "setup"):
            sys.exit(f"what is \"guide: {kind}\"? There are ports, needs, replace and setup")
    if not swap:
        return page
    blocks = re.compile(r"^```.*?^```$|<!-- guide: setup .*? -->", re.M | re.S)
    words = words_of(swap)
    return blocks.sub(lambda block: words.sub(lambda w: swap[w[0]], block[0]), page)


def pattern_of(line, numbers):
    """What a line of the output must have in it."""
    parts = []
    for part in re.split(r" ?\.\.\. ?", " ".join(line.split())):
        texts = [re.escape(text).replace(r"\ ", r"\s+") for text in (NUMBER.split(part) if numbers else [part])]
        parts.append(NUMBER.pattern.join(texts))
    return re.compile(".*".join(parts))


def missing_line(blocks, output):
    """The first expected line that does not come, or None."""
    for block in blocks:
        rest = iter(output.splitlines())
        for line in filter(str.strip, block.lines):
            pattern = pattern_of(line, "numbers" in block.words)
            if not any(pattern.search(" ".join(found.split())) for found in rest):
                return line
    return None


class Shell:
    """One bash for a page, and all that it starts, as a process group."""

    def __init__(self, folder, brunt):
        self.folder, self.n = folder, 0
        inner = folder / ".guide"
        (inner / "bin").mkdir(parents=True)
        (inner / "bin" / "brunt").symlink_to(brunt)
        os.mkfifo(inner / "next")
        self.inner = inner
        environment = {key: value for key, value in os.environ.items() if not key.startswith(("BRUNT_", "XDG_", "LOCUST_", "K6_"))}
        environment |= {"HOME": str(folder), "NO_COLOR": "1", "GUIDE_FOLDER": str(inner), "LC_ALL": "C.UTF-8",
                        "PATH": f"{inner}/bin:{os.environ['PATH']}:/usr/sbin:/sbin"}
        # What loses its parent becomes ours, so that its end can be waited for.
        ctypes.CDLL(None).prctl(PR_SET_CHILD_SUBREAPER, 1)
        self.bash = subprocess.Popen(["bash", "-c", SHELL], cwd=folder, env=environment, stdin=subprocess.DEVNULL,
                                     start_new_session=True)

    def run(self, text, seconds):
        """(status, output); the status is None when it took too long or ended the shell."""
        self.n += 1
        block = self.inner / f"block-{self.n}"
        block.write_text(text)
        status = block.with_suffix(".status")
        end = time.monotonic() + seconds
        while not self.tell(f"{block}\n") and time.monotonic() < end and self.bash.poll() is None:
            time.sleep(0.02)
        while not status.exists() and time.monotonic() < end and self.bash.poll() is None:
            time.sleep(0.05)
        output = block.with_suffix(".out").read_text(errors="replace") if block.with_suffix(".out").exists() else ""
        return int(status.read_text()) if status.exists() else None, output

    def tell(self, line):
        """False when the shell does not listen yet."""
        try:
            pipe = os.open(self.inner / "next", os.O_WRONLY | os.O_NONBLOCK)
        except OSError:
            return False
        os.write(pipe, line.encode())
        os.close(pipe)
        return True

    def forget(self, n):
        """What a block said that is tried again."""
        (self.inner / f"block-{n}.out").unlink(missing_ok=True)

    def outputs(self):
        """Of all blocks, servers that were left running among them."""
        return "".join(f"--- {p.name}\n{p.read_text(errors='replace')[-4000:]}" for p in sorted(self.inner.glob("*.out")) if p.stat().st_size)

    def end(self):
        self.bash.poll()
        for sign in (signal.SIGTERM, signal.SIGKILL):
            with contextlib.suppress(ProcessLookupError):
                os.killpg(self.bash.pid, sign)
            end = time.monotonic() + 10
            while self.is_there() and time.monotonic() < end:
                time.sleep(0.02)

    def is_there(self):
        """Whether a process of the group is left; takes notice of those that ended."""
        with contextlib.suppress(ChildProcessError):
            while os.waitpid(-self.bash.pid, os.WNOHANG)[0]:
                pass
            return True
        return False


def do_block(shell, block):
    name = f"line {block.line}: {next(filter(str.strip, block.lines), '')[:90]}"
    wanted, patience = int(block.options.get("exit", 0)), float(block.options.get("retry", 0))
    end, tried = time.monotonic() + patience, 0
    while True:
        shell.forget(tried)
        tried = shell.n + 1
        status, output = shell.run(block.text, float(block.options.get("timeout", 60)))
        missing = missing_line(block.expected, output)
        good = status == wanted and missing is None
        if good or status is None or time.monotonic() >= end:
            break
        time.sleep(0.5)
    why = {None: "it did not end in time", wanted: f"there is no line like {missing!r}"}.get(status, f"it ended with {status}")
    check(name, good, f"{why}; it said:\n{output}")
    return good


def follow(page, shell):
    """Does the blocks in order; the first that fails is the last, for the rest builds on it."""
    for block in setup_blocks(page) + read_blocks(page):
        if "file" in block.options:
            path = shell.folder / block.options["file"]
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(block.text)
        elif not do_block(shell, block):
            print(shell.outputs(), flush=True)
            return


def main():
    parser = argparse.ArgumentParser(description="Does what a page of docs/ tells its reader to do.")
    parser.add_argument("page", type=Path)
    parser.add_argument("brunt", type=Path)
    parser.add_argument("--keep", action="store_true", help="leave the folder")
    options = parser.parse_args()
    page = adapt(options.page.read_text())
    folder = Path(tempfile.mkdtemp(prefix="brunt-guide-"))
    for name in TREE:
        if (ROOT / name).exists():
            (folder / name).symlink_to(ROOT / name)
    shell = Shell(folder, options.brunt.resolve())
    try:
        follow(page, shell)
    finally:
        shell.end()
        if options.keep:
            print(f"the folder is {folder}")
        else:
            shutil.rmtree(folder, ignore_errors=True)
    finish()


if __name__ == "__main__":
    main()
