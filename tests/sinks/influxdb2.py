#!/usr/bin/env python3
"""InfluxDB 2 has what the summary says, and answers what Flux dashboards ask: tests/sinks/influxdb2.py BRUNT INFLUXD

Not a part of the usual suite, because Debian has no InfluxDB 2; with BRUNT_TEST_INFLUXD2=/path/to/influxd in the environment
`ctest -R sink_influxdb2` runs it. A binary comes from influxdata.com (version 2.7 is what this was written with).
With --table the result of every panel is printed too.
"""
import math
import os
import re
import sys
import time

from influx2 import BUCKET, ORG, TOKEN, Influx2
from servers import HERE, INCOMPLETE, Target, check, finish, run

SKIPPED = 77
COUNTERS = ("http_reqs", "iterations", "data_sent", "data_received", "orders", "bytes")
RATES = ("checks", "http_req_failed", "hits")
TRENDS = ("http_req_duration", "http_req_waiting", "iteration_duration", "group_duration", "waits")
TABLE = "--table" in sys.argv


def compare(name, got, want, share=1e-9):
    wrong = {k: (got.get(k), v) for k, v in want.items()
             if got.get(k) is None or not math.isclose(got[k], v, rel_tol=share, abs_tol=1e-9)}
    check(name, want and not wrong, wrong)


def one(influx, bucket, metric, function, field="value", where=""):
    rows = influx.flux(f'from(bucket: "{bucket}") |> range(start: -1h) |> filter(fn: (r) => r._measurement == "{metric}" '
                       f'and r._field == "{field}"{where}) |> group() |> {function}()')
    return rows[0]["_value"] if rows else None


def of(summary, metrics, stat):
    return {m: summary[m]["values"][stat] for m in metrics}


def out(influx, bucket, more="", kind="xk6-influxdb"):
    return f"{kind}={influx.url}/{bucket}?organization={ORG}&token=env:TOKEN{more}"


def run_into(brunt, target, outs, **kwargs):
    return run(brunt, target, outs, env={"TOKEN": TOKEN}, **kwargs)


# ---- every sample, or sums ----

def check_all(influx, bucket, summary, what):
    compare(f"{what}: sums of counters", {m: one(influx, bucket, m, "sum") for m in COUNTERS},
            of(summary, COUNTERS, "count"))
    compare(f"{what}: trues of rates", {m: one(influx, bucket, m, "sum") for m in RATES}, of(summary, RATES, "passes"))
    compare(f"{what}: means of rates", {m: one(influx, bucket, m, "mean") for m in RATES}, of(summary, RATES, "rate"))
    compare(f"{what}: samples of trends", {m: one(influx, bucket, m, "count") for m in TRENDS},
            of(summary, TRENDS, "count"))
    for function, stat in (("mean", "avg"), ("max", "max"), ("min", "min")):
        compare(f"{what}: {stat} of trends", {m: one(influx, bucket, m, function) for m in TRENDS},
                of(summary, TRENDS, stat), 1e-6)


def check_sums(influx, bucket, summary):
    what = "samples=aggregate"
    compare(f"{what}: sums of counters", {m: one(influx, bucket, m, "sum") for m in COUNTERS},
            of(summary, COUNTERS, "count"))
    compare(f"{what}: trues of rates", {m: one(influx, bucket, m, "sum", "sum") for m in RATES},
            of(summary, RATES, "passes"))
    compare(f"{what}: samples of trends", {m: one(influx, bucket, m, "sum", "count") for m in TRENDS},
            of(summary, TRENDS, "count"))
    compare(f"{what}: max of trends", {m: one(influx, bucket, m, "max", "max") for m in TRENDS}, of(summary, TRENDS, "max"))


def check_shape(influx, bucket, summary):
    keys = influx.flux('import "influxdata/influxdb/schema" '
                       f'schema.measurementTagKeys(bucket: "{bucket}", measurement: "http_reqs")')
    tags = {row["_value"] for row in keys}
    check("samples=all: url is no tag", "name" in tags and "url" not in tags, tags)
    keys = influx.flux('import "influxdata/influxdb/schema" '
                       f'schema.measurementFieldKeys(bucket: "{bucket}", measurement: "http_reqs")')
    fields = {row["_value"] for row in keys}
    check("samples=all: it is a field", fields == {"value", "url"}, fields)
    odd = influx.flux(f'import "influxdata/influxdb/schema" schema.tagValues(bucket: "{bucket}", tag: "extra")')
    check("samples=all: commas and quotes in tags", [r["_value"] for r in odd] == ['e,"=&v'], odd)
    good = one(influx, bucket, "http_reqs", "sum", where=' and r.status == "200"')
    check("samples=all: narrowed by a tag", good == summary["http_reqs{status:200}"]["values"]["count"], good)


def test_writes(brunt, influx, target):
    """Every way of writing at once, each into a bucket of its own."""
    buckets = ("plain", "coarse", "sums", "named", "with space/and slash")
    for bucket in buckets:
        influx.create_bucket(bucket)
    named = f"influxdb={influx.url}?organization={ORG}&bucket=named&token=env:TOKEN"
    code, output, summary = run_into(brunt, target, [
        out(influx, BUCKET), out(influx, "plain", "&gzip=false"), out(influx, "coarse", "&precision=1s"),
        out(influx, "sums", "&samples=aggregate"), named, out(influx, "with space/and slash")])
    check("exit code", code == 0, (code, output))
    check_all(influx, BUCKET, summary, "samples=all")
    check_shape(influx, BUCKET, summary)
    check_all(influx, "plain", summary, "gzip=false")
    check_all(influx, "coarse", summary, "precision=1s")
    check_all(influx, "named", summary, "influxdb= with bucket and token")
    check_all(influx, "with space/and slash", summary, "a bucket with a slash in its name")
    check_sums(influx, "sums", summary)


def test_version_1(brunt, influx, target):
    """The paths of version 1, which InfluxDB 2 has too, to a bucket of the database's name."""
    influx.create_bucket("old")
    where = f"influxdb={influx.url}/old?version=1&username=tester&password=env:TOKEN"
    code, output, summary = run_into(brunt, target, [where])
    check("version=1: exit code", code == 0, (code, output))
    check_all(influx, "old", summary, "version=1")


# ---- refusals ----

def test_refusals(brunt, influx, target):
    look = "not found; check organisation and bucket"
    for what, where, sentence in (
            ("wrong token", f"{BUCKET}?organization={ORG}&token=nonsense",
             "status 401: unauthorized access; check user and password, or token"),
            ("no such bucket", f"nowhere?organization={ORG}&token=env:TOKEN", rf'bucket \"nowhere\" {look}'),
            ("no such organisation", f"{BUCKET}?organization=nobody&token=env:TOKEN",
             rf'organization name \"nobody\" {look}')):
        code, output, _ = run_into(brunt, target, [f"xk6-influxdb={influx.url}/{where}"], more=["--drain-timeout", "1s"])
        check(f"{what}: exit code", code == INCOMPLETE, (code, output))
        check(f"{what}: the sentence", sentence in output, output)
        check(f"{what}: no token is shown", "nonsense" not in output and TOKEN not in output, output)


def test_conflict(brunt, influx, target):
    """A field of another type: its points are refused and counted, all others are there."""
    influx.create_bucket("conflict")
    influx.write("conflict", f'orders,a=b value="a text" {time.time_ns()}')
    code, output, summary = run_into(brunt, target, [out(influx, "conflict")])
    check("partial write: exit code", code == INCOMPLETE, (code, output))
    check("partial write: the sentence", "field type conflict" in output, output)
    others = [m for m in COUNTERS if m != "orders"]
    compare("partial write: everything else is there", {m: one(influx, "conflict", m, "sum") for m in others},
            of(summary, others, "count"))


# ---- panels ----

SHORT = {
    "P": 'from(bucket: "loadtests")␊  |> range(start: v.timeRangeStart, stop: v.timeRangeStop)',
    "B": 'from(bucket: v.defaultBucket)␊  |> range(start: v.timeRangeStart, stop: v.timeRangeStop)',
    "M": '␊  |> filter(fn: (r) => r["_measurement"] == "{0}")',
    "F": '␊  |> filter(fn: (r) => r["_field"] == "{0}")',
    "T": '␊  |> filter(fn: (r) => r["testid"] =~ /${{testid:regex}}/)',
    "W": '␊  |> aggregateWindow(every: v.windowPeriod, fn: {0}, createEmpty: false)',
    "Q": '␊  |> quantile(q: {0}, method: "exact_mean")',
    "WQ": '␊  |> aggregateWindow(every: v.windowPeriod, fn: (tables=<-, column) => ␊      tables ␊        |> quantile(q: {0},'
          ' column: column, method: "exact_mean"), ␊      createEmpty: false)␊  |> set(key: "_field", value: "{1}")',
}
SHORT_USE = re.compile(r"\{(\w+)((?: [\w.]+)*)\}")
# As Grafana fills them in for a range of an hour.
VARIABLES = {"v.timeRangeStart": "-1h", "v.timeRangeStop": "now()", "v.windowPeriod": "1s", "v.defaultBucket": f'"{BUCKET}"',
             "${testid:regex}": "night.7"}


def panels():
    """(dashboard, panel, query, whether it has rows) of each line."""
    board = ""
    for line in (HERE / "flux_panels.txt").read_text().splitlines():
        if line.startswith("## "):
            board = line[3:]
        if not line or line.startswith("#"):
            continue
        panel, letter, query = line.removeprefix("- ").split(" · ", 2)
        query = SHORT_USE.sub(lambda use: SHORT[use[1]].format(*use[2].split()), query).replace("␊", "\n")
        for name, value in VARIABLES.items():
            query = query.replace(name, value)
        yield board, f"{panel} {letter}", query, not line.startswith("- ")


def ask(influx, query):
    try:
        rows = influx.flux(query)
        return len(rows), f"{len({r['table'] for r in rows})} series, {len(rows)} rows"
    except AssertionError as e:
        return 0, str(e)


def test_panels(brunt, influx, target):
    code, output, summary = run_into(brunt, target, [out(influx, BUCKET)], script=HERE / "influx_panels.js",
                                     more=["--tag", "testid=night.7"])
    check("panels: the run", code == 0, output)
    for board, panel, query, answered in panels():
        rows, result = ask(influx, query)
        if TABLE:
            print(f"| {board} | {panel} | {result} |")
        check(f"{board}: {panel}", bool(rows) == answered, result)
    where = ' and r.testid == "night.7"'
    made = one(influx, BUCKET, "http_reqs", "sum", where=where)
    check("panels: requests made are the summary's", made == summary["http_reqs"]["values"]["count"], made)
    p95 = influx.flux(f'from(bucket: "{BUCKET}") |> range(start: -1h) '
                      f'|> filter(fn: (r) => r._measurement == "http_req_duration" and r._field == "value"{where}) '
                      '|> group() |> quantile(q: 0.95, method: "exact_mean")')[0]["_value"]
    check("panels: p95 is the summary's, to one in a hundred",
          math.isclose(p95, summary["http_req_duration"]["values"]["p(95)"], rel_tol=0.01), p95)


def main(brunt, program):
    with Target(brunt) as target, Influx2(program) as influx:
        test_panels(brunt, influx, target)
        influx.ask("/api/v2/delete?bucket=loadtests&org=my%20org",
                   {"start": "1970-01-01T00:00:00Z", "stop": "2100-01-01T00:00:00Z"})
        for test in (test_writes, test_version_1, test_refusals, test_conflict):
            test(brunt, influx, target)


if __name__ == "__main__":
    given = [a for a in sys.argv[1:] if a != "--table"] + [os.environ.get("BRUNT_TEST_INFLUXD2")]
    if not given[0]:
        sys.exit(__doc__)
    if not given[1]:
        print("left out: BRUNT_TEST_INFLUXD2 names no influxd of version 2")
        sys.exit(SKIPPED)
    main(*given[:2])
    finish()
