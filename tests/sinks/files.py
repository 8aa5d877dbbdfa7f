#!/usr/bin/env python3
"""json and csv files hold what was measured, to the last sample, in k6's formats: tests/sinks/files.py BRUNT

The formats are compared with those of the real k6: with its shape in k6_files.json, recorded by
`files.py --record K6 BRUNT`, and with k6 itself when `--k6 K6` names it. Values differ from run to run; metrics,
thresholds, columns, tags and the number of samples do not.
"""
import argparse
import collections
import csv
import datetime
import gzip
import io
import json
import os
import re
import resource
import subprocess
import sys
import tempfile
import time
from pathlib import Path

HERE = Path(__file__).resolve().parent
SHAPE = HERE / "k6_files.json"
OURS = re.compile(r"generator_|sink_|iteration_lag$|.*_response_time$")  # metrics that k6 does not have
INCOMPLETE = 115
failures = 0


def check(name, truth, detail=""):
    global failures
    failures += not truth
    print(f"{'ok  ' if truth else 'FAIL'} {name}{'' if truth else f': {detail}'}", flush=True)


class Target:
    """`brunt target` on a free port, ended by its process id."""

    def __init__(self, brunt):
        self.proc = subprocess.Popen([brunt, "target", "--listen", "127.0.0.1:0"], stdout=subprocess.PIPE, text=True)
        self.url = re.search(r"http://[\d.:]+", self.proc.stdout.readline()).group(0)

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.proc.terminate()
        self.proc.wait()


def run(tool, target, folder, outs, script=HERE / "files.js", more=(), **kwargs):
    """Runs one tool; gives (exit code, output, metrics of its summary)."""
    summary = Path(folder) / "summary.json"
    command = [tool, "run", "--quiet", *more, *(part for out in outs for part in ("-o", out)), str(script)]
    env = {**os.environ, "BASE_URL": target.url, "SUMMARY": str(summary), "K6_NO_USAGE_REPORT": "true", "TZ": "Asia/Tokyo"}
    done = subprocess.run([*command, "--summary-trend-stats", "count,avg"], env=env, text=True, capture_output=True,
                          timeout=60, **kwargs)
    metrics = json.loads(summary.read_text()) if summary.exists() else {}
    summary.unlink(missing_ok=True)
    return done.returncode, done.stdout + done.stderr, metrics


# ---- reading ----

def open_text(path):
    return gzip.open(path, "rt", newline="") if str(path).endswith(".gz") else open(path, newline="")


def read_json(path):
    """Metric lines by name, and points; a metric's line comes before its first point, once."""
    metrics, points = {}, []
    with open_text(path) as lines:
        for line in lines:
            row = json.loads(line)
            if row["type"] == "Metric":
                assert row["metric"] == row["data"]["name"] not in metrics, line
                metrics[row["metric"]] = row["data"]
            else:
                assert row["metric"] in metrics, line
                assert list(row) == ["metric", "type", "data"], line
                assert list(row["data"]) in (["time", "value", "tags"], ["time", "value", "tags", "metadata"]), line
                assert sorted(row["data"].get("metadata", {})) == list(row["data"].get("metadata", {})), line
                assert list(row["data"]["tags"]) == sorted(row["data"]["tags"]), line
                points.append(row)
    return metrics, points


def read_csv(path):
    with open_text(path) as lines:
        rows = csv.reader(lines)
        return next(rows), list(rows)


def samples_of(metric):
    """How many samples a metric of the summary has; None: a counter or gauge does not say."""
    values = metric["values"]
    return {"trend": values.get("count"), "rate": values.get("passes", 0) + values.get("fails", 0)}.get(metric["type"])


# ---- the shape of files: what is the same in each run ----

def clean(text, target):
    return text.replace(target.url, "BASE")


def whose(tags, metadata):
    """Which users serve is a matter of chance; so is the iteration of the second scenario, which takes one of the first's."""
    late = tags.get("scenario") == "late"
    return {k: "#" if k == "vu" or (k == "iter" and late) else v for k, v in metadata.items()}


def csv_whose(late, metadata):
    return "".join(sorted(re.sub(r"(vu|iter)=\d+" if late else r"(vu)=\d+", r"\1=#", metadata)))


def csv_extra(text, target):
    """k=v pairs are not escaped, so their order alone is what can be taken away: sorted bytes."""
    return "".join(sorted(clean(text, target)))


def shape(folder, target, json_path, csv_path):
    metrics, points = read_json(json_path)
    header, rows = read_csv(csv_path)
    ours = OURS.match
    in_json = collections.Counter(json.dumps([
        p["metric"], json.loads(clean(json.dumps(p["data"]["tags"]), target)),
        whose(p["data"]["tags"], p["data"].get("metadata", {}))], ensure_ascii=False) for p in points if not ours(p["metric"]))
    at = header.index("scenario")
    in_csv = collections.Counter(json.dumps([
        r[0], *(clean(c, target) for c in r[3:-2]), csv_extra(r[-2], target),
        csv_whose(r[at] == "late", r[-1])], ensure_ascii=False) for r in rows if not ours(r[0]))
    for name in metrics:
        if metrics[name]["submetrics"]:
            metrics[name]["submetrics"].sort(key=lambda s: s["name"])
    return {"metrics": {n: metrics[n] for n in sorted(metrics) if not ours(n)}, "header": header,
            "json": dict(sorted(in_json.items())), "csv": dict(sorted(in_csv.items()))}


def record(tool, target, folder):
    paths = [Path(folder) / "k6.json", Path(folder) / "k6.csv"]
    code, out, _ = run(tool, target, folder, [f"json={paths[0]}", f"csv={paths[1]}"])
    if code != 0:
        sys.exit(f"{tool} ended with {code}:\n{out}")
    return shape(folder, target, *paths)


def differences(ours, theirs):
    """Users are counted once a second, so how often is a matter of chance: that they are is not."""
    found = []
    for part in ("metrics", "json", "csv"):
        for key in sorted({*ours[part], *theirs[part]}):
            a, b = ours[part].get(key), theirs[part].get(key)
            if part != "metrics" and json.loads(key)[0] in ("vus", "vus_max"):
                a, b = bool(a), bool(b)
            if a != b:
                found.append(f"{part} {key}: brunt {a}, k6 {b}")
    if ours["header"] != theirs["header"]:
        found.append(f"header: brunt {ours['header']}, k6 {theirs['header']}")
    return found


# ---- the tests ----

def test_formats(opts, target, folder):
    plain = [Path(folder) / "b.json", Path(folder) / "b.csv"]
    packed = [Path(folder) / "b.json.gz", Path(folder) / "b.csv.gz"]
    before = time.time()
    code, out, summary = run(opts.brunt, target, folder, [f"json={plain[0]}", f"csv={plain[1]}?time_format=rfc3339_nano",
                                                          f"json={packed[0]}", f"csv=fileName={packed[1]},timeFormat=unix_nano"])
    after = time.time()
    check("brunt writes four files at once", code == 0, out)
    ours = shape(folder, target, *plain)
    for name, theirs in [("recorded", json.loads(SHAPE.read_text()))] + \
            ([("running", record(opts.k6, target, folder))] if opts.k6 else []):
        found = differences(ours, theirs)
        check(f"metrics, tags and counts are those of the {name} k6", not found, "\n  " + "\n  ".join(found[:20]))
    check("gzip has the same", shape(folder, target, *packed) == ours)
    test_values(plain, packed, summary, before, after)


def test_values(plain, packed, summary, before, after):
    metrics, points = read_json(plain[0])
    _, rows = read_csv(plain[1])
    _, nano = read_csv(packed[1])
    text = Path(plain[0]).read_text()
    check("json escapes nothing that needs none", 'a<b&\\"c\\", d' in text and '"ключ":"значение\\n✓"' in text)
    values = {name: sorted({p["data"]["value"] for p in points if p["metric"] == name}) for name in ("depth", "waits")}
    check("values come as they were given", values == {"depth": [-1e-7, 1e21], "waits": [0.1 + 0.2]}, values)
    times = [datetime.datetime.fromisoformat(re.sub(r"(\.\d{6})\d*", r"\1", p["data"]["time"])).timestamp() for p in points]
    check("times are within the run", before - 0.01 < min(times) and max(times) < after + 0.01, (min(times), max(times)))
    check("times have the local offset", all(p["data"]["time"].endswith("+09:00") for p in points))
    check("json and csv tell the same times", [p["data"]["time"] for p in points] == [r[1] for r in rows])
    check("time formats tell the same times", all(abs(int(r[1]) / 1e9 - t) < 2e-6 for r, t in zip(nano, times)))
    check("csv has six decimals", all(re.fullmatch(r"-?\d+\.\d{6}", r[2]) for r in rows))
    check_summary("json", summary, collections.Counter(p["metric"] for p in points),
                  sums((p["metric"], p["data"]["value"]) for p in points))
    check_summary("csv", summary, collections.Counter(r[0] for r in rows), sums((r[0], float(r[2])) for r in rows))


def sums(pairs):
    total = collections.defaultdict(float)
    for name, value in pairs:
        total[name] += value
    return total


def check_summary(kind, summary, counts, totals):
    """Counters by their sum, everything else by the number of samples."""
    wrong = []
    for name, metric in summary.items():
        if "{" in name or name.startswith("generator_"):
            continue
        n = samples_of(metric)
        if n is not None and n != counts[name]:
            wrong.append(f"{name}: {counts[name]} samples, summary {n}")
        if metric["type"] == "counter" and abs(metric["values"]["count"] - totals[name]) > 1e-6 * max(1, totals[name]):
            wrong.append(f"{name}: sum {totals[name]}, summary {metric['values']['count']}")
    check(f"{kind} has what the summary counts, to the last one", not wrong and len(summary) > 15, wrong)


FAST = """
import http from 'k6/http';
import { check } from 'k6';
export const options = { vus: 20, duration: '2s' };
export default function () { check(http.get(`${__ENV.BASE_URL}/fast`), { ok: (r) => r.status === 200 }); }
export function handleSummary(data) { return { [__ENV.SUMMARY]: JSON.stringify(data.metrics), stdout: 'the end' }; }
"""


def accounts(out):
    """What the summary says of outputs: label to (points, delivered, lost)."""
    return {m[1]: tuple(int((g or "0").replace(",", "")) for g in m.group(2, 3, 5)) for m in re.finditer(
        r"[✓✗] (\S+) +([\d,]+) points: ([\d,]+) delivered(, [\d,]+ waiting)?(?:, ([\d,]+) lost)?", out)}


def test_full_speed(opts, target, folder, script):
    paths = [Path(folder) / "fast.json.gz", Path(folder) / "fast.csv"]
    code, out, summary = run(opts.brunt, target, folder, [f"json={paths[0]}", f"csv={paths[1]}"], script,
                             ["--summary-export", f"{folder}/export.json"])
    lines = sum('"type":"Point"' in line for line in open_text(paths[0]))
    rows = sum(1 for _ in open(paths[1])) - 1
    requests = summary["http_reqs"]["values"]["count"]
    check(f"at full speed ({requests} requests) both files have the same", lines == rows, f"{lines} != {rows}")
    with open_text(paths[1]) as text:
        counted = collections.Counter(row[0] for row in csv.reader(text))
    if code == 0:
        check("and nothing is missing", counted["http_reqs"] == requests == counted["checks"], counted)
    else:
        # A machine too busy to write all of it says how much it lost.
        check("and what is missing is confessed", code == INCOMPLETE and "samples were lost" in out, out[-2000:])


def small_files():
    resource.setrlimit(resource.RLIMIT_FSIZE, (400_000, resource.getrlimit(resource.RLIMIT_FSIZE)[1]))


def test_full_disk(opts, target, folder, script):
    path = Path(folder) / "small.json"
    code, out, summary = run(opts.brunt, target, folder, ["json=/dev/full", f"json={path}"], script,
                             preexec_fn=small_files)
    check("a full device ends with its own code", code == INCOMPLETE, f"{code}: {out[-2000:]}")
    check("and one sentence", out.count("cannot write '/dev/full'") == 1 and "No space left" in out, out[-2000:])
    check("a file at its limit too", out.count(f"cannot write '{path}'") == 1 and "too large" in out, out[-2000:])
    check("the load goes on", summary.get("iterations", {}).get("values", {}).get("count", 0) > 100, summary)
    text = path.read_text()
    check("the file ends with a whole line", text.endswith("}\n") and path.stat().st_size <= 400_000)
    points = [json.loads(line) for line in text.splitlines() if '"Point"' in line]
    check("and has samples", len(points) > 100)


def test_accounts(opts, target, folder, script):
    """The default summary has the accounts: produced is delivered and lost."""
    path = Path(folder) / "small.json"
    plain = Path(folder) / "plain.js"
    plain.write_text(FAST.split("export function handleSummary")[0])
    _, out, _ = run(opts.brunt, target, folder, ["json=/dev/full", f"json={path}", "null?samples"], plain,
                    preexec_fn=small_files)
    found = accounts(out)
    check("three accounts", sorted(found) == ["json", "json-2", "null"], out[-1500:])
    check("each adds up", all(p == d + l for p, d, l in found.values()), found)
    points = sum('"Point"' in line for line in path.read_text().splitlines())
    check("the file has what the account says", points == found["json-2"][1], (points, found))
    check("nothing of the full device", found["json"][1] == 0 and found["json"][2] > 1000, found)


def test_reader_leaves(opts, target, folder, script):
    summary = Path(folder) / "summary.json"
    env = {**os.environ, "BASE_URL": target.url, "SUMMARY": str(summary)}
    proc = subprocess.Popen([opts.brunt, "run", "--quiet", "-o", "json", str(script)], env=env, text=True,
                            stdout=subprocess.PIPE, stderr=subprocess.PIPE)
    first = proc.stdout.readline()
    proc.stdout.close()
    error = proc.stderr.read()
    proc.wait(30)
    check("json goes to standard output", '"type":"Metric"' in first, first)
    check("a reader that leaves is told of once", error.count("nobody reads it any more") == 1, error[-1000:])
    check("and disturbs nothing else", json.loads(summary.read_text())["iterations"]["values"]["count"] > 100)
    check("but is no success", proc.returncode == INCOMPLETE, proc.returncode)


def test_bad_words(opts, target, folder):
    for out, words in (("json=/nonexistent/a", "cannot create '/nonexistent/a': No such file or directory"),
                       ("csv=foo=1", 'there is no "foo"; there are fileName, timeFormat and saveInterval'),
                       ("csv=x?time_format=bogus", 'there is no time format "bogus"'),
                       ("json=x?flush=soon", '"soon" is no time such as 5s'),
                       ("null=x", "output null takes nothing behind the =")):
        code, text, _ = run(opts.brunt, target, folder, [out], cwd=folder)
        check(f"{out} is refused", code == 104 and words in text.replace('\\"', '"') and text.count("level=error") == 1, f"{code}: {text}")


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("brunt")
    parser.add_argument("--k6", help="compare with this k6 as well")
    parser.add_argument("--record", metavar="K6", help="write k6_files.json and end")
    opts = parser.parse_args()
    opts.brunt = os.path.abspath(opts.brunt)
    with tempfile.TemporaryDirectory() as folder, Target(opts.brunt) as target:
        if opts.record:
            SHAPE.write_text(json.dumps(record(opts.record, target, folder), indent=1, ensure_ascii=False) + "\n")
            return
        script = Path(folder) / "fast.js"
        script.write_text(FAST)
        test_formats(opts, target, folder)
        test_full_speed(opts, target, folder, script)
        test_full_disk(opts, target, folder, script)
        test_accounts(opts, target, folder, script)
        test_reader_leaves(opts, target, folder, script)
        test_bad_words(opts, target, folder)
    sys.exit(f"{failures} failed" if failures else 0)


if __name__ == "__main__":
    main()
