#!/usr/bin/env python3
"""run_single_user(): a locustfile that Python runs itself becomes brunt with one user, and prints each request.

    single_user.py BRUNT
"""
import os
import subprocess
import sys
import tempfile
from pathlib import Path

HERE = Path(__file__).resolve().parent
sys.path.insert(0, str(HERE.parent / "sinks"))
from servers import Target, check, finish  # noqa: E402

FILE = """
from locust import HttpUser, run_single_user, task


class Visitor(HttpUser):
    host = "{url}"

    @task
    def look(self):
        self.client.get("/fast")
        self.client.post("/jobs", data="mode")
        self.client.get("/status/404", name="gone")
        self.environment.runner.quit()


class Other(HttpUser):
    host = "{url}"

    @task
    def never(self):
        self.client.get("/never")


if __name__ == "__main__":
    run_single_user(Visitor, include_payload=True)
"""


def python(file, **more):
    env = {k: v for k, v in os.environ.items() if k not in ("BRUNT", "VIRTUAL_ENV") and not k.startswith("LOCUST_")}
    return subprocess.run([sys.executable, str(file)], env={**env, "PYTHONPATH": str(HERE.parent.parent / "py"), **more},
                          capture_output=True, text=True, timeout=120)


def main():
    with tempfile.TemporaryDirectory(prefix="brunt-test-") as folder, Target(sys.argv[1]) as target:
        file = Path(folder) / "locustfile.py"
        file.write_text(FILE.replace("{url}", target.url))
        done = python(file, BRUNT=str(Path(sys.argv[1]).resolve()))
        rows = [[cell.strip() for cell in line.split("\t")] for line in done.stdout.splitlines()]
        names = [(r[0], r[1]) for r in rows if len(r) >= 3]
        check("each request of that user has a line", done.returncode == 0 and names[:4] == [
            ("type", "name"), ("GET", "/fast"), ("POST", "/jobs"), ("GET", "gone")], done)
        check("with what failed", any("404 Client Error" in r[3] for r in rows if len(r) > 3), done)
        check("and what was sent", any(r[-1] == "mode" for r in rows), done)
        done = python(file, PATH=folder)
        check("without the program it says what is missing", done.returncode == 1 and "needs the program brunt" in done.stderr, done)
    finish()


main()
