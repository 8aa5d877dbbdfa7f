#!/usr/bin/env python3
"""InfluxDB has what the summary says, to the last count: tests/sinks/influxdb.py BRUNT

Version 1 is the real InfluxDB of Debian, version 2 is VictoriaMetrics (which takes its requests) and a receiver of our
own that refuses whatever the specification of version 2 does not allow.
"""
import collections
import math
import re
import sys
import threading
import time
import urllib.parse

from servers import (INCOMPLETE, Influx, Receiver, Target, VictoriaMetrics, check, finish, run, wait_for)

BRUNT = sys.argv[1]
COUNTERS = ("http_reqs", "iterations", "data_sent", "data_received", "orders", "bytes")
RATES = ("checks", "http_req_failed", "hits")
TRENDS = ("http_req_duration", "http_req_waiting", "iteration_duration", "group_duration", "waits")


def near(a, b, share=1e-9):
    return math.isclose(a, b, rel_tol=share, abs_tol=1e-9)


def compare(name, got, want, share=1e-9):
    wrong = {k: (got.get(k), v) for k, v in want.items() if got.get(k) is None or not near(got[k], v, share)}
    check(name, want and not wrong, wrong)


# ---- version 1 ----

def one(influx, db, field, metric):
    rows = influx.query(f'SELECT {field} AS x FROM "{metric}"', db)
    return rows[0]["x"] if rows else None


def sums(summary):
    return {name: summary[name]["values"]["count"] for name in COUNTERS}


def check_all(influx, db, summary, what):
    compare(f"{what}: sums of counters", {m: one(influx, db, 'sum("value")', m) for m in COUNTERS}, sums(summary))
    values = {m: summary[m]["values"] for m in RATES}
    compare(f"{what}: trues of rates", {m: one(influx, db, 'sum("value")', m) for m in RATES},
            {m: v["passes"] for m, v in values.items()})
    compare(f"{what}: means of rates", {m: one(influx, db, 'mean("value")', m) for m in RATES},
            {m: v["rate"] for m, v in values.items()})
    compare(f"{what}: samples of trends", {m: one(influx, db, 'count("value")', m) for m in TRENDS},
            {m: summary[m]["values"]["count"] for m in TRENDS})
    for function, stat in (("mean", "avg"), ("max", "max"), ("min", "min")):
        compare(f"{what}: {stat} of trends", {m: one(influx, db, f'{function}("value")', m) for m in TRENDS},
                {m: summary[m]["values"][stat] for m in TRENDS}, 1e-6)


def test_version_1(influx, target):
    """Every way of writing at once, each into a database of its own."""
    influx.query("CREATE DATABASE datagrams")
    code, output, summary = run(BRUNT, target, [f"influxdb={influx.url}/single", f"influxdb={influx.url}/coarse?precision=s",
                                                f"influxdb={influx.url}/exact?precision=s&compat=exact",
                                                f"influxdb={influx.url}/sums?samples=aggregate&gzip=false",
                                                f"influxdb=udp://{influx.udp}?payload_size=1400"])
    check("version 1: exit code", code == 0, (code, output))
    check_all(influx, "single", summary, "samples=all")
    check_shape(influx, summary)
    check_all(influx, "coarse", summary, "precision=s")
    check("compat=exact: points overwrite each other as k6's do",
          one(influx, "exact", 'sum("value")', "http_reqs") < summary["http_reqs"]["values"]["count"], output)
    check_sums(influx, summary)
    want = summary["http_reqs"]["values"]["count"]
    wait_for("the arrival of datagrams", lambda: one(influx, "datagrams", 'sum("value")', "http_reqs") == want, 5)
    check_all(influx, "datagrams", summary, "udp")


def check_shape(influx, summary):
    tags = {row["tagKey"] for row in influx.query('SHOW TAG KEYS FROM "http_reqs"', "single")}
    fields = {row["fieldKey"] for row in influx.query('SHOW FIELD KEYS FROM "http_reqs"', "single")}
    check("samples=all: url is a field", fields == {"value", "url"} and "url" not in tags and "name" in tags, (tags, fields))
    odd = influx.query('SHOW TAG VALUES FROM "http_reqs" WITH KEY = "extra"', "single")
    check("samples=all: commas and quotes in tags", [r["value"] for r in odd] == ['e,"=&v'], odd)
    rows = influx.query('SELECT sum("value") AS x FROM "http_reqs" WHERE "status" = \'200\'', "single")
    check("samples=all: narrowed by a tag", rows[0]["x"] == summary["http_reqs{status:200}"]["values"]["count"], rows)


def check_sums(influx, summary):
    compare("samples=aggregate: sums of counters", {m: one(influx, "sums", 'sum("value")', m) for m in COUNTERS}, sums(summary))
    totals = {m: sum(r["x"] for r in influx.query(f'SELECT last("total") AS x FROM "{m}" GROUP BY *', "sums")) for m in COUNTERS}
    compare("samples=aggregate: running totals", totals, sums(summary))
    compare("samples=aggregate: trues of rates", {m: one(influx, "sums", 'sum("sum")', m) for m in RATES},
            {m: summary[m]["values"]["passes"] for m in RATES})
    for field, stat in (('sum("count")', "count"), ('max("max")', "max"), ('min("min")', "min")):
        compare(f"samples=aggregate: {stat} of trends", {m: one(influx, "sums", field, m) for m in TRENDS},
                {m: summary[m]["values"][stat] for m in TRENDS})
    means = {m: one(influx, "sums", 'sum("sum")', m) / one(influx, "sums", 'sum("count")', m) for m in TRENDS}
    compare("samples=aggregate: means of trends", means, {m: summary[m]["values"]["avg"] for m in TRENDS})


def test_refusals(influx, target):
    code, output, _ = run(BRUNT, target, [f"influxdb={influx.url}/lost?retention=nope"], more=["--drain-timeout", "1s"])
    check("retention=nope: exit code", code == INCOMPLETE, (code, output))
    check("retention=nope: the sentence", "retention policy not found: nope; check ?retention=" in output, output)
    code, output, _ = run(BRUNT, target, [f"xk6-influxdb={influx.url}/lost"], more=["--drain-timeout", "1s"])
    check("version 2 to a server of version 1: the sentence", "there is no such path" in output, output)
    check("version 2 to a server of version 1: exit code", code == INCOMPLETE, (code, output))


# ---- version 2 ----

def test_victoria(target):
    with VictoriaMetrics() as victoria:
        code, output, summary = run(BRUNT, target, [f"xk6-influxdb={victoria.url}/bucket"])
        check("VictoriaMetrics: exit code", code == 0, (code, output))
        # New series can be found a moment after they were stored.
        for what, names, add, want in (("sums of counters", COUNTERS, sum, sums(summary)),
                                       ("samples of trends", TRENDS, len, {m: summary[m]["values"]["count"] for m in TRENDS})):
            for _ in range(50):
                got = {m: sum(add(s["values"]) for s in victoria.export(f"{m}_value")) for m in names}
                if all(near(got[m], want[m]) for m in names):
                    break
                time.sleep(0.1)
            compare(f"VictoriaMetrics: {what}", got, want)


NAME = r"(?:[^\x00-\x20\x7f,=\\]|\\[,= ]|\\(?![,= ]))+"
NUMBER = r"-?\d+(?:\.\d+)?(?:[eE][+-]?\d+)?"
FIELD = rf'{NAME}=(?:{NUMBER}|-?\d+i|true|false|"(?:[^"\\\n]|\\["\\])*")'
LINE = re.compile(rf"({NAME}(?:,{NAME}={NAME})*) ({FIELD}(?:,{FIELD})*) (\d+)")
RESERVED = re.compile(r"(?<!\\),(?:time|_field|_measurement)=")


class Strict:
    """Version 2, by its specification; `faults` are answers to give first."""

    def __init__(self, faults=(), token="secret", poison=None, limit=1 << 24):
        self.faults, self.token, self.poison, self.limit = list(faults), token, poison, limit
        self.points, self.wrong, self.lock = {}, [], threading.Lock()
        self.fields = collections.defaultdict(set)

    def answer(self, handler, body):
        with self.lock:
            return self.judge(handler, body)

    def judge(self, handler, body):
        url = urllib.parse.urlsplit(handler.path)
        query = urllib.parse.parse_qs(url.query)
        if url.path != "/api/v2/write" or query != {"org": ["my org"], "bucket": ["load/tests"]}:
            return self.error(404, "not found", handler.path)
        if handler.headers["Authorization"] != f"Token {self.token}":
            return self.error(401, "unauthorized", "unauthorized access")
        if handler.headers["Content-Type"] != "text/plain; charset=utf-8" or handler.headers["Content-Encoding"] != "gzip":
            self.wrong.append(str(handler.headers))
        if self.faults:
            status, headers = self.faults.pop(0)
            return status, headers, b'{"code":"unavailable","message":"later"}'
        if len(body) > self.limit:
            return self.error(413, "request too large", "too large")
        return self.store(body.decode())

    def error(self, status, code, message):
        return status, {"X-Platform-Error-Code": code}, f'{{"code":"{code}","message":"{message}"}}'.encode()

    def store(self, text):
        new = {}
        for line in text.splitlines():
            match = LINE.fullmatch(line)
            if not match or RESERVED.search(line) or (self.poison and re.match(self.poison, line)):
                if not match:
                    self.wrong.append(line)
                return self.error(400, "invalid", "unable to parse the line")
            series, fields, at = match.groups()
            key = (series, int(at))
            if key in new or (key in self.points and self.points[key] != fields):
                self.wrong.append(f"twice: {line}")
            if not time.time() - 600 < int(at) / 1e9 < time.time() + 60:
                self.wrong.append(f"time: {line}")
            new[key] = fields
        self.points.update(new)
        return 204, {}, b""

    def sum(self, metric):
        rows = [(k, f) for k, f in self.points.items() if re.match(rf"{metric}(,|$)", k[0])]
        return sum(float(re.match(r"value=([^,]+)", f).group(1)) for _, f in rows)


def run_strict(strict, target, more="", **kwargs):
    with Receiver(strict.answer) as receiver:
        out = f"xk6-influxdb={receiver.url}/load/tests?organization=my org&token=env:TOKEN{more}"
        return run(BRUNT, target, [out], env={"TOKEN": "secret"}, **kwargs)


def test_strict(target):
    strict = Strict(faults=[(503, {"Retry-After": "1"}), (429, {}), (500, {})])
    code, output, summary = run_strict(strict, target, more="&concurrentWrites=1")
    check("version 2: exit code", code == 0, (code, output))
    check("version 2: all by the specification", not strict.wrong, strict.wrong[:3])
    check("version 2: after 503, 429 and 500", not strict.faults)
    compare("version 2: sums of counters", {m: strict.sum(m) for m in COUNTERS}, sums(summary))


def test_poison(target):
    strict = Strict(poison=r"iterations,.*scenario=late", limit=5000)
    code, output, summary = run_strict(strict, target, more="&gzip=true")
    check("one bad line: exit code", code == INCOMPLETE, (code, output))
    check("one bad line: the sentence", "unable to parse the line" in output, output)
    want = {**sums(summary), "iterations": summary["iterations"]["values"]["count"] - 1}
    compare("one bad line: everything else is there", {m: strict.sum(m) for m in COUNTERS}, want)


def test_token(target):
    code, output, _ = run_strict(Strict(token="other"), target)
    check("wrong token: exit code", code == INCOMPLETE, (code, output))
    check("wrong token: the sentence, once", output.count("unauthorized access; check user and password, or token") >= 1, output)
    check("wrong token: it is not shown", "secret" not in output, output)


def main():
    with Target(BRUNT) as target:
        with Influx() as influx:
            for test in (test_version_1, test_refusals):
                test(influx, target)
        for test in (test_victoria, test_strict, test_poison, test_token):
            test(target)
    finish()


if __name__ == "__main__":
    main()
