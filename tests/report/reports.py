#!/usr/bin/env python3
"""What a run leaves behind, on the real program: --report in all its forms, brunt report and show, --save-baseline.

    tests/report/reports.py BRUNT [PART...]
"""
import base64
import gzip
import hashlib
import html.parser
import json
import os
import re
import shutil
import signal
import subprocess
import sys
import tempfile
import time
import xml.etree.ElementTree as ET
from pathlib import Path

HERE = Path(__file__).resolve().parent
sys.path.insert(0, str(HERE.parent / "sinks"))
from servers import check, finish  # noqa: E402

EVIL = "</script><script>alert(1)</script><!--|`*_[x](y)\"'&"
BRUNT = str(Path(sys.argv[1]).resolve())
SCRIPT = str(HERE / "reports.js")


class Place:
    """A folder with a history of its own, and a target."""

    def __init__(self, target):
        self.folder = Path(tempfile.mkdtemp(prefix="brunt-report-"))
        self.env = {k: v for k, v in os.environ.items() if not k.startswith(("BRUNT_", "K6_"))}
        self.env.update(HOME=str(self.folder), XDG_DATA_HOME=str(self.folder / "data"), BASE_URL=target)

    def __enter__(self):
        return self

    def __exit__(self, *_):
        shutil.rmtree(self.folder)

    def start(self, *args, **env):
        return subprocess.Popen([BRUNT, *args], cwd=self.folder, env={**self.env, **env}, text=True,
                                stdout=subprocess.PIPE, stderr=subprocess.PIPE)

    def brunt(self, *args, **env):
        process = self.start(*args, **env)
        out, err = process.communicate(timeout=60)
        return process.returncode, out, err

    def run(self, *args, **env):
        return self.brunt("run", *args, SCRIPT, **env)

    def read(self, name):
        return (self.folder / name).read_text()


# ---- reading what was written ----

def junit(text):
    """Checks what Jenkins, GitLab and GitHub readers rely on; gives the cases by (suite, name)."""
    root = ET.fromstring(text)
    assert root.tag == "testsuites" and {"name", "tests", "failures", "errors", "time"} <= root.attrib.keys()
    sums, cases = {"tests": 0, "failures": 0, "errors": 0}, {}
    for suite in root:
        assert suite.tag == "testsuite", suite.tag
        assert {"name", "tests", "failures", "errors", "skipped", "time", "timestamp"} == suite.attrib.keys()
        assert re.fullmatch(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d", suite.get("timestamp"))
        assert suite[0].tag == "properties" and all(p.get("name") and p.get("value") for p in suite[0])
        own = {"tests": 0, "failures": 0, "errors": 0, "skipped": 0}
        for case in suite[1:]:
            assert case.tag == "testcase" and {"name", "classname", "time"} <= case.attrib.keys()
            assert float(case.get("time")) >= 0 and len(case) <= 1
            result = case[0].tag if len(case) else "passed"
            assert result in ("passed", "failure", "error", "skipped", "system-out"), result
            if result in ("failure", "error"):
                assert case[0].get("message") and case[0].get("type") and case[0].text
            own["tests"] += 1
            own["failures"] += result == "failure"
            own["errors"] += result == "error"
            own["skipped"] += result == "skipped"
            cases[suite.get("name"), case.get("name")] = case
        assert own == {k: int(suite.get(k)) for k in own}, own
        for key in sums:
            sums[key] += own[key]
    assert sums == {k: int(root.get(k)) for k in sums}, sums
    return cases


class Page(html.parser.HTMLParser):
    """The elements of an HTML file as a browser sees them, with their text."""

    def __init__(self, text):
        super().__init__(convert_charrefs=True)
        self.elements, self.open, self.policy = [], [], ""
        self.feed(text)
        self.close()

    def handle_starttag(self, tag, attrs):
        self.elements.append([tag, dict(attrs), ""])
        self.open.append(self.elements[-1])
        if dict(attrs).get("http-equiv") == "Content-Security-Policy":
            self.policy = dict(attrs)["content"]

    def handle_endtag(self, tag):
        while any(e[0] == tag for e in self.open) and self.open.pop()[0] != tag:
            pass

    def handle_data(self, data):
        if self.open:
            self.open[-1][2] += data

    def all(self, tag):
        return [e for e in self.elements if e[0] == tag]


def sha256(text):
    return "'sha256-" + base64.b64encode(hashlib.sha256(text.encode()).digest()).decode() + "'"


def document_of(page):
    data = next(e for e in page.all("script") if e[1].get("id") == "brunt-report")
    if data[1].get("data-encoding") == "gzip-base64":
        return json.loads(gzip.decompress(base64.b64decode(data[2])))
    return json.loads(data[2])


# ---- parts ----

def forms(target):
    with Place(target) as p:
        names = ["r.html", "r.json", "r.junit.xml", "r.md"]
        code, out, err = p.run(*(a for n in names for a in ("--report", n)))
        check("thresholds fail", code == 99, f"{code}\n{err}")
        check("all reports are there", all((p.folder / n).exists() for n in names), err)
        document = check_json(p)
        check_html(p, document)
        check_junit(p, document)
        check_md(p)
        check_show(p, out)
        code, out, err = p.brunt("report", "latest")
        run_id = document["run"]["id"]
        check("a report has a name", (code, out) == (0, f"brunt-{run_id}.html\n"), out + err)
        again = document_of(Page(p.read(f"brunt-{run_id}.html")))
        check("and is the same later", again["entries"] == document["entries"])
        code, out, err = p.brunt("report", run_id[:-1], "again.junit.xml", "-q")
        check("of a beginning of the id", (code, out) == (0, ""), out + err)
        check("JUnit is the same later", p.read("again.junit.xml") == p.read("r.junit.xml"))


def check_json(p):
    document = json.loads(p.read("r.json"))
    check("the document is one", (document["format"], document["version"]) == ("brunt-run", 1))
    check("it has the script", "export default function" in document["script_text"])
    states = {(t["metric"], t["source"]): t["state"] for t in document["run"]["thresholds"]}
    check("thresholds are in it", states == {
        ("http_req_duration", "p(95)<30000"): "passed", ("http_req_duration", "max<0.0001"): "failed",
        ("checks", "rate>0.1"): "passed", ("http_reqs", "count>0"): "passed"}, states)
    return document


def check_html(p, document):
    page = Page(p.read("r.html"))
    scripts = page.all("script")
    check("two scripts, one of them data", [e[1].get("type") for e in scripts] == ["application/json", None],
          str([e[1] for e in scripts]))
    check("the policy names the script", f"script-src {sha256(scripts[1][2])};" in page.policy, page.policy)
    check("and the style", f"style-src {sha256(page.all('style')[0][2])};" in page.policy, page.policy)
    check("nothing is loaded", not any(e[1].get("src") or (e[1].get("href") or "data:")[:5] != "data:"
                                       for e in page.elements))
    check("the data are the document", document_of(page) == document)
    names = {e["tags"].get("name") for e in document["entries"]}
    check("the names are whole", EVIL in names, names)


def check_junit(p, document):
    cases = junit(p.read("r.junit.xml"))
    failed = cases["thresholds", "http_req_duration: max<0.0001"]
    check("a failed threshold says by how much", re.fullmatch(
        r"max is [\d.]+(µs|ms|s), and the limit is 100ns", failed[0].get("message")), failed[0].get("message"))
    check("one that held has passed", len(cases["thresholds", "http_req_duration: p(95)<30000"]) == 0)
    bad = cases["checks: default", f"is 200 {EVIL}"]
    check("a failed check has its group", bad.get("classname") == f"default.pay {EVIL}", bad.get("classname"))
    n = next(e["total"] for e in document["entries"] if e["metric"] == "checks" and not e["by"])
    check("and its count", bad[0].get("message").startswith(f"{n[1] // 2} of {n[1] // 2} failed"),
          bad[0].get("message"))
    check("the run came to its end", len(cases["run", "the test ran to its end"]) == 0)


def check_md(p):
    text = p.read("r.md")
    check("Markdown says how it ended", text.startswith("### ❌ Load test failed: <code>"), text[:80])
    check("and why", "**1 of 4 thresholds failed**" in text, text[:200])
    check("it has no markup of others", set(re.findall(r"<[^>]*>", text)) <= {"<code>", "</code>"},
          set(re.findall(r"<[^>]*>", text)))
    rows = [line for line in text.splitlines() if line.startswith("|")]
    check("tables are whole", all(line.endswith("|") for line in rows))
    check("names are not cut by |", any("&#60;/script&#62;" in line and line.count("|") == 8 for line in rows))


def check_show(p, out):
    code, shown, err = p.brunt("show", "latest", "--summary")
    check("show has the run's own summary", code == 0 and len(shown) > 500 and shown in out,
          f"{err}\n---- shown\n{shown}\n---- of the run\n{out}")
    code, shown, err = p.brunt("show", "latest")
    check("show has charts and lists", all(word in shown for word in (
        "█ OVER TIME", "requests a second", "█ SLOWEST REQUESTS", "█ ERRORS", "█ CAPTURED EXCHANGES")), shown + err)
    check("nothing steers a terminal", not re.search(r"[\x00-\x08\x0b-\x1f\x7f]", shown))
    code, shown, err = p.brunt("show", "latest", "--json")
    check("show gives the document", code == 0 and json.loads(shown)["format"] == "brunt-run", err)
    code, _, err = p.brunt("show", "latest", "--har", "x.har")
    entries = json.loads(p.read("x.har"))["log"]["entries"] if code == 0 else []
    check("show gives a HAR file", any(e["response"]["status"] == 503 for e in entries), err)


def interrupted(target):
    with Place(target) as p:
        process = p.start("run", "--report", "r.junit.xml", "--report", "r.html", "--save-baseline", SCRIPT,
                          DURATION="1m")
        time.sleep(2.5)
        process.send_signal(signal.SIGINT)
        _, err = process.communicate(timeout=30)
        check("Ctrl-C ends it", process.returncode in (99, 105), f"{process.returncode}\n{err}")
        cases = junit(p.read("r.junit.xml"))
        end = cases["run", "the test ran to its end"]
        check("the report is there, and says so", len(end) and end[0].tag == "error", ET.tostring(end))
        check("the page too", document_of(Page(p.read("r.html")))["run"]["state"] == "stopped")
        check("and it is no baseline", "is no baseline" in err and not (p.folder / ".brunt").exists(), err)


def trouble(target):
    with Place(target) as p:
        code, _, err = p.run("--report", "no/such/folder/r.html", "--report", "fine.md", PASS="1", DURATION="1s")
        check("a report that cannot be written changes no exit code", code == 0, f"{code} {err}")
        check("the log says so", "no/such/folder/r.html" in err, err)
        check("others are written", (p.folder / "fine.md").exists())
        code, _, err = p.run("--report", "-")
        check("standard output is no file", code == 255 and ".junit.xml" in err, f"{code} {err}")
        code, _, err = p.run("--report", "report.pdf")
        check("nor is there a PDF", code == 255 and "report.pdf" in err, f"{code} {err}")
        code, _, err = p.brunt("report", "nosuchrun")
        check("a run that is not there", code == 255 and "nosuchrun" in err, f"{code} {err}")
        code, _, err = p.brunt("show", "latest", "--store", str(p.folder / "none.db"))
        check("a history that is not there", code == 255 and "none.db" in err, f"{code} {err}")
        code, _, err = p.run("--no-store", PASS="1", DURATION="1s", BRUNT_REPORT="env.json")
        check("without a history", code == 0 and json.loads(p.read("env.json"))["run"]["state"] == "finished", err)
        left = [f.name for f in (p.folder / "data").rglob("*.db")]
        check("only the first run is in it", len(left) == 1 and p.brunt("show", "latest~1")[0] == 255, left)


def baseline(target):
    with Place(target) as p:
        code, _, err = p.run("--save-baseline", "--rate", "20", "-d", "1s", PASS="1")
        check("a baseline is saved", code == 0 and "is the baseline now" in err, f"{code} {err}")
        saved = json.loads(p.read(".brunt/baseline.json"))
        keys = ["scenario", "target_url", "rps_target", "rps_actual", "requests_total", "errors_total",
                "error_rate_pct", "p50_ms", "p95_ms", "p99_ms", "max_ms", "duration_secs"]
        check("with LoadPilot's figures", all(k in saved for k in keys) and saved["format"] == "brunt-results",
              list(saved))
        check("that are right", saved["target_url"] == target and saved["rps_target"] == 20
              and saved["errors_total"] * 2 == saved["requests_total"] > 10 and saved["error_rate_pct"] == 50
              and 0 < saved["p50_ms"] <= saved["p95_ms"] <= saved["p99_ms"] <= saved["max_ms"],
              {k: saved[k] for k in keys})
        code, _, err = p.run("--report", "r.md", "--results-json", "now.json", PASS="1", DURATION="1s")
        check("the next run is set beside it", f"baseline <code>{saved['run']['id']}" in p.read("r.md"), p.read("r.md"))
        now = json.loads(p.read("now.json"))
        check("--results-json has them too", list(now)[2:14] == keys and now["rps_target"] == 0, list(now))
        code, out, err = p.brunt("compare", "now.json", ".brunt/baseline.json")
        check("compare reads both files", code in (0, 1) and "p95" in out and "still running" not in out,
              f"{code} {out} {err}")
        code, out, err = p.brunt("publish", ".brunt/baseline.json", "-o", "null")
        check("publish reads such a file", code in (0, 115) and "belongs" not in err, f"{code} {out} {err}")


def browser(target):
    """The report as a browser shows it, from a file: no script of a name is run."""
    chromium = shutil.which("chromium") or shutil.which("chromium-browser") or shutil.which("google-chrome")
    if not chromium:
        print("skip browser: no chromium")
        return
    with Place(target) as p:
        p.run("--report", "r.html", DURATION="2s")
        done = subprocess.run(
            [chromium, "--headless", "--no-sandbox", "--disable-gpu", "--disable-dev-shm-usage",
             f"--user-data-dir={p.folder}/chromium", "--virtual-time-budget=10000", "--dump-dom",
             (p.folder / "r.html").as_uri()], text=True, capture_output=True, timeout=60, env=p.env)
        page = Page(done.stdout)
        check("the page is drawn", "reports.js" in done.stdout.split('id="app"')[-1].split("application/json")[0]
              and len(page.elements) > 50, done.stdout[-3000:] + done.stderr[-2000:])
        check("there are no scripts of others", len(page.all("script")) == 2, [e[1] for e in page.all("script")])


PARTS = {f.__name__: f for f in (forms, interrupted, trouble, baseline, browser)}


def main():
    target = subprocess.Popen([BRUNT, "target", "--listen", "127.0.0.1:0"], stdout=subprocess.PIPE, text=True)
    try:
        url = re.search(r"http://[\d.:]+", target.stdout.readline()).group(0)
        for name in sys.argv[2:] or PARTS:
            PARTS[name](url)
    finally:
        target.terminate()
        target.wait()
    finish()


main()
