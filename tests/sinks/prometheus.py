#!/usr/bin/env python3
"""What Prometheus and its like know after a run is what the summary says: tests/sinks/prometheus.py BRUNT

Real Prometheus scrapes (OpenMetrics; protobuf with native histograms) and receives; VictoriaMetrics receives; remote
write 2.0 goes to a strict receiver of our own, for no packaged server speaks it yet.

Counters are compared to the last count. Percentiles: histogram_quantile() interpolates inside the bucket, the summary
takes its middle; both have to be within 0.14 % of the percentile of the values that the script is known to have given.
"""
import base64
import hashlib
import hmac
import json
import math
import os
import re
import shutil
import signal
import subprocess
import sys
import time
import urllib.parse

try:
    from prometheus_client.openmetrics.parser import text_string_to_metric_families
except ImportError:
    if sys.executable != "/usr/bin/python3" and os.path.exists("/usr/bin/python3"):
        os.execv("/usr/bin/python3", ["/usr/bin/python3", *sys.argv])
    sys.exit("this test needs prometheus_client; `tools/setup test` installs it (package python3-prometheus-client)")

import remote_write
from servers import (HERE, Process, Receiver, Target, VictoriaMetrics, check, fetch, fetch_json, find_program, finish,
                     free_ports, run, wait_for)

SCRIPT = HERE / "prometheus.js"
TOLERANCE = 0.0014
N = 20000
PARTS = ("pull", "vocabularies", "push_prometheus", "push_victoria", "push_2", "push_refused", "push_signed", "bad_input")
OPENMETRICS = "application/openmetrics-text; version=1.0.0"


def exact(q):
    """The percentile of the script's values, in seconds."""
    return 1000 ** ((q * (N - 1) + 0.5) / N) / 1000


def below(seconds):
    """How many of the script's values are; a bucket of ours, 0.27 % wide, has 8 of them."""
    return int(N * math.log(seconds * 1000, 1000) + 0.5)


def near(a, b):
    return abs(a / b - 1) <= TOLERANCE


class Prometheus(Process):
    def __init__(self, *features, scrape=None):
        super().__init__()
        (port,) = free_ports(1)
        self.url = f"http://127.0.0.1:{port}"
        config = {"global": {"scrape_interval": "500ms"}, "scrape_configs": []}
        if scrape:
            config["scrape_configs"] = [{"job_name": "brunt", "static_configs": [{"targets": [scrape]}]}]
        (self.path / "prometheus.yml").write_text(json.dumps(config))  # JSON is YAML
        self.start(find_program("prometheus", "prometheus"), f"--config.file={self.path}/prometheus.yml",
                   f"--storage.tsdb.path={self.path}/data", f"--web.listen-address=127.0.0.1:{port}",
                   "--web.enable-remote-write-receiver", *(f"--enable-feature={f}" for f in features))

    def wait(self):
        wait_for("the start of Prometheus", lambda: fetch(self.url + "/-/ready"))
        return self

    def value(self, query, at=None):
        """The one number that a query gives, or None."""
        more = {"time": at} if at else {}
        rows = fetch_json(self.url + "/api/v1/query", query=query, **more)["data"]["result"]
        return float(rows[0]["value"][1]) if len(rows) == 1 else None


def compare_counters(who, summary, value):
    """value(query) against the summary, by the names of the vocabulary brunt."""
    for name, metric in (("brunt_http_reqs_total", "http_reqs"), ("brunt_iterations_total", "iterations"),
                         ("brunt_orders_total", "orders"), ("brunt_data_sent_bytes_total", "data_sent")):
        wanted = summary[metric]["values"]["count"]
        check(f"{who}: {name} is the summary's", value(f"sum({name})") == wanted, f"{value(f'sum({name})')} != {wanted}")
    check(f"{who}: gauge", value("brunt_depth") == 7)


def compare_histogram(who, summary, value):
    quantile = value("histogram_quantile(0.95, sum(brunt_spread_seconds))")
    ours = summary["spread"]["values"]["p(95)"] / 1000
    check(f"{who}: p(95) is within 0.14 %", quantile and near(quantile, exact(0.95)) and near(ours, exact(0.95)),
          f"{quantile}, {ours}, {exact(0.95)}")
    check(f"{who}: count", value("histogram_count(sum(brunt_spread_seconds))") == N)
    total = summary["spread"]["values"]["avg"] * N / 1000
    check(f"{who}: sum", abs((value("histogram_sum(sum(brunt_spread_seconds))") or 0) / total - 1) < 1e-9)


# ---- pull ----

class Lingering(Process):
    """A run that serves its last state until it is told to end."""

    def __init__(self, brunt, target, address):
        super().__init__()
        summary = self.path / "summary.json"
        env = {**os.environ, "BASE_URL": target.url, "SUMMARY": str(summary), "HOME": self.folder.name}
        self.proc = self.start(brunt, "run", "--quiet", "--linger", "-o", f"prometheus={address}",
                               "--summary-trend-stats", "count,avg,p(95)", str(SCRIPT), env=env)
        wait_for("the end of the test", summary.exists, 30)
        self.summary = wait_for("the summary", lambda: json.loads(summary.read_text() or "null"))

    def end(self):
        self.proc.send_signal(signal.SIGINT)
        return self.proc.wait(10)


def samples(text):
    """Name to the sum of its samples."""
    out = {}
    for name, value in re.findall(r"^([a-zA-Z_:][\w:]*)(?:\{.*\})? (\S+)$", text, re.M):
        out[name] = out.get(name, 0) + float(value)
    return out


def check_text(address, summary):
    text = fetch(f"http://{address}/metrics", Accept="text/plain").decode()
    lint = subprocess.run([find_program("promtool", "prometheus"), "check", "metrics"], input=text, text=True,
                          capture_output=True)
    check("0.0.4: promtool finds nothing to say", lint.returncode == 0 and not lint.stdout + lint.stderr,
          lint.stdout + lint.stderr)
    got = samples(text)
    check("0.0.4: requests", got.get("brunt_http_reqs_total") == summary["http_reqs"]["values"]["count"])
    check("0.0.4: histograms", got.get("brunt_spread_seconds_count") == N)
    check("0.0.4: labels are escaped", r'odd_key="quote \" back \\ line \n"' in text)
    found = [int(n) for n in re.findall(r'brunt_spread_seconds_bucket\{.*le="0\.1"\} (\d+)', text)]
    check("0.0.4: classic buckets", len(found) == 1 and 0 <= below(0.1) - found[0] <= 8, found)


def check_openmetrics(address, summary, folder):
    text = fetch(f"http://{address}/export/prometheus", Accept=OPENMETRICS).decode()
    families = {f.name: f for f in text_string_to_metric_families(text)}
    requests = sum(s.value for s in families["brunt_http_reqs"].samples if s.name == "brunt_http_reqs_total")
    check("OpenMetrics: a strict parser reads it", requests == summary["http_reqs"]["values"]["count"])
    check("OpenMetrics: units", families["brunt_spread_seconds"].unit == "seconds")
    now = int(time.time())
    stamped = re.sub(r"^([^#].*)$", rf"\1 {now}", text, flags=re.M)  # backfilling wants a time on each line
    (folder / "in.txt").write_text(stamped)
    done = subprocess.run([find_program("promtool", "prometheus"), "tsdb", "create-blocks-from", "openmetrics",
                           str(folder / "in.txt"), str(folder / "blocks")], text=True, capture_output=True)
    check("OpenMetrics: promtool makes blocks of it", done.returncode == 0, done.stderr)
    shutil.rmtree(folder / "blocks", ignore_errors=True)


def pull(brunt, target):
    address = f"127.0.0.1:{free_ports(1)[0]}"
    with Prometheus(scrape=address) as plain, Prometheus("native-histograms", scrape=address) as native:
        plain.wait()
        native.wait()
        with Lingering(brunt, target, address) as lingering:
            check_text(address, lingering.summary)
            check_openmetrics(address, lingering.summary, lingering.path)
            for server in (plain, native):
                wait_for("a scrape of the end",
                         lambda s=server: s.value("sum(brunt_iterations_total)") == 40 and s.value("up") == 1)
            time.sleep(0.6)  # one scrape more: all of it is of the end
            compare_counters("scraped, OpenMetrics", lingering.summary, plain.value)
            check("scraped, OpenMetrics: buckets", plain.value("sum(brunt_spread_seconds_count)") == N)
            compare_counters("scraped, protobuf", lingering.summary, native.value)
            compare_histogram("scraped, protobuf", lingering.summary, native.value)
            check("Ctrl-C ends the linger", lingering.end() == 0)


def vocabularies(brunt, target):
    """All names at once: no two of them clash, in any format, and the text stays readable."""
    address = f"127.0.0.1:{free_ports(1)[0]}"
    names = "brunt,k6,loadpilot,locust,leapwork"
    with Lingering(brunt, target, f"{address}?vocab={names}") as lingering:
        texts = [fetch(f"http://{address}/metrics", Accept=a).decode() for a in ("text/plain", OPENMETRICS)]
        families = {f.name for f in text_string_to_metric_families(texts[1])}
        check("vocabularies: a strict parser reads all", {"brunt_http_reqs", "k6_http_reqs"} <= families, families)
        lint = subprocess.run([find_program("promtool", "prometheus"), "check", "metrics"], input=texts[0], text=True,
                              capture_output=True)
        check("vocabularies: promtool reads all", lint.returncode in (0, 3), lint.stderr)  # 3: it dislikes names
        found = [n for n in ("loadpilot_", "locust_", "lp_run_results_") if re.search(f"^{n}", texts[0], re.M)]
        check("vocabularies: all are there", len(found) == 3, found)
        check("vocabularies: none was left out", lingering.end() == 0, lingering.logs()[-500:])  # else 115


# ---- push ----

def push_prometheus(brunt, target):
    with Prometheus("native-histograms").wait() as server:
        url = f"remote-write={server.url}/api/v1/write?interval=1s"
        code, output, summary = run(brunt, target, [url + "&stale_markers=false"], SCRIPT)
        check("remote write: all arrived", code == 0, output)
        compare_counters("remote write", summary, server.value)
        compare_histogram("remote write", summary, server.value)
        increase = server.value("sum(increase(brunt_orders_total[1m]))")
        check("remote write: counters begin at zero", server.value("min(min_over_time(brunt_orders_total[1m]))") == 0,
              increase)
        run(brunt, target, [url + "&tag.kind=stale"], SCRIPT)
        now = time.time() + 0.1
        check("remote write: stale markers end series",
              server.value('sum(brunt_orders_total{kind="stale"})', now) is None
              and server.value('sum(last_over_time(brunt_orders_total{kind="stale"}[1m]))', now) == 120)
        k6 = {"K6_PROMETHEUS_RW_SERVER_URL": server.url + "/api/v1/write", "K6_PROMETHEUS_RW_PUSH_INTERVAL": "1s",
              "K6_PROMETHEUS_RW_TREND_STATS": "p(95),count"}
        code, output, summary = run(brunt, target, ["xk6-prometheus-rw"], SCRIPT, env=k6.items())
        check("k6's names: all arrived", code == 0, output)
        check("k6's names: counters", server.value("sum(k6_orders_total)") == 120)
        p95 = server.value("k6_spread_p95")
        check("k6's names: trend stats", p95 and near(p95, exact(0.95)), p95)


def ended(rows):
    """The rows, when each has its stale marker: what came last is shown a second late."""
    return rows if rows and all(row["values"][-1] is None for row in rows) else None


def push_victoria(brunt, target):
    with VictoriaMetrics() as server:
        code, output, summary = run(brunt, target, [f"remote-write={server.url}/api/v1/write?interval=1s&histograms=classic"],
                                    SCRIPT)
        check("VictoriaMetrics: all arrived", code == 0, output)
        for name, metric in (("brunt_http_reqs_total", "http_reqs"), ("brunt_orders_total", "orders")):
            rows = wait_for("the end of every series", lambda n=name: ended(server.export(n)))
            got = sum(row["values"][-2] for row in rows)
            wanted = summary[metric]["values"]["count"]
            check(f"VictoriaMetrics: {name} is the summary's", got == wanted, f"{got} != {wanted}")
        rows = wait_for("the end of every bucket", lambda: ended(server.export("brunt_spread_seconds_bucket")))
        buckets = {row["metric"]["le"]: row["values"][-2] for row in rows}
        check("VictoriaMetrics: classic buckets", buckets.get("+Inf") == N and 0 <= below(0.1) - buckets["0.1"] <= 8, buckets)


def push_2(brunt, target):
    store, errors = remote_write.Store(), []

    def answer(handler, body):
        try:
            n_samples, n_histograms = store.request(handler.headers, body)
        except Exception as error:  # whatever a wrong request breaks is to be reported
            errors.append(repr(error))
            return 400, {}, repr(error).encode()
        return 204, {"X-Prometheus-Remote-Write-Samples-Written": str(n_samples),
                     "X-Prometheus-Remote-Write-Histograms-Written": str(n_histograms)}, b""

    with Receiver(answer) as receiver:
        code, output, summary = run(brunt, target, [f"remote-write={receiver.url}?interval=1s"], SCRIPT)
    check("2.0: every request is by the specification", code == 0 and not errors, errors[:3] or output)
    check("2.0: several requests came", store.requests >= 3, store.requests)
    orders = store.named("brunt_orders_total")
    check("2.0: counters", sum(v["value"] for v in orders) == 120 and len(orders) == 2, orders)
    spread = store.named("brunt_spread_seconds")
    check("2.0: histograms", len(spread) == 1 and spread[0]["count"] == N and len(spread[0]["positive"]) > 2500)
    counters = [k for k, t in store.types.items() if t == remote_write.COUNTER]
    check("2.0: counters begin at zero", counters and all(store.first[k]["value"] == 0 for k in counters))
    check("2.0: every series ends", store.stale == set(store.last), len(store.stale ^ set(store.last)))


def push_refused(brunt, target):
    """A receiver of 1.0 only, and one that refuses a series for good."""
    versions = []

    def old(handler, body):
        versions.append(handler.headers["X-Prometheus-Remote-Write-Version"])
        return (204, {}, b"") if versions[-1] == "0.1.0" else (415, {}, b"unsupported")

    with Receiver(old) as receiver:
        code, output, _ = run(brunt, target, [f"remote-write={receiver.url}?interval=1s"], SCRIPT)
    check("415: falls back once and stays", code == 0 and versions[:2] == ["2.0.0", "0.1.0"]
          and set(versions[1:]) == {"0.1.0"}, versions)

    auth = []

    def secret(handler, _):
        auth.append(handler.headers["Authorization"])
        return 204, {}, b""

    with Receiver(secret) as receiver:
        run(brunt, target, [f"remote-write={receiver.url}?username=me"], SCRIPT,
            env={"BRUNT_REMOTE_WRITE_PASSWORD": "pa:ss"}.items())
    check("authorization by variables", set(auth) == {"Basic " + base64.b64encode(b"me:pa:ss").decode()}, auth)

    def picky(_, body):
        content = remote_write.snappy(body)
        return (400, {}, b"depth is not welcome") if b"brunt_depth" in content else (204, {}, b"")

    with Receiver(picky) as receiver:
        code, output, _ = run(brunt, target, [f"remote-write={receiver.url}?interval=1s&version=1"], SCRIPT)
    check("400: only what is refused is dropped, and it is said", code == 115 and "depth is not welcome" in output,
          f"{code} {output[-600:]}")


def signature(handler, body, secret):
    """What Amazon would compute for a request (Signature Version 4), by Python's own hashes."""
    date = handler.headers["X-Amz-Date"]
    path, _, query = handler.path.partition("?")
    canonical = "\n".join(["POST", path, query, f"host:{handler.headers['Host']}", f"x-amz-date:{date}", "",
                           "host;x-amz-date", hashlib.sha256(body).hexdigest()])
    scope = f"{date[:8]}/eu-west-1/aps/aws4_request"
    key = f"AWS4{secret}".encode()
    for part in scope.split("/"):
        key = hmac.new(key, part.encode(), "sha256").digest()
    text = "\n".join(["AWS4-HMAC-SHA256", date, scope, hashlib.sha256(canonical.encode()).hexdigest()])
    return (f"AWS4-HMAC-SHA256 Credential=AKID/{scope}, SignedHeaders=host;x-amz-date, "
            f"Signature={hmac.new(key, text.encode(), 'sha256').hexdigest()}")


def push_signed(brunt, target):
    good = []

    def answer(handler, body):
        good.append(handler.headers["Authorization"] == signature(handler, body, "s3cret/+"))
        return (204, {}, b"") if good[-1] else (403, {}, b"signature does not match")

    env = {"K6_PROMETHEUS_RW_SIGV4_REGION": "eu-west-1", "K6_PROMETHEUS_RW_SIGV4_ACCESS_KEY": "AKID",
           "K6_PROMETHEUS_RW_SIGV4_SECRET_KEY": "s3cret/+"}
    with Receiver(answer) as receiver:
        out = f"experimental-prometheus-rw={receiver.url}/workspaces/ws-1/api/v1/remote_write"
        code, output, _ = run(brunt, target, [out], SCRIPT, env=env.items())
    check("SigV4: every request is signed", code == 0 and good and all(good), output)
    check("SigV4: the secret is not shown", "s3cret" not in output)


def bad_input(brunt, target):
    for out, words in (("remote-write=localhost:9090", "no http:// or https:// URL"),
                       ("remote-write=http://[::1", "is no URL"),
                       ("remote-write=http://h?version=3", "none of auto|1|2"),
                       ("remote-write=http://h?schema=9", "schema must be from 0 to 8"),
                       ("remote-write=http://h?buckets=2,1&histograms=classic", "must ascend"),
                       ("remote-write=http://h?username=a&token=b", "either a token or a user"),
                       ("remote-write=http://h?sigv4_region=eu", "needs sigv4_region"),
                       ("remote-write=http://h?header.Content-Type=x", "the protocol's own"),
                       ("remote-write=http://h?headers=a:b:c", "no header of the form"),
                       ("remote-write=http://h?interval=0s", "must be more than 0"),
                       ("xk6-prometheus-rw=http://h?client_certificate=x", "client certificates"),
                       ("prometheus=:0?buckets=a", "no bound of a bucket"),
                       ("prometheus=:0?schema=-1", "schema must be from 0 to 8")):
        code, output, _ = run(brunt, target, [out], SCRIPT)
        check(f"refused: {out}", code == 104 and words in output, f"{code} {output}")


def main():
    with Target(sys.argv[1]) as target:
        for part in sys.argv[2:] or PARTS:
            globals()[part](sys.argv[1], target)
    finish()


if __name__ == "__main__":
    main()
