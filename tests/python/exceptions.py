"""Exceptions of scripts, in three languages: counted to the last one, with the first and last time and a stack, over
threads and over worker processes, wherever a run is shown; and files that cannot run, refused in a sentence with the place.

    exceptions.py BRUNT
"""
import concurrent.futures
import json
import os
import subprocess
import sys
import tempfile
import xml.etree.ElementTree
from pathlib import Path

HERE = Path(__file__).resolve().parent
sys.path.insert(0, str(HERE.parent / "sinks"))
from servers import Target, check, finish  # noqa: E402

BRUNT = os.path.abspath(sys.argv[1])

SCRIPT = """
import exec from 'k6/execution';
export const options = { scenarios: {
    a: { executor: 'per-vu-iterations', vus: 4, iterations: 30, exec: 'a' },
    b: { executor: 'per-vu-iterations', vus: 2, iterations: 20, exec: 'b' },
} };
function pick(n) { throw new TypeError(`user ${n} has no cart`); }
export function a() { pick(exec.vu.idInTest); }
export async function b() { if (__ITER % 4 === 0) throw 'plain'; null.x; }
"""

LOCUSTFILE = """
from locust import HttpUser, SequentialTaskSet, constant, task


class Shop(HttpUser):
    wait_time = constant(0)

    @task
    class Steps(SequentialTaskSet):
        def on_start(self):
            self.n = 0

        @task
        def buy(self):
            self.n += 1
            raise ValueError(f"number {self.n} <&> \\udc80\\nand a second line")

        @task
        def look(self):
            self.client.get("/status/200", name="look")
            {}["price"]

        @task
        def leave(self):
            if self.n == 25:
                self.user.stop()
"""

SCENARIO = """
from loadpilot import VUser, scenario, task


@scenario(rps=100, duration="1s", ramp_up="0s", mode="constant")
class Shop(VUser):
    @task
    def buy(self, client):
        client.get("/status/200")
        raise KeyError("id")

    def check_buy(self, status_code, body):
        assert False, "checks that fail are no exceptions"
"""


def brunt(*arguments, cwd, **env):
    environment = {k: v for k, v in os.environ.items() if k != "VIRTUAL_ENV" and not k.startswith("LOCUST_")}
    done = subprocess.run([BRUNT, *map(str, arguments)], cwd=cwd, env={**environment, **env}, text=True, capture_output=True,
                          timeout=120)
    return done.returncode, done.stdout + done.stderr


class Run:
    """A run, with all that is written of it."""

    def __init__(self, folder, text, suffix, *options, behind=()):
        script = folder / f"shop.{suffix}"
        script.write_text(text)
        reports = [x for kind in ("md", "xml", "json", "html") for x in ("--report", f"run.{kind}")]
        self.folder = folder
        self.code, self.output = brunt("run", script.name, "--summary-export", "summary.json", "--results-json", "results.json",
                                       "--store", "history.db", *reports, *options, "--", *behind, cwd=folder)
        if self.code not in (0, 1):
            check(f"{suffix}: it runs", False, (self.code, self.output))
            finish()
        self.summary = json.loads((folder / "summary.json").read_text())
        self.list = self.summary.get("exceptions", [])

    def counts(self):
        return {(e["kind"], e["place"]): e["count"] for e in self.list}

    def metric(self, name):
        return self.summary["metrics"][name]["count"]

    def text(self, name):
        return (self.folder / name).read_text()


def expect(name, got, wanted, run):
    check(name, got == wanted, f"got {got}, wanted {wanted}\n{run.output[-3000:]}")


# ---- where they are shown ----


def test_shown(name, run):
    """In each form the same numbers as in --summary-export."""
    first = run.list[0]
    section = run.output.partition("█ EXCEPTIONS")[2]
    check(f"{name}: the summary has them", f"{first['count']}  {first['kind']}: " in section and first["place"] in section,
          run.output[-3000:])
    document = json.loads(run.text("run.json"))
    expect(f"{name}: the run document has them", document["exceptions"], run.list, run)
    results = json.loads(run.text("results.json"))["exceptions"]
    expect(f"{name}: so have the results", sorted(e["count"] for e in results), sorted(e["count"] for e in run.list), run)
    check(f"{name}: so has the Markdown", "#### Exceptions" in run.text("run.md") and f"| {first['count']} |" in run.text("run.md"))
    error = xml.etree.ElementTree.fromstring(run.text("run.xml")).find("testsuite[@name='run']/system-err")
    check(f"{name}: so has JUnit", error is not None and first["stack"].strip().splitlines()[0] in error.text)
    check(f"{name}: so has the page's report", '"exceptions":[{' in run.text("run.html"))
    code, shown = brunt("show", "latest", "--store", "history.db", cwd=run.folder)
    check(f"{name}: brunt show has the stack", code == 0 and first["stack"].strip().splitlines()[-1].strip() in shown, shown[-3000:])
    check(f"{name}: first and last", all(0 <= e["first_t"] <= e["last_t"] < 100 and e["first_ms"] <= e["last_ms"] for e in run.list))


# ---- counts ----


def test_javascript(folder):
    for options in ((), ("--workers", "2")):
        name = " ".join(("javascript", *options))
        run = Run(folder, SCRIPT, "js", *options)
        wanted = {("TypeError", "shop.js:7:48"): 120, ("TypeError", "shop.js:9:66"): 30, ("", ""): 10}
        expect(f"{name}: counts", run.counts(), wanted, run)
        expect(f"{name}: scenarios", [e["scenario"] for e in run.list], ["a", "b", "b"], run)
        check(f"{name}: a stack", "at pick (file://" in run.list[0]["stack"] and "has no cart" in run.list[0]["message"])
        workers = {w for e in run.list for w in e["workers"]}
        expect(f"{name}: who saw them", workers, {1, 2} if options else set(), run)
        test_shown(name, run)


def test_locust(folder, target):
    for n_workers in (1, 2):
        name = f"locustfile, {n_workers} workers"
        run = Run(folder, LOCUSTFILE, "py", "--workers", str(n_workers), "--target", target.url,
                  behind=("-u", "4", "-r", "100", "-t", "2s"))
        # Each user buys and looks 25 times.
        expect(f"{name}: counts", run.counts(), {("ValueError", "shop.py:16"): 100, ("KeyError", "shop.py:21"): 100}, run)
        expect(f"{name}: as the metric", run.metric("script_exceptions"), 200, run)
        by_kind = {e["kind"]: e for e in run.list}
        check(f"{name}: message and stack", by_kind["ValueError"]["message"].startswith("number 1 <&> ") and
              "second" not in by_kind["ValueError"]["message"] and "in look" in by_kind["KeyError"]["stack"] and
              "py/locust" not in by_kind["KeyError"]["stack"], run.list)
        check(f"{name}: lines of the first, tenth and last", "in look" in run.output and "KeyError at shop.py:21: 10 times so far"
              in run.output and f"KeyError at shop.py:21: {100 // n_workers} times in all; the last one" in run.output, run.output)
        test_shown(name, run)


def test_loadpilot(folder, target):
    for options in ((), ("--workers", "2")):
        name = " ".join(("scenario", *options))
        run = Run(folder, SCENARIO, "py", "--target", target.url, *options)
        n = run.metric("script_exceptions")
        check(f"{name}: there are some", 50 <= n <= 110, run.output[-2000:])
        expect(f"{name}: as the metric", run.counts(), {("KeyError", "shop.py:10"): n}, run)
        expect(f"{name}: as requests", run.metric("http_reqs"), n, run)
        test_shown(name, run)


MANY = """
import exec from 'k6/execution';
export const options = { vus: 2, iterations: 500 };
export default function () { throw `value ${exec.scenario.iterationInTest}`; }
"""


def test_many(folder):
    run = Run(folder, MANY, "js", "--log-output", "none", "--loops", "2")
    expect("many: entries, and one for all others", len(run.list), 201, run)
    expect("many: which is the last", [e["others"] for e in run.list], [False] * 200 + [True], run)
    expect("many: none is lost", sum(e["count"] for e in run.list), 500, run)
    check("many: the summary says how many more", "and 196 more kinds" in run.output, run.output[-2000:])


def test_none(folder):
    run = Run(folder, "export default function () {}\n", "js")
    check("none: nothing is said of them", "exceptions" not in run.summary and "EXCEPTIONS" not in run.output and
          json.loads(run.text("run.json"))["exceptions"] == [] and "system-err" not in run.text("run.xml"))


# ---- files that cannot run ----

USER = "from locust import *\nclass A(User):\n"
PILOT = "from loadpilot import *\n@scenario()\nclass A(VUser):\n"

BAD = {
    "import_below": ("import os\ndef f():\n    import nothing_of_this_name\nf()\n", "import_below.py:3: there is no module"),
    "name_gone": ("from locust import HttpUzer\n", "name_gone.py:1: ImportError: cannot import name 'HttpUzer'"),
    "task_self": (USER + "    @task\n    def buy():\n        pass\n",
                  "task_self.py:4: the task 'buy' is defined as buy(), but it is called with (self)"),
    "task_client": (USER + "    @task(3)\n    @tag('a')\n    def buy(self, client):\n        pass\n",
                    "task_client.py:5: the task 'buy' is defined as buy(self, client), but it is called with (self)"),
    "task_keyword": (USER + "    @task\n    def buy(self, *, n):\n        pass\n", "task_keyword.py:4: the task 'buy' is defined as "
                     "buy(self, *, n), but"),
    "task_async": (USER + "    @task\n    async def buy(self):\n        pass\n", "task_async.py:4: the task 'buy' is async"),
    "nested": ("from locust import *\nclass S(TaskSet):\n    @task\n    def buy(self, x): pass\n" + USER[21:] + "    tasks = [S]\n",
               "nested.py:4: the task 'buy' is defined as buy(self, x), but"),
    "listed": ("from locust import *\ndef f(user): pass\nclass A(User):\n    wait_time = constant(1)\n    tasks = [f, f(1), 'g']\n",
               "listed.py:5: `tasks` of A has None, which cannot be called"),
    "on_start": (USER + "    def on_start(self, client): pass\n    @task\n    def t(self): pass\n",
                 "on_start.py:3: on_start of A is defined as on_start(self, client), but it is called with (self)"),
    "on_stop": (USER + "    on_stop = 3\n    @task\n    def t(self): pass\n", "on_stop.py:3: on_stop of A is 3, which cannot be called"),
    "wait_number": (USER + "    wait_time = 5\n    @task\n    def t(self): pass\n",
                    "wait_number.py:3: wait_time of A is 5, which cannot be called: it must be a function: constant(5)"),
    "wait_lambda": (USER + "    wait_time = lambda: 5\n    @task\n    def t(self): pass\n",
                    "wait_lambda.py:3: wait_time of A is defined as <lambda>(), but it is called with (self)"),
    "init": (USER + "    def __init__(self): pass\n    @task\n    def t(self): pass\n",
             "init.py:3: __init__ of A is defined as __init__(self), but it is called with (self, environment)"),
    "no_tasks": (USER + "    def buy(self): pass\n", "no_tasks.py:2: A has no tasks: decorate its methods with @task"),
    "abstract": (USER + "    abstract = True\n    @task\n    def t(self): pass\n", "abstract.py:3: there is no user to run: A is abstract"),
    "no_user": ("from locust import HttpUser, task\nclass A:\n    @task\n    def t(self): pass\n", "no_user.py has nothing to run"),
    "p_task": (PILOT + "    @task\n    def buy(self): pass\n",
               "p_task.py:5: the task 'buy' is defined as buy(self), but it is called with (self, client)"),
    "p_check": (PILOT + "    @task\n    def buy(self, client): pass\n    def check_buy(self, response): pass\n",
                "p_check.py:6: check_buy is defined as check_buy(self, response), but it is called with (self, status_code, body)"),
    "p_start": (PILOT + "    def on_start(self): pass\n    @task\n    def t(self, client): pass\n",
                "p_start.py:4: on_start of A is defined as on_start(self), but it is called with (self, client)"),
    "p_init": (PILOT + "    def __init__(self, x): pass\n    @task\n    def t(self, client): pass\n",
               "p_init.py:4: __init__ of A is defined as __init__(self, x), but it is called with (self)"),
    "p_plain": ("from loadpilot import *\nclass A(VUser):\n    @task\n    def t(self, client): pass\n",
                "p_plain.py:2: A derives from VUser, but is no scenario: put @scenario"),
}

# What looks odd and is right: it runs.
GOOD = {
    "made_later": USER + "    def on_start(self):\n        self.tasks = [lambda user: user.stop()]\n",
    "any": USER + "    wait_time = staticmethod(lambda *a: 0)\n    @task\n    def t(*args, **more): args[0].stop()\n",
    "default": USER + "    @task\n    def t(self, n=3): self.stop()\n",
    "bound": "from locust import *\nclass H:\n    def go(self, user): user.stop()\nclass A(User):\n    tasks = {H().go: 2}\n",
    "partial": "import functools\nfrom locust import *\ndef f(n, user): user.stop()\nclass A(User):\n    tasks = [functools.partial(f, 1)]\n",
}


def side_by_side(folder, files, *arguments):
    """(name, exit code, output) of each file."""

    def one(name):
        (folder / f"{name}.py").write_text(files[name])
        return name, *brunt("run", f"{name}.py", "--no-store", *arguments, cwd=folder)

    with concurrent.futures.ThreadPoolExecutor(max_workers=4) as pool:
        return list(pool.map(one, files))


def test_refused(folder):
    for name, code, output in side_by_side(folder, {name: text for name, (text, _) in BAD.items()}):
        words = BAD[name][1]
        line = next((one for one in output.splitlines() if words in one), None)
        check(f"{name}: what is wrong, and where", code == 107 and line is not None and "Traceback" not in output,
              f"exit code {code}, wanted: {words}\n{output}")


def test_not_refused(folder):
    for name, code, output in side_by_side(folder, GOOD, "--workers", "1", "--", "-u", "1", "-t", "1s"):
        check(f"{name}: runs", code == 0 and "EXCEPTIONS" not in output, f"exit code {code}\n{output}")


def main():
    with Target(BRUNT) as target, tempfile.TemporaryDirectory(prefix="brunt-test-") as name:
        folder = Path(name).resolve()
        test_javascript(folder)
        test_locust(folder, target)
        test_loadpilot(folder, target)
        test_many(folder)
        test_none(folder)
        test_refused(folder)
        test_not_refused(folder)
    finish()


if __name__ == "__main__":
    main()
