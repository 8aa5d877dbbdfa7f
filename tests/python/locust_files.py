"""What a locustfile's run leaves behind: Locust's CSV files, JSON, tables and exit codes, from one process and from two
workers, beside those of a real Locust that has run the same file.

    locust_files.py BRUNT [LOCUST]

LOCUST is the command of a Locust other than Debian's; of one as new as the API here, first lines and texts are compared
too.
"""
import collections
import concurrent.futures
import csv
import io
import json
import os
import re
import subprocess
import sys
import tempfile
from pathlib import Path

HERE = Path(__file__).resolve().parent
sys.path.insert(0, str(HERE.parent / "sinks"))
from servers import Target, check, find_program, finish, wait_for  # noqa: E402

BRUNT = sys.argv[1]
FILE = HERE / "files_locustfile.py"
USERS = 4
PARTS = ("stats", "stats_history", "failures", "exceptions")
PERCENTILES = "50%,66%,75%,80%,90%,95%,98%,99%,99.9%,99.99%,100%"
# As Locust 2.47 writes them.
HEADS = {
    "stats": "Type,Name,Request Count,Failure Count,Median Response Time,Average Response Time,Min Response Time,"
             f"Max Response Time,Average Content Size,Requests/s,Failures/s,{PERCENTILES}\r\n",
    "stats_history": f"Timestamp,User Count,Type,Name,Requests/s,Failures/s,{PERCENTILES},Total Request Count,"
                     "Total Failure Count,Total Median Response Time,Total Average Response Time,Total Min Response Time,"
                     "Total Max Response Time,Total Average Content Size\r\n",
    "failures": "Method,Name,Error,Occurrences,First Seen,Last Seen\r\n",
    "exceptions": "Count,Message,Traceback,Nodes\r\n",
}
# Of the class Shopper: each of four users does five rounds.
COUNTS = {("GET", 'a, "b"'): (20, 0), ("GET", "checked"): (20, 20), ("GET", "missing"): (20, 20), ("POST", "checked"): (20, 0),
          ("", "Aggregated"): (80, 40)}
MISSING = "HTTPError('404 Client Error: Not Found for url: missing')"


class Run:
    """A run with its files and texts."""

    def __init__(self, command, *arguments, env=(), stdin=None, folder=None, until=None, timeout=120):
        with tempfile.TemporaryDirectory(prefix="brunt-test-") as own:
            self.folder = Path(folder or own)
            environment = {k: v for k, v in os.environ.items() if k != "VIRTUAL_ENV" and not k.startswith("LOCUST_")}
            self.folder.joinpath("out").mkdir(exist_ok=True)  # an old Locust does not make it
            environment |= {"BRUNT_NO_STORE": "true", "HOME": own, **dict(env)}
            with subprocess.Popen([*command, *arguments], text=True, stdin=subprocess.PIPE, stdout=subprocess.PIPE,
                                  stderr=subprocess.PIPE, cwd=self.folder, env=environment) as process:
                if until:  # it is over when its folder says so
                    wait_for("what was waited for", lambda: process.poll() is not None or until(self.folder), 60)
                    process.terminate()
                self.out, self.err = process.communicate(stdin, timeout=timeout)
            self.code = process.returncode
            self.files = {str(p.relative_to(self.folder)): p.read_bytes().decode() for p in self.folder.rglob("*")
                          if p.is_file() and p.suffix != ".py"}

    def table(self, part, prefix="out/x"):
        return list(csv.DictReader(io.StringIO(self.files.get(f"{prefix}_{part}.csv", ""), newline="")))

    def first_line(self, part):
        return self.files[f"out/x_{part}.csv"].split("\n")[0] + "\n"

    def __str__(self):
        return f"exit {self.code}\n{self.out[-2000:]}\n{self.err[-3000:]}"


def options(target, *more, users=USERS, seconds="2s"):
    return ["-f", str(FILE), "--headless", "-u", str(users), "-r", "100", "-t", seconds, "-H", target.url, *more]


def kind(text):
    """What a field looks like: "1", "1.0", "N/A", "", or itself."""
    for pattern, name in ((r"-?\d+", "1"), (r"-?\d+\.\d+(e[+-]\d\d)?", "1.0"), (r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ", "time")):
        if re.fullmatch(pattern, text):
            return name
    return text


# ---- files ----


def expect_files(name, run):
    for part in PARTS:
        text = run.files.get(f"out/x_{part}.csv", "")
        check(f"{name}: first line of {part}", text.startswith(HEADS[part]), (run.files.keys(), text[:300], str(run)))
        check(f"{name}: lines of {part} end as they should", text.endswith("\r\n") and "\n" not in text.replace("\r\n", ""), text)
    counts = {(r["Type"], r["Name"]): (int(r["Request Count"]), int(r["Failure Count"])) for r in run.table("stats")}
    check(f"{name}: counts", counts == COUNTS and list(counts)[-1] == ("", "Aggregated"), (counts, str(run)))
    for row in run.table("stats"):
        times = [float(row[k]) for k in ("Min Response Time", "Median Response Time", "Max Response Time")]
        quantiles = [int(row[k]) for k in PERCENTILES.split(",")]
        check(f"{name}: times of {row['Name']} ascend", times == sorted(times) and quantiles == sorted(quantiles)
              and 0 < times[0] <= float(row["Average Response Time"]) <= times[2], row)
    failures = {(r["Method"], r["Name"]): (r["Error"], r["Occurrences"]) for r in run.table("failures")}
    check(f"{name}: failures", failures == {("GET", "missing"): (MISSING, "20"),
                                            ("GET", "checked"): ("CatchResponseError('not nice')", "20")}, failures)
    history = run.table("stats_history")
    names = collections.Counter(r["Name"] for r in history)
    check(f"{name}: full history", len(names) == 4 and names["Aggregated"] >= 2, names)
    check(f"{name}: the history's last line has it all", history[-1]["Total Request Count"] == "80", history[-1])
    kinds = [kind(v) for v in list(history[-1].values())[:6]]
    check(f"{name}: the history's fields", kinds == ["1", "1", "", "Aggregated", "1.0", "1.0"], history[-1])
    check(f"{name}: failures mean 1", run.code == 1, str(run))


def expect_json(name, run):
    rows = json.loads(run.out)
    check(f"{name}: JSON on standard output and in the file", rows == json.loads(run.files["out/j.json"]), str(run))
    check(f"{name}: four names", {(r["method"], r["name"]) for r in rows} == {k for k in COUNTS if k[0]}, rows)
    for row in rows:
        sums = [sum(row[k].values()) for k in ("response_times", "num_reqs_per_sec", "num_fail_per_sec")]
        check(f"{name}: sums of {row['method']} {row['name']}",
              sums == [row["num_requests"], row["num_requests"], row["num_failures"]] == [20, 20, row["num_failures"]], row)
    return rows


def test_one_process(run, target):
    one = run("locust", *options(target, "Shopper", "--csv", "out/x", "--csv-full-history", "--json", "--json-file", "out/j"),
              "--", "--loops", "1")
    expect_files("one process", one)
    expect_json("one process", one)
    return one


def test_two_workers(run, target):
    name = "out/r-{u}-{r}-{t}.html"
    one = run("locust", *options(target, "Shopper", "--csv", "out/x", "--csv-full-history", "--json", "--json-file", "out/j",
                                 "--html", name, "--processes", "2"), env={"RECIPE": "fails"})
    check("two workers: quitting has the totals of both", "TOTAL 80 40 4\n" in one.out and one.code == 11, str(one))
    check("two workers: a report", "<html" in one.files.get("out/r-4-100-2.html", "")[:300], one.files.keys())
    one.out, one.code = "[" + one.out.split("\n[\n", 1)[-1].rsplit("\n]\n", 1)[0] + "]", 1
    expect_files("two workers", one)
    expect_json("two workers", one)


# ---- tables ----


def test_tables(run, target):
    one = run("locust", *options(target, "Shopper", seconds="3s"), "--", "--workers", "2")
    heads = one.err.count("Type     Name")
    check("tables: while it runs, at the end, percentiles", heads >= 3, str(one))
    check("tables: nothing of brunt's, nothing on standard output", "GENERATOR" not in one.err and not one.out, str(one))
    for pattern in (r"^GET +missing +20 +20\(100\.00%\) \| +\d+ +\d+ +\d+ +\d+ \| +\d+\.\d\d +\d+\.\d\d$",
                    r"^ +Aggregated +80 +40\(50\.00%\) \|", r"^Response time percentiles \(approximated\)$",
                    r"^POST +checked +(\d+ +){11}20$", r"^Error report$", r"^20 +GET checked: not nice +$",
                    r"^20 +GET missing: HTTPError\('404 Client Error: Not Found for url: missing'\) +$"):
        check(f"tables: {pattern}", re.search(pattern, one.err, re.M), str(one))
    one = run("run", str(FILE), "--target", target.url, "--", "-u", "1", "-t", "1s", "Good")
    check("brunt run: its own summary", "GENERATOR" in one.out and "Aggregated" not in one.err and one.code == 0, str(one))
    one = run("run", str(FILE), "--target", target.url, "--", "-u", "1", "-t", "1s", "--only-summary", "Good")
    check("brunt run --only-summary: both", "GENERATOR" in one.out and one.err.count("# fails") == 1, str(one))
    one = run("locust", *options(target, "Good", users=1, seconds="1s"), "--", "--summary", "brunt")
    check("brunt locust -- --summary brunt", "GENERATOR" in one.out and "# fails" not in one.err, str(one))


# ---- exit codes ----


def test_codes_of_failures(run, target):
    one = run("locust", *options(target, "Good", seconds="1s"))
    check("no failure: 0", one.code == 0 and "exit code 0" in one.err, str(one))
    one = run("locust", *options(target, "Broken", users=1, seconds="1s"))
    check("an exception: 1", one.code == 1, str(one))
    one = run("locust", *options(target, "Broken", "--csv", "out/x", "--processes", "2", users=2, seconds="1s"))
    rows = one.table("exceptions")
    check("exceptions of two workers", [(r["Count"], r["Message"], r["Nodes"]) for r in rows] ==
          [("6", "boom, in a task", "worker 1, worker 2")] and "files_locustfile.py" in rows[0]["Traceback"], (rows, str(one)))
    one = run("locust", *options(target, "Shopper", "--exit-code-on-error", "7", seconds="1s"))
    check("--exit-code-on-error 7", one.code == 7, str(one))
    one = run("run", str(FILE), "--target", target.url, "--", "-t", "1s", "Shopper")
    check("brunt run: failed requests are no failed run", one.code == 0, str(one))
    one = run("run", str(FILE), "--target", target.url, "--", "-t", "1s", "--exit-code-on-error", "7", "Shopper")
    check("brunt run --exit-code-on-error 7", one.code == 7, str(one))


def test_codes_of_scripts(run, target):
    one = run("locust", *options(target, "Ender", users=1, seconds="60s"))
    check("runner.quit() ends the test, well", one.code == 0, str(one))
    one = run("locust", *options(target, "Good", seconds="1s"), env={"RECIPE": "average"})
    check("the average of all workers", one.code == 12, str(one))
    one = run("locust", *options(target, "Good", seconds="1s"), "--", "--loops", "1", env={"RECIPE": "percentile"})
    check("a percentile of one process", one.code == 13, str(one))
    one = run("locust", *options(target, "Shopper", seconds="1s"), env={"RECIPE": "none"})
    check("process_exit_code 0 goes over failures", one.code == 0, str(one))
    one = run("locust", *options(target, "Good", seconds="1s"), "--", "--loops", "1", env={"HANDLER": "raises"})
    check("a handler that raises: 2", one.code == 2, str(one))
    threshold = Path(run.folder.name) / "limits.json"
    threshold.write_text('{"thresholds": {"http_req_failed": ["rate<0.1"]}}')
    one = run("locust", *options(target, "Shopper", seconds="1s"), "--", "--config", str(threshold), env={"RECIPE": "none"})
    check("a threshold of brunt's: 99", one.code == 99, str(one))


# ---- options ----


def test_options(run, target):
    rows = (
        (["--csv-full-history"], 2, "--csv-full-history needs --csv"),
        (["--spawnrate", "3"], 2, "did you mean --spawn-rate?"),
        (["-u", "many"], 2, "--users"),
        (["-L", "LOUD"], 2, "--loglevel"),
        (["--master"], 2, "--processes N"),
        (["Nobody"], 1, "there is no User class 'Nobody'"),
        (["--config", "nowhere.conf"], 2, "cannot read 'nowhere.conf'"),
        (["--config-users", '{"user_class_name": "Nobody"}'], None, "there is no User class 'Nobody'"),
        (["--html", "report.pdf"], None, "report.pdf"),
    )
    for arguments, code, sentence in rows:
        one = run("locust", "-f", str(FILE), *arguments)
        check(f"{arguments}: {sentence}", one.code == code if code else one.code and sentence in one.err, str(one))
        check(f"{arguments}: a sentence", sentence in one.err and "Traceback" not in one.err, str(one))
    one = run("locust", "-f", "nowhere.py")
    check("no such file: 1", one.code == 1 and "nowhere.py" in one.err, str(one))
    one = run("locust", "-f", str(FILE), "--list")
    check("--list", one.code == 0 and one.out == "Available Users:\n    Shopper\n    Good\n    Broken\n    Ender\n", str(one))
    one = run("locust", "-f", str(FILE), "--show-task-ratio-json", "Good", "Broken", "-u", "4")
    half = {"ratio": 0.5, "tasks": {"one": {"ratio": 0.5}}}
    check("--show-task-ratio-json", json.loads(one.out)["total"]["Good"] == half, str(one))
    one = run("locust", "-f", str(FILE), "--show-task-ratio", "Good")
    check("--show-task-ratio", re.search(r"^ Task ratio per User class$.*^ 100\.0 +Good", one.out, re.M | re.S), str(one))
    one, two = run("locust", "-V"), run("run", str(FILE), "--", "-V")
    check("-V", one.code == two.code == 0 and one.out.split()[:2] == two.out.split()[:2] and one.out[:9] == "locust 2.", str(two))
    one = run("locust", "--help")
    check("--help has groups and examples", all(t in one.out for t in ("Common options:", "Statistics:", "--csv-full-history",
                                                                        "Examples:")), str(one))


def test_settings(run, target):
    """Files of settings, the environment and the command line, each over the one before."""
    with tempfile.TemporaryDirectory(prefix="brunt-test-") as folder:
        place = Path(folder)
        place.joinpath("users").mkdir()
        place.joinpath("users/good.py").write_text(FILE.read_text().split("@events")[0])
        place.joinpath("users/_hidden.py").write_text("raise SystemExit('a file that is not to be read')")
        place.joinpath("users/more.py").write_text(
            "from locust import HttpUser, task\n\n\nclass More(HttpUser):\n    @task\n    def one(self):\n"
            "        self.client.get('/anything', name='more')\n        self.stop()\n")
        place.joinpath("locust.conf").write_text(
            f"# what is usual here\nlocustfile = users\nheadless = true\nhost: {target.url}\nusers = 3\nspawn-rate 100\n"
            "run-time = 9h\ncsv = nowhere/x\n")
        place.joinpath("pyproject.toml").write_text('[tool.locust]\nusers = 2\nrun-time = "8h"\n')
        place.joinpath("last.conf").write_text("run-time = 7h\ncsv = out/x ; not the other\n")
        one = run("locust", "--config", "last.conf", "-t", "1s", "More", "Good", folder=folder, env={"LOCUST_USERS": "4"})
        counts = {r["Name"]: r["Request Count"] for r in one.table("stats")}
        check("settings: files of a folder, and what goes over what", counts == {"more": "2", "good": "10", "Aggregated": "12"},
              (counts, str(one)))
        place.joinpath("locust.conf").write_text("userz = 3\n")
        one = run("locust", "-f", "users", folder=folder)
        check("settings: a misspelt key", one.code == 2 and "locust.conf:1" in one.err and "mean --users" in one.err, str(one))
    one = run("locust", "-f", "-", "--headless", "-t", "1s", "-H", target.url, "Good", "--csv", "out/x", "--processes", "2",
              "-u", "2", "-r", "100", stdin=FILE.read_text())
    check("a file from standard input", one.code == 0 and one.table("stats")[-1]["Request Count"] == "10", str(one))
    one = run("locust", "-f", str(FILE), "--headless", "-t", "1s", "-H", target.url, "-u", "4", "-r", "100", "Good", "Broken",
              "--csv", "out/x", "--config-users", '[{"user_class_name": "Good", "fixed_count": 3}]')
    check("--config-users", one.table("stats")[-1]["Request Count"] == "15", str(one))


# ---- beside a real Locust ----


def columns_of(row, others):
    """Kinds of the columns that a real Locust of that age has; a time may be a whole number by chance, or not."""
    return {k: kind(v).replace("1.0", "number").replace("1", "number") for k, v in row.items() if k in others}


def test_real(run, target):
    command = sys.argv[2:] or [find_program("locust", "python3-locust")]
    def has_all(folder):
        path = folder / "out/x_stats.csv"
        return path.exists() and ",Aggregated,80," in path.read_text()

    real = Run(command, *options(target, "Shopper", "--csv", "out/x", "--csv-full-history", seconds="1h"), until=has_all)
    ours = run("locust", *options(target, "Shopper", "--csv", "out/x", "--csv-full-history", seconds="2s"), "--", "--loops", "1")
    check("real: the same exit code", real.code == ours.code == 1, f"{real}\n{ours}")
    is_new = "First Seen" in real.files["out/x_failures.csv"]
    for part in PARTS:
        same = real.first_line(part) == ours.first_line(part)
        check(f"real: first line of {part}", same or (part == "failures" and not is_new),
              (real.first_line(part), ours.first_line(part)))
    theirs = {(r["Type"], r["Name"]): r for r in real.table("stats")}
    for row in ours.table("stats"):
        other = theirs[row["Type"], row["Name"]]
        check(f"real: fields of {row['Type']} {row['Name']}", columns_of(row, other) == columns_of(other, row)
              and row["Request Count"] == other["Request Count"] and row["Failure Count"] == other["Failure Count"], (row, other))
    errors = [{(r["Method"], r["Name"], r["Error"], r["Occurrences"]) for r in x.table("failures")} for x in (real, ours)]
    check("real: texts of failures", errors[0] == errors[1], errors)
    fields = [{k: kind(v) for k, v in x.table("stats_history")[-1].items()} for x in (real, ours)]
    check("real: a line of the history", list(fields[0]) == list(fields[1]), fields)
    lines = [[line for line in x.err.splitlines() if line.startswith(("Type ", "----", "Response time", "Error report"))][-7:]
             for x in (real, ours)]
    check("real: heads of the tables", not is_new or lines[0] == lines[1], lines)


def main():
    tests = [f for n, f in globals().items() if n.startswith("test_")]
    with Target(BRUNT) as target, concurrent.futures.ThreadPoolExecutor(3) as pool, \
            tempfile.TemporaryDirectory(prefix="brunt-test-") as folder:
        def run(*arguments, **how):
            return Run([BRUNT], *arguments, **how)

        run.folder = collections.namedtuple("Folder", "name")(folder)
        for done in [pool.submit(test, run, target) for test in tests]:
            done.result()


if __name__ == "__main__":
    if len(sys.argv) < 2:
        sys.exit(__doc__)
    main()
    finish()
