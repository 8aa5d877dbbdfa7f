#!/usr/bin/env python3
"""What the sinks otlp and opentelemetry send, read by a strict receiver: tests/sinks/otlp.py BRUNT

Counters equal the summary to the last count, histograms have its percentiles within 0.14 %. No OTLP receiver can be
installed from Debian or npm, so the receiver is our own (otlp_receiver.py); protoc decodes the same bytes as a second
opinion.
"""
import collections
import concurrent.futures
import json
import math
import os
import re
import subprocess
import sys
import tempfile
from pathlib import Path

from otlp_receiver import CUMULATIVE, DELTA, PROTO, Receiver, decode, read_request

SCRIPT = """
import http from 'k6/http';
import { check, sleep } from 'k6';
import { Counter, Gauge, Trend } from 'k6/metrics';
const seen = new Counter('seen_bytes');
const level = new Gauge('level');
const size = new Trend('size');
export const options = {
  scenarios: { a: { executor: 'per-vu-iterations', vus: 3, iterations: 20 } },
  summaryTrendStats: ['avg', 'min', 'med', 'max', 'p(95)', 'p(99)', 'count'],
};
export default function () {
  const res = http.get(`${__ENV.BASE_URL}/`, { tags: { part: `p${__ITER % 3}`, odd: 'a"\\\\\\u00e4 b' } });
  check(res, { found: (r) => r.status === 200, never: () => false });
  seen.add(res.body.length);
  level.add(-1.5);
  size.add(0.001 * (1 + __ITER) ** 3);
  size.add(0);
  sleep(0.12);
}
export function handleSummary(data) {
  return { [__ENV.SUMMARY]: JSON.stringify(data.metrics) };
}
"""
# An exponential histogram of scale 0 with a zero bucket, as bytes that were not made by brunt.
VECTOR = bytes.fromhex(
    "0a770a190a170a0c736572766963652e6e616d6512070a056272756e74125a0a070a056272756e74124f0a036c61741a017352450a410a080a"
    "016b12030a0176110100000000000000190200000000000000210600000000000000290000000000002240300039010000000000000042060803"
    "120202031002")
INCOMPLETE = 115
failures = 0


def check(name, truth, detail=""):
    global failures
    failures += not truth
    sys.stdout.write(f"{'ok  ' if truth else 'FAIL'} {name}{'' if truth else f': {detail}'}\n")
    sys.stdout.flush()


def equal(name, got, expected):
    check(name, got == expected, f"got {got!r}, expected {expected!r}")


def near(name, got, expected, share=0.0014):
    check(name, abs(got - expected) <= share * abs(expected) + 1e-12, f"got {got!r}, expected {expected!r}")


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


class Bench:
    """Runs the script against the target with one output; gives (exit code, what it said, summary)."""

    def __init__(self, brunt, target, folder):
        self.brunt, self.target, self.folder = brunt, target, folder

    def run(self, out, env=None, more=()):
        folder = Path(tempfile.mkdtemp(dir=self.folder))
        summary = folder / "summary.json"
        (folder / "script.js").write_text(SCRIPT)
        command = [self.brunt, "run", "--quiet", "--spool-dir", str(folder / "spool"), "--drain-timeout", "10s",
                   "--run-id", "run-1", *more, "-o", out, str(folder / "script.js")]
        env = {**os.environ, "BASE_URL": self.target.url, "SUMMARY": str(summary), **(env or {})}
        done = subprocess.run(command, env=env, text=True, capture_output=True, timeout=60)
        metrics = json.loads(summary.read_text()) if summary.exists() else {}
        return done.returncode, done.stdout + done.stderr, {n: m["values"] for n, m in metrics.items()}


def sample_at(point, rank):
    """The sample of a rank, taken to be in the middle of its bucket."""
    base = 2.0 ** (2.0 ** -point.get("scale", 0))
    seen = point.get("zero_count", 0)
    if rank < seen:
        return 0.0
    for i, n in enumerate(point["positive"]["bucket_counts"]):
        seen += n
        if rank < seen:
            middle = base ** (point["positive"].get("offset", 0) + i + 0.5)
            return min(max(middle, point["min"]), point["max"])
    return point["max"]


def quantile(point, q):
    rank = q * (point["count"] - 1)
    low, high = sample_at(point, math.floor(rank)), sample_at(point, math.ceil(rank))
    return low + (high - low) * (rank - math.floor(rank))


def protoc(body):
    return subprocess.run(["protoc", f"--proto_path={PROTO.parent}", "--decode=ExportMetricsServiceRequest",
                           PROTO.name], input=body, capture_output=True)


def check_second_opinion(receiver):
    """protoc reads the vector and what brunt sent; a number at the start of a line is a field it does not know."""
    done = protoc(VECTOR)
    check("protoc reads the vector", b"zero_count: 1" in done.stdout and b"offset: -2" in done.stdout, done)
    vector = decode("ExportMetricsServiceRequest", VECTOR)
    metric = vector["resource_metrics"][0]["scope_metrics"][0]["metrics"][0]
    point = metric["exponential_histogram"]["data_points"][0]
    equal("the receiver reads the vector", (point["positive"], point["count"], point["sum"]),
          ({"offset": -2, "bucket_counts": [2, 3]}, 6, 9.0))
    for _, body, points in receiver.requests:
        done = protoc(body)
        text = done.stdout.decode()
        if done.returncode or re.search(r"^\s*\d+[:{ ]", text, re.M) or text.count("time_unix_nano") < len(points):
            return check("protoc reads each request", False, done.stderr or text[:500])
    check("protoc reads each request", True)


def check_counters(receiver, summary, names):
    for metric, key in names.items():
        equal(f"{metric} is that of the summary", receiver.total(metric), summary[key]["count"])
    for condition, key in (("nonzero", "passes"), ("zero", "fails")):
        equal(f"checks.total {condition}", receiver.total("checks.total", condition=condition),
              summary["checks"][key])


COUNTERS = {n: n for n in ("http_reqs", "iterations", "seen_bytes", "data_sent", "data_received")}


def test_k6_names(bench):
    with Receiver() as receiver:
        code, said, summary = bench.run(f"opentelemetry={receiver.url}")
        equal("opentelemetry: it ends well", (code, receiver.errors), (0, []))
        check_counters(receiver, summary, COUNTERS)
        duration = [s.last for s in receiver.of("http_req_duration")]
        equal("times are in milliseconds, with bounds", {(p.kind, p.unit) for p in duration}, {("histogram", "ms")})
        equal("as many as in the summary", sum(p.value for p in duration), summary["http_req_duration"]["count"])
        near("their maximum", max(p.data["max"] for p in duration), summary["http_req_duration"]["max"], 0)
        check("a series for each tag", len(receiver.of("http_req_duration", part="p1")) == 1, receiver.series.keys())
        check("tags are whole", receiver.of("http_reqs", odd='a"\\\u00e4 b'), [k for k in receiver.series])
        equal("a gauge below zero", receiver.of("level")[0].total, -1.5)
        resource = receiver.resources[0]
        equal("the resource", (resource["service.name"], resource["service.instance.id"]), ("k6", "run-1"))
        equal("compressed", receiver.requests[0][0]["Content-Encoding"], "gzip")
        check_second_opinion(receiver)


def test_exponential(bench):
    with Receiver() as receiver:
        code, said, summary = bench.run(f"otlp={receiver.url}/?names=k6&prefix=x_&compression=none&max_buckets=0")
        equal("otlp?names=k6: it ends well", (code, receiver.errors), (0, []))
        (series,) = receiver.of("x_size")
        point, values = series.last.data, summary["size"]
        equal("an exponential histogram of scale 8", (series.last.kind, point["scale"]), ("exponential_histogram", 8))
        equal("its zeros", point["zero_count"], 60)
        equal("its count", point["count"], values["count"])
        near("its mean", point["sum"] / point["count"], values["avg"], 1e-12)
        equal("its extremes", (point["min"], point["max"]), (values["min"], values["max"]))
        for q, name in ((0.95, "p(95)"), (0.99, "p(99)")):
            near(f"its {name}", quantile(point, q), values[name])
        check("not compressed", "Content-Encoding" not in receiver.requests[0][0], receiver.requests[0][0])


def merge(points):
    """One exponential histogram of several of the same scale."""
    assert len({p["scale"] for p in points}) == 1
    counts = collections.Counter()
    for p in points:
        for i, n in enumerate(p["positive"]["bucket_counts"]):
            counts[p["positive"].get("offset", 0) + i] += n
    low, high = min(counts), max(counts)
    return {"scale": points[0]["scale"], "zero_count": sum(p.get("zero_count", 0) for p in points),
            "count": sum(p["count"] for p in points), "sum": sum(p["sum"] for p in points),
            "min": min(p["min"] for p in points), "max": max(p["max"] for p in points),
            "positive": {"offset": low, "bucket_counts": [counts[i] for i in range(low, high + 1)]}}


def test_vocabulary(bench):
    """The sink's own names: seconds, and every bucket there is."""
    with Receiver() as receiver:
        code, said, summary = bench.run(f"otlp={receiver.url}")
        equal("otlp: it ends well", (code, receiver.errors), (0, []))
        for name, key in (("http_reqs_total", "http_reqs"), ("iterations_total", "iterations"),
                          ("seen_bytes_total", "seen_bytes"), ("data_sent_bytes_total", "data_sent"),
                          ("data_received_bytes_total", "data_received")):
            equal(f"brunt_{name} is that of the summary", receiver.total(f"brunt_{name}"), summary[key]["count"])
        points = [s.last for s in receiver.of("brunt_http_req_duration_seconds")]
        equal("three series, in seconds", [(p.kind, p.unit) for p in points], [("exponential_histogram", "s")] * 3)
        whole, values = merge([p.data for p in points]), summary["http_req_duration"]
        equal("as many round trips", whole["count"], values["count"])
        near("their mean", whole["sum"] / whole["count"], values["avg"] / 1000, 1e-9)
        near("their maximum", whole["max"], values["max"] / 1000, 1e-12)
        for q, name in ((0.5, "med"), (0.95, "p(95)"), (0.99, "p(99)")):
            near(f"their {name}", quantile(whole, q), values[name] / 1000)


def test_delta(bench):
    with Receiver() as receiver:
        code, said, summary = bench.run(f"otlp={receiver.url}?names=k6&temporality=delta&max_buckets=20")
        equal("delta: it ends well", (code, receiver.errors), (0, []))
        check_counters(receiver, summary, COUNTERS)
        equal("temporality", {s.last.temporality for s in receiver.of("http_reqs")}, {DELTA})
        check("several ticks", max(s.points for s in receiver.of("iterations")) >= 2, receiver.series)
        equal("histograms add up", receiver.total("size"), summary["size"]["count"])
        widest = max(len(s.last.data["positive"]["bucket_counts"]) for s in receiver.of("size"))
        check("at most max_buckets", widest <= 20, widest)


def test_environment(bench):
    with Receiver() as receiver:
        env = {"OTEL_EXPORTER_OTLP_ENDPOINT": receiver.url + "/", "OTEL_EXPORTER_OTLP_HEADERS": "x-scope=a%2Cb, n=1",
               "OTEL_SERVICE_NAME": "shop", "OTEL_RESOURCE_ATTRIBUTES": "service.name=other,team=perf%20lab",
               "OTEL_EXPORTER_OTLP_METRICS_TEMPORALITY_PREFERENCE": "DELTA", "OTEL_EXPORTER_OTLP_COMPRESSION": "none"}
        code, said, summary = bench.run("otlp?names=k6&username=me&password=env:PASS&header.X-More=2",
                                        {**env, "PASS": "open sesame"})
        headers, resource = receiver.requests[0][0], receiver.resources[0]
        equal("variables of OpenTelemetry: it ends well", (code, receiver.errors), (0, []))
        equal("headers", (headers["x-scope"], headers["n"], headers["X-More"], headers["Authorization"]),
              ("a,b", "1", "2", "Basic bWU6b3BlbiBzZXNhbWU="))
        equal("resource", (resource["service.name"], resource["team"]), ("shop", "perf lab"))
        equal("temporality by variable", receiver.of("http_reqs")[0].last.temporality, DELTA)
        check("the password is not shown", "sesame" not in said, said)
    with Receiver() as receiver:
        host = receiver.url.removeprefix("http://")
        code, said, summary = bench.run("experimental-opentelemetry", {
            "K6_OTEL_HTTP_EXPORTER_ENDPOINT": host, "K6_OTEL_HTTP_EXPORTER_INSECURE": "true",
            "K6_OTEL_METRIC_PREFIX": "k6_", "K6_OTEL_SERVICE_NAME": "mine", "K6_OTEL_HEADERS": "a=b",
            "K6_OTEL_EXPORTER_PROTOCOL": "http/protobuf", "K6_OTEL_EXPORT_INTERVAL": "10s"})
        equal("k6's variables: it ends well", (code, receiver.errors), (0, []))
        equal("a prefix", receiver.total("k6_http_reqs"), summary["http_reqs"]["count"])
        equal("cumulative", receiver.of("k6_http_reqs")[0].last.temporality, CUMULATIVE)
        check("an interval: at the beginning and at the end", len(receiver.requests) <= 2, len(receiver.requests))
        equal("service", (receiver.resources[0]["service.name"], receiver.requests[0][0]["a"]), ("mine", "b"))


def test_wrong(bench):
    for out, env, words in (
            ("otlp=ftp://h", {}, "no URL such as"),
            ("otlp=http://user:secret@", {}, "no URL such as"),
            ("otlp?headers=abc", {}, "list of headers"),
            ("otlp?header.a%20b=c", {}, "header cannot have"),
            ("otlp?resource=a", {}, "list of resource"),
            ("otlp?temporality=sometimes", {}, "sometimes"),
            ("otlp?max_buckets=1", {}, "at least 2"),
            ("opentelemetry", {"K6_OTEL_EXPORTER_PROTOCOL": "grpc"}, "only http/protobuf"),
            ("otlp", {"OTEL_EXPORTER_OTLP_PROTOCOL": "http/json"}, "only http/protobuf")):
        code, said, _ = bench.run(out, env)
        check(f"-o {out} {env or ''} is refused", code == 104 and words in said and "secret" not in said, (code, said))


def status(code, body=b"", headers=()):
    return lambda handler, points: handler.reply(code, body, headers)


def test_trouble(bench):
    """The receiver fails for a while, and nothing is lost."""
    for name, answers in (("503", [status(503, b"\x08\x0e\x12\x04busy"), status(429, b"", {"Retry-After": "1"})]),
                          ("502, 504", [status(502, b"<html>", {"Content-Type": "text/html"}), status(504)])):
        with Receiver(answers) as receiver:
            code, said, summary = bench.run(f"opentelemetry={receiver.url}?temporality=delta")
            equal(f"after {name} it ends well", (code, receiver.errors), (0, []))
            check_counters(receiver, summary, COUNTERS)


def test_partial(bench):
    with Receiver([status(200, b"\x0a\x0b\x08\x03\x12\x07too old")]) as receiver:
        code, said, _ = bench.run(f"opentelemetry={receiver.url}")
        check("partial success is told", code == INCOMPLETE and "too old" in said and "3 " in said, (code, said))


def test_500(bench):
    with Receiver([status(500, b"broken")]) as receiver:
        code, said, _ = bench.run(f"opentelemetry={receiver.url}")
        first = {(p.metric, p.time) for p in receiver.requests[0][2]}
        again = [p for _, _, points in receiver.requests[1:] for p in points if (p.metric, p.time) in first]
        check("what met a 500 is not sent again", not again, again[:3])
        check("and that is told", code == INCOMPLETE and "500" in said and "broken" in said, (code, said))


def test_retry_500(bench):
    with Receiver([status(500, b"broken")]) as receiver:
        code, said, summary = bench.run(f"opentelemetry={receiver.url}?retry_500")
        equal("with retry_500 it is", (code, receiver.errors), (0, []))
        check_counters(receiver, summary, COUNTERS)


def test_bad_point(bench):
    refuse_level = [lambda handler, points: handler.reply(400, b"\x08\x03\x12\x08no level")
                    if any(p.metric == "level" for p in points) else (
                        handler.server.store(points), handler.reply(200))] * 1000
    with Receiver(refuse_level) as receiver:
        code, said, summary = bench.run(f"opentelemetry={receiver.url}")
        check("a bad point is refused alone", code == INCOMPLETE and "no level" in said and not receiver.of("level"),
              (code, said))
        check_counters(receiver, summary, COUNTERS)


def test_blocked(bench):
    with Receiver([status(401, b"who are you", {"Content-Type": "text/plain"})] * 1000) as receiver:
        code, said, _ = bench.run(f"opentelemetry={receiver.url}", more=("--drain-timeout", "1s"))
        check("a wrong token is told once", code == INCOMPLETE and said.count("who are you") == 1, (code, said))


def test_web_page(bench):
    with Receiver([status(200, b"<html>hi", {"Content-Type": "text/html"})] * 1000) as receiver:
        code, said, _ = bench.run(f"opentelemetry={receiver.url}", more=("--drain-timeout", "1s"))
        check("a web page is no receiver", code == INCOMPLETE and "web page" in said, (code, said))


def main():
    brunt = os.path.abspath(sys.argv[1])
    with Target(brunt) as target, tempfile.TemporaryDirectory() as folder:
        bench = Bench(brunt, target, folder)
        tests = (test_k6_names, test_exponential, test_vocabulary, test_delta, test_environment, test_wrong, test_trouble,
                 test_partial, test_500, test_retry_500, test_bad_point, test_blocked, test_web_page)
        # Most of the time is spent waiting.
        with concurrent.futures.ThreadPoolExecutor(6) as pool:
            for done in [pool.submit(test, bench) for test in tests]:
                done.result()
    return 1 if failures else 0


if __name__ == "__main__":
    sys.exit(main())
