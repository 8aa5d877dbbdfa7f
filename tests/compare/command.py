#!/usr/bin/env python3
"""`brunt compare` and `brunt history --trend` on the command line: what a side may be, which baseline is taken, exit codes,
LoadPilot's rule, bad files, hostile names.  command.py BRUNT"""
import json
import os
import subprocess
import sys
import tempfile
from pathlib import Path

HERE = Path(__file__).resolve().parent
sys.path.insert(0, str(HERE.parent / "sinks"))
from servers import Target, check, finish  # noqa: E402

SKIPPED = 77

LOADPILOT = {"scenario": "shop", "target_url": "http://x", "rps_target": 0, "rps_actual": 100, "requests_total": 1000,
             "errors_total": 0, "error_rate_pct": 0, "p50_ms": 10, "p95_ms": 20, "p99_ms": 30, "max_ms": 40, "duration_secs": 10}


class Shell:
    def __init__(self, brunt, folder, target):
        self.brunt, self.folder = brunt, Path(folder)
        self.env = {**os.environ, "HOME": folder, "XDG_DATA_HOME": folder, "BASE_URL": target.url, "TZ": "UTC"}
        for name in ("BRUNT_STORE", "BRUNT_NO_STORE"):
            self.env.pop(name, None)

    def __call__(self, *arguments):
        done = subprocess.run([self.brunt, *arguments], env=self.env, cwd=self.folder, capture_output=True, text=True,
                              timeout=60)
        return done.returncode, done.stdout, done.stderr

    def write(self, name, content):
        path = self.folder / name
        path.parent.mkdir(exist_ok=True)
        path.write_text(content if isinstance(content, str) else json.dumps(content))
        return name

    def run(self, *more, factor=1):
        code, out, err = self("run", "--quiet", "-u", "20", "-i", "600", "-e", f"FACTOR={factor}", *more,
                              str(HERE / "repeat.js"))
        if code:
            sys.exit(f"a run failed with {code}: {out}{err}")


def loadpilots_rule(shell):
    base = shell.write("base.json", LOADPILOT)
    slow = shell.write("slow.json", {**LOADPILOT, "p95_ms": 22})
    nearly = shell.write("nearly.json", {**LOADPILOT, "p95_ms": 21.9, "rps_actual": 90.1})
    failing = shell.write("failing.json", {**LOADPILOT, "error_rate_pct": 0.5})
    quick = shell.write("quick.json", {**LOADPILOT, "p50_ms": 0})
    code, out, _ = shell("compare", slow, base)
    check("10 % more is a regression", code == 1 and "+10.0%  worse" in out, out)
    check("in LoadPilot's words", out.endswith("Regression detected (threshold: 10%). Exiting with code 1.\n"), out)
    code, out, _ = shell("compare", nearly, base)
    check("less is none", code == 0 and "No regressions detected.\n" in out, out)
    check("it says that it is only arithmetic", "without regard to chance" in out, out)
    code, out, _ = shell("compare", failing, base)
    check("errors where there were none are a regression", code == 1 and "from 0  worse" in out, out)
    code, out, _ = shell("compare", failing, base, "--json")
    check("which has no percentage", [r["delta_pct"] for r in json.loads(out)["rows"]][-1] is None and code == 1, out)
    code, out, _ = shell("compare", base, failing)
    check("the other way they are none", code == 0 and "-100.0%" in out, out)
    code, out, _ = shell("compare", shell.write("sub.json", {**LOADPILOT, "p50_ms": 0.9}), quick)
    check("0 ms of LoadPilot is anything below 1 ms", code == 0 and "from 0" not in out, out)
    code, out, _ = shell("compare", base, quick)
    check("and 10 ms are more than that", code == 1 and "+900.0%  worse" in out, out)
    code, out, _ = shell("compare", nearly, base, "--threshold", "5")
    check("the threshold moves it", code == 1 and "(threshold: 5%)" in out, out)
    code, out, _ = shell("compare", slow, base, "--json")
    doc = json.loads(out)
    check("as JSON", doc["verdict"] == "worse" and doc["format"] == "brunt-comparison" and len(doc["rows"]) == 6, doc)
    shell.write(".loadpilot/baseline.json", LOADPILOT)
    code, out, _ = shell("compare", slow)
    check("its baseline is found", code == 1 and ".loadpilot/baseline.json" in out, out)
    (shell.folder / ".loadpilot/baseline.json").unlink()


def bad_input(shell):
    shell.write("base.json", LOADPILOT)
    rows = [
        (("none.json", "base.json"), "none.json"),
        ((shell.write("no.json", "{"), "base.json"), "is not JSON: line 1"),
        ((shell.write("list.json", "[]"), "base.json"), "no number 'rps_actual'"),
        ((shell.write("text.json", {**LOADPILOT, "p99_ms": "x"}), "base.json"), "no number 'p99_ms'"),
        ((shell.write("ours.json", {"format": "brunt-results"}), "base.json"), "'ours.json': its version is not 1"),
        (("base.json",), "nothing to compare 'base.json' with"),
        (("latest", "base.json"), "latest"),
        (("base.json", "base.json", "--threshold", "0"), "--threshold"),
        (("base.json", "base.json", "--compat", "k6"), "--compat"),
    ]
    for arguments, sentence in rows:
        code, out, err = shell("compare", *arguments)
        check(f"{arguments[0]}: {sentence}", code == 255 and sentence in err and not out, (code, out, err))


def stored_runs(shell):
    shell.run("--results-json", "first.json")
    code, _, err = shell("compare", "latest")
    check("one run alone has nothing beside it", code == 255 and "nothing to compare" in err, err)
    shell.run(factor=1.1)
    code, out, err = shell("compare", "latest", "--json")
    doc = json.loads(out)
    check("the run before is the default", doc["baseline"]["key"] == 1 and doc["current"]["key"] == 2, err)
    shell.run("--save-baseline")
    # Runs of seconds on a machine that somebody else disturbs may be too far apart for any verdict.
    for _ in range(5):
        shell.run(factor=3)
        code, out, _ = shell("compare", "latest")
        if code == 1:
            break
        shell("rm", "latest", "--yes")
    if code != 1 and "others had the generator's processors" in out:
        # It says so itself, and rightly judges nothing.
        print("skipped: others have this machine's processors\n" + out)
        sys.exit(SKIPPED)
    check("three times as slow is a regression", code == 1 and "Regression detected (threshold: 5%)" in out, out)
    check("table of LoadPilot's rows", all(n in out for n in ("RPS actual", "p50", "p95", "p99", "Max latency", "Error rate")),
          out)
    check("with its endpoints", "order" in out and "figures of endpoints" in out, out)
    check("the marked run is the default", json.loads(shell("compare", "latest", "--json")[1])["baseline"]["key"] == 3)
    code, out, _ = shell("compare", "#3", "latest")
    check("the other way it is better", code == 0 and "It became better." in out, out)
    code, out, _ = shell("compare", "latest", "first.json")
    check("a file of ours has distributions", code == 1 and "95% interval" in out, out)
    code, out, _ = shell("compare", "latest", "#3", "--compat", "loadpilot")
    check("LoadPilot's rule on runs", code == 1 and "(threshold: 10%)" in out and "interval" not in out, out)
    code, out, _ = shell("compare", "latest", "base.json")
    check("a run with LoadPilot's file", "without regard to chance" in out, out)


def trends(shell):
    code, out, err = shell("history", "--trend", "http_req_duration")
    check("a line a run", code == 0 and out.count("ms ") >= 4 and "p(95) of http_req_duration" in out, out + err)
    code, out, _ = shell("history", "--trend", "http_reqs:rate", "--json")
    doc = json.loads(out)
    check("as JSON", doc["stat"] == "rate" and len(doc["points"]) == 4 and doc["changes"] == [], doc)
    for spec, sentence in (("nothing", "has measured 'nothing'"), ("http_reqs:p(95)", "no statistic of http_reqs"),
                           ("http_req_duration:p(x)", "no statistic")):
        code, out, err = shell("history", "--trend", spec)
        check(f"{spec}: {sentence}", code == 255 and sentence in err, err)


def main():
    with tempfile.TemporaryDirectory(prefix="brunt-test-") as folder, Target(sys.argv[1]) as target:
        shell = Shell(str(Path(sys.argv[1]).resolve()), folder, target)
        loadpilots_rule(shell)
        bad_input(shell)
        stored_runs(shell)
        trends(shell)
    finish()


main()
