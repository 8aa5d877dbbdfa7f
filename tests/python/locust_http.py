"""The clients of locustfiles, call by call: what brunt says to each call of http_calls.py is what Locust 2.47 has said,
but for the lines that are listed here.

    locust_http.py BRUNT                    compares
    locust_http.py BRUNT --ask LOCUST       writes http_calls.locust anew, with the program of a real Locust
"""
import difflib
import os
import subprocess
import sys
from pathlib import Path

HERE = Path(__file__).resolve().parent
sys.path.insert(0, str(HERE.parent / "sinks"))
from servers import Target, check, finish  # noqa: E402

FILE, SAID = HERE / "http_calls.py", HERE / "http_calls.locust"
CLASSES = ("Http", "Fast")

# What is not the same, as the beginning of a line of either side.
DIFFERENT = (
    "event GET nobody there",  # errors of connections have the engine's words
)


def spoken(text):
    return [line for line in text.splitlines() if line.startswith("@@")]


def ours(brunt, target, name):
    environment = {k: v for k, v in os.environ.items() if k != "VIRTUAL_ENV" and not k.startswith("LOCUST_")}
    done = subprocess.run([brunt, "run", str(FILE), "--target", target.url, "--", "-u", "1", "-t", "60s", name],
                          env={**environment, "BRUNT_NO_STORE": "true"}, text=True, capture_output=True, timeout=120)
    return spoken(done.stdout), done.stdout + done.stderr


def theirs(locust, target, name):
    done = subprocess.run([locust, "-f", str(FILE), "--headless", "-u", "1", "-r", "1", "-t", "60s", "-H", target.url,
                           name], text=True, capture_output=True, timeout=120)
    return spoken(done.stdout)


def ask(locust, target):
    with open(SAID, "w", encoding="utf-8") as file:
        for name in CLASSES:
            file.write(f"# {name}\n" + "".join(line + "\n" for line in theirs(locust, target, name)))


def wanted():
    """{class: lines}"""
    found = {}
    for line in SAID.read_text(encoding="utf-8").splitlines():
        if line.startswith("# "):
            lines = found[line[2:]] = []
        else:
            lines.append(line)
    return found


def is_known(line):
    return any(line[2:].startswith(f"@@ {known}") for known in DIFFERENT)


def main():
    with Target(sys.argv[1]) as target:
        if len(sys.argv) == 4:
            return ask(sys.argv[3], target)
        for name, lines in wanted().items():
            got, output = ours(sys.argv[1], target, name)
            differences = [x for x in difflib.ndiff(lines, got) if x[0] in "+-" and not is_known(x)]
            check(f"{name}: {len(lines)} lines as Locust says them", lines and not differences,
                  "\n".join(differences) or output[-3000:])


if __name__ == "__main__":
    if len(sys.argv) not in (2, 4):
        sys.exit(__doc__)
    main()
    finish()
