#!/usr/bin/env python3
"""The run document of the real program, held against its schema and against the summary.

    tests/document/run_document.py BRUNT [stored] [thinned] [live]
"""
import json
import math
import os
import re
import subprocess
import sys
import tempfile
import time
import urllib.request
from pathlib import Path

try:
    import jsonschema
except ImportError:
    sys.exit("this test needs jsonschema; `tools/setup test` installs it (package python3-jsonschema)")

HERE = Path(__file__).resolve().parent
sys.path.insert(0, str(HERE.parent / "sinks"))
from servers import Target, check, finish  # noqa: E402

BRUNT = str(Path(sys.argv[1]).resolve())
SCRIPT = str(HERE / "document.js")
SCHEMA = json.loads((HERE.parent.parent / "docs/reference/run-document.schema.json").read_text())
POINTS = {"counter": ["sum"], "gauge": ["last", "min", "max"], "rate": ["trues", "total"],
          "trend": ["n", "sum", "min", "max", "p50", "p90", "p95", "p99"]}
TOTALS = {"counter": ["sum", "n"], "gauge": ["last", "min", "max", "n"], "rate": ["trues", "total"],
          "trend": ["n", "sum", "min", "max", "p50", "p90", "p95", "p99", "p999"]}


def strictly(schema):
    """The schema with nothing allowed that it does not name: what we write is all described."""
    if isinstance(schema, list):
        return [strictly(s) for s in schema]
    if not isinstance(schema, dict):
        return schema
    strict = {key: strictly(value) for key, value in schema.items()}
    if "properties" in strict and strict.get("type") in ("object", ["object", "null"]):
        strict.setdefault("additionalProperties", False)
    return strict


STRICT = strictly(SCHEMA)


def faults(value, part=None):
    """What a value has against the schema, or against one of its definitions."""
    schema = {"$ref": f"#/$defs/{part}", "$defs": STRICT["$defs"]} if part else STRICT
    errors = jsonschema.Draft202012Validator(schema).iter_errors(value)
    return [f"{'/'.join(map(str, e.absolute_path))}: {e.message[:200]}" for e in errors][:5]


def environment(folder, target):
    env = {k: v for k, v in os.environ.items() if not k.startswith(("BRUNT_", "K6_"))}
    env.update(HOME=folder, XDG_DATA_HOME=folder, BASE_URL=target.url, SUMMARY=f"{folder}/summary.json")
    return env


def run(folder, target, *more):
    """Runs the script; gives the documents that were asked for and the summary's metrics."""
    done = subprocess.run([BRUNT, "run", "--quiet", *more, SCRIPT], env=environment(folder, target), text=True,
                          capture_output=True, timeout=60, cwd=folder)
    check("the run ends well", done.returncode == 0, f"{done.returncode}: {done.stderr[-600:]}")
    return json.loads(Path(folder, "summary.json").read_text())["metrics"]


def read(folder, name):
    """A document, which has to be what any reader of JSON takes."""
    def no_constant(name):
        raise ValueError(name)
    return json.loads(Path(folder, name).read_bytes().decode("utf-8"), parse_constant=no_constant)


def entries_of(doc, by="", metric=None):
    return [e for e in doc["entries"] if e["by"] == by and metric in (None, e["metric"])]


def columns(doc, entry):
    return dict(zip(TOTALS[doc["metrics"][entry["metric"]]["type"]], entry["total"]))


# ---- what holds for every document ----

def check_shape(doc):
    check("the document is what its schema says", not faults(doc), faults(doc))
    n = len(doc["timeline"]["t"])
    t = doc["timeline"]["t"]
    wrong = [e["metric"] for e in doc["entries"] if e["metric"] not in doc["metrics"]]
    check("every entry's metric is described", not wrong, wrong)
    wrong = [(e["metric"], e["by"]) for e in doc["entries"]
             if len(e["total"]) != len(TOTALS[doc["metrics"][e["metric"]]["type"]])]
    check("totals have the columns of their type", not wrong, wrong)
    wrong = [(e["metric"], e["by"]) for e in doc["entries"] if "points" in e and
             [len(c) for c in e["points"]] != [n] * len(POINTS[doc["metrics"][e["metric"]]["type"]])]
    check("points have the columns of their type and an element a step", not wrong, wrong)
    check("heat has a row a step", all(len(h["rows"]) == n for h in doc["heat"]))
    check("steps follow one another", all(a < b for a, b in zip(t, t[1:])), t)
    keys = [(e["metric"], e["by"], e.get("name"), tuple(sorted(e["tags"].items()))) for e in doc["entries"]]
    check("no entry is there twice", len(keys) == len(set(keys)))


def sums(column):
    return sum(v for v in column if v is not None)


def check_sums(doc):
    """Points add up to totals: counts exactly."""
    wrong = []
    for e in doc["entries"]:
        kind = doc["metrics"][e["metric"]]["type"]
        if "points" not in e or kind == "gauge":
            continue
        whole = [i for i, name in enumerate(POINTS[kind]) if name in ("n", "trues", "total")]
        wrong += [(e["metric"], e["by"], e["tags"], i) for i in whole if sums(e["points"][i]) != e["total"][i]]
        if kind == "counter" and not math.isclose(sums(e["points"][0]), e["total"][0], rel_tol=1e-3):
            wrong.append((e["metric"], e["by"], "sum"))
    check("points add up to totals", not wrong, wrong[:5])
    for h in doc["heat"]:
        n = sum(sum(row[1::2]) for row in h["rows"])
        check(f"the heat of {h['metric']} has every sample", n == columns(doc, entries_of(doc, "", h["metric"])[0])["n"], n)


def check_dimensions(doc):
    """What is shown by tags adds up to the whole."""
    for metric, by in (("http_reqs", "endpoint"), ("http_reqs", "status"), ("http_reqs", "scenario"),
                       ("http_reqs", "endpoint_status"), ("http_req_duration", "endpoint"), ("checks", "check"),
                       ("iterations", "scenario"), ("basket_size", "series")):
        whole = columns(doc, entries_of(doc, "", metric)[0])
        parts = [columns(doc, e) for e in entries_of(doc, by, metric)]
        key = "total" if "total" in whole else "n"
        check(f"{metric} by {by} adds up", parts and sum(p[key] for p in parts) == whole[key],
              f"{[p[key] for p in parts]} {whole[key]}")
    groups = {e["tags"]["group"] for e in entries_of(doc, "group", "group_duration")}
    check("groups are there", groups == {"::front", "::front::inner"}, groups)
    errors = {e["tags"]["error_code"] for e in entries_of(doc, "error")}
    check("errors are there by code", errors == {"1212", "1500", "1501", "1502"}, errors)
    check("no points where they are not promised", not any("points" in e for e in entries_of(doc, "endpoint_status")))


def same(a, b):
    return math.isclose(a, b, rel_tol=1e-12, abs_tol=1e-12)


def check_summary(doc, summary):
    """Every number that both have is the same number."""
    names = {"counter": {"count": "sum"}, "gauge": {"value": "last", "min": "min", "max": "max"},
             "rate": {"passes": "trues"},
             "trend": {"count": "n", "min": "min", "max": "max", "med": "p50", "p(90)": "p90", "p(95)": "p95",
                       "p(99)": "p99", "p(99.9)": "p999"}}
    by_name = {e.get("name", e["metric"]): columns(doc, e) for e in entries_of(doc) + entries_of(doc, "submetric")}
    compared, wrong = 0, []
    for name, metric in summary.items():
        if name not in by_name:
            if any(metric["values"].get(k) for k in ("count", "passes", "fails")):
                wrong.append((name, "is not in the document"))
            continue
        for theirs, ours in names[metric["type"]].items():
            compared += 1
            if not same(metric["values"][theirs], by_name[name][ours]):
                wrong.append((name, theirs, metric["values"][theirs], by_name[name][ours]))
        if metric["type"] == "rate" and metric["values"]["passes"] + metric["values"]["fails"] != by_name[name]["total"]:
            wrong.append((name, "total"))
        if metric["type"] == "trend" and not same(metric["values"]["avg"] * by_name[name]["n"], by_name[name]["sum"]):
            wrong.append((name, "avg"))
    check(f"the summary's {compared} numbers are the document's", compared > 100 and not wrong, wrong[:8])


# ---- parts ----

def stored(target):
    """The document of a run that is over."""
    with tempfile.TemporaryDirectory(prefix="brunt-test-") as folder:
        summary = run(folder, target, "--report", "doc.json", "--tag", "team=sh\"op", "--capture", "3")
        doc = read(folder, "doc.json")
    check_shape(doc)
    check_sums(doc)
    check_dimensions(doc)
    check_summary(doc, summary)
    check("the run is over", doc["run"]["state"] == "finished" and doc["run"]["exit_code"] == 0, doc["run"]["state"])
    check("its tags are there", doc["run"]["tags"] == {"team": "sh\"op"}, doc["run"]["tags"])
    check("all thresholds are there", len(doc["run"]["thresholds"]) == 5, doc["run"]["thresholds"])
    names = {e["tags"].get("name") for e in entries_of(doc, "endpoint", "http_reqs")}
    evil = ["</script><script>alert(1)</script>", "\"quoted\" \\ back", "a\0b", "\u2028\u2029", "🦆", "\x1b[31m", "__proto__"]
    check("hostile names come through", set(evil) <= names, [n for n in evil if n not in names])
    check("an exchange has its HAR entry", doc["exchanges"] and all("request" in e["har"] for e in doc["exchanges"]))
    check("the script's text is there", "hostile" not in doc.get("script_text", "") and "handleSummary" in doc["script_text"])


def serve(folder, target, store):
    """`brunt ui` over a store: the process and its address."""
    proc = subprocess.Popen([BRUNT, "ui", "--store", store, "--listen", "127.0.0.1:0"], env=environment(folder, target),
                            stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)
    for line in proc.stdout:
        found = re.search(r"http://[\d.]+:\d+", line)
        if found:
            return proc, found.group(0)
    sys.exit("brunt ui did not say where it serves")


def get(url):
    with urllib.request.urlopen(url, timeout=20) as answer:
        return json.loads(answer.read())


def thinned(target):
    """Fewer steps have the same totals, and percentiles that are not averages of percentiles."""
    with tempfile.TemporaryDirectory(prefix="brunt-test-") as folder:
        summary = run(folder, target, "--store", f"{folder}/runs.db")
        proc, url = serve(folder, target, f"{folder}/runs.db")
        try:
            whole, two, one = (get(f"{url}/api/runs/latest?steps={n}") for n in (600, 2, 1))
        finally:
            proc.terminate()
            proc.wait(10)
    for doc in (whole, two, one):
        check_shape(doc)
        check_sums(doc)
        check_summary(doc, summary)
    check("there are as many steps as were asked for", [len(d["timeline"]["t"]) for d in (two, one)] == [2, 1])
    check("they end where the run ended", len({d["timeline"]["t"][-1] for d in (whole, two, one)}) == 1)
    check("they have all ticks", len({d["timeline"]["seq"] for d in (whole, two, one)}) == 1)
    wrong = []
    for e in one["entries"]:
        kind = one["metrics"][e["metric"]]["type"]
        if kind == "trend" and "points" in e:
            wrong += [(e["metric"], i) for i in range(8)
                      if not math.isclose(e["points"][i][0], e["total"][i], rel_tol=6e-4, abs_tol=1e-12)]
    check("a run in one step has its totals' percentiles", not wrong, wrong[:5])


class Stream:
    """Server-sent events, one after the other."""

    def __init__(self, url):
        self.answer = urllib.request.urlopen(url, timeout=20)

    def __iter__(self):
        event, data = "", []
        for line in self.answer:
            line = line.decode("utf-8").rstrip("\n")
            if line.startswith("event: "):
                event = line[7:]
            elif line.startswith("data: "):
                data.append(line[6:])
            elif not line and data:
                yield event, json.loads("\n".join(data))
                event, data = "", []


class Page:
    """What the page does with the stream: entries by id, their points in order and their totals."""

    def __init__(self):
        self.entries, self.metrics, self.frames, self.totals, self.counts = {}, {}, [], {}, {}

    def add(self, event):
        self.metrics.update(event.get("metrics", {}))
        for e in event.get("add", ()):
            check_once = self.entries.setdefault(e["id"], e)
            if check_once is not e:
                check("an entry is told once", False, e)

    def frame(self, frame):
        self.add(frame)
        self.frames.append(frame)
        for row in frame["totals"]:
            self.totals[row[0]] = row[1:]
        for row in frame["points"]:
            self.counts.setdefault(row[0], []).append((frame["seq"], row[1:]))


def key_of(entry):
    return entry["metric"], entry["by"], entry.get("name"), tuple(sorted(entry["tags"].items()))


def check_live(page, during, after):
    wrong = [f for frame in page.frames for f in faults(frame, "frame")]
    check("frames are what the schema says", not wrong, wrong[:5])
    seqs = [f["seq"] for f in page.frames]
    check("no tick is missing", seqs == list(range(seqs[0], seqs[0] + len(seqs))), seqs)
    check_shape(during)
    seq, t = during["timeline"]["seq"], during["timeline"]["t"]
    later = [f for f in page.frames if f["seq"] > seq]
    check("the document and frames meet", seq >= seqs[0] and later and later[0]["seq"] == seq + 1, f"{seq} {seqs}")
    check("frames go on where it ended", math.isclose(later[0]["t"] - later[0]["dt"], t[-1], abs_tol=0.002),
          f"{t[-1]} {later[0]['t']} {later[0]['dt']}")
    so_far = {key_of(e): e for e in during["entries"]}
    final = {key_of(e): e for e in after["entries"]}
    wrong = []
    for number, entry in page.entries.items():
        kind = page.metrics[entry["metric"]]["type"]
        if number not in page.totals or key_of(entry) not in final or kind == "gauge":
            continue
        column = 0 if kind != "rate" else 1
        known = so_far[key_of(entry)]["total"][column] if key_of(entry) in so_far else 0
        rest = sum(row[column] for s, row in page.counts.get(number, ()) if s > seq)
        if entry["by"] != "endpoint_status" and not math.isclose(known + rest, page.totals[number][column], rel_tol=1e-3):
            wrong.append((key_of(entry), known, rest, page.totals[number][column]))
    check("the document and the frames after it add up to the totals", not wrong, wrong[:5])
    wrong = [(k, e["total"], page.totals[n]) for n, e0 in page.entries.items() for k in [key_of(e0)] if k in final
             for e in [final[k]] if not all(math.isclose(a, b, rel_tol=1e-8) for a, b in zip(e["total"], page.totals[n]))]
    check("the last totals are those of the final document", not wrong, wrong[:5])
    check("the page knows every entry", set(final) <= {key_of(e) for e in page.entries.values()},
          [k for k in final if k not in {key_of(e) for e in page.entries.values()}][:5])


def live(target):
    """A page that joins a running test: the document so far, then frames, to the end."""
    page, during = Page(), None
    with tempfile.TemporaryDirectory(prefix="brunt-test-") as folder:
        log = open(f"{folder}/log", "w+")
        proc = subprocess.Popen([BRUNT, "run", "--ui=127.0.0.1:0", "--store", f"{folder}/runs.db", SCRIPT],
                                env=environment(folder, target), stdout=log, stderr=log, cwd=folder)
        url, end = None, time.monotonic() + 10
        while not url and time.monotonic() < end:
            found = re.search(r"http://127\.0\.0\.1:\d+", Path(log.name).read_text())
            url = found and found.group(0)
            time.sleep(0.02)
        if not url:
            sys.exit("the page's address was not told: " + Path(log.name).read_text()[-500:])
        for event, data in Stream(f"{url}/api/live/events"):
            if event == "end":
                break
            if event == "entries":
                check("the entries are what the schema says", not faults(data, "entries_event"), faults(data, "entries_event"))
                page.add(data)
            elif event == "frame":
                page.frame(data)
                if len(page.frames) == 2:
                    during = get(f"{url}/api/runs/latest")
                    check("the run is under way", during["run"]["state"] == "running", during["run"]["state"])
        proc.wait(30)
        proc2, url = serve(folder, target, f"{folder}/runs.db")
        try:
            after = get(f"{url}/api/runs/latest")
        finally:
            proc2.terminate()
            proc2.wait(10)
    check_live(page, during, after)


with Target(BRUNT) as server:
    for part in sys.argv[2:] or ["stored", "thinned", "live"]:
        print(f"-- {part}", flush=True)
        {"stored": stored, "thinned": thinned, "live": live}[part](server)
finish()
