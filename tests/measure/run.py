#!/usr/bin/env python3
"""Holds what brunt reports against what its target knows to be true: tests/measure/run.py BRUNT

Counts and bytes must be equal to the last one. Times have a floor that no honest report is below, and a
ceiling wide enough for a busy machine: what is tested is truth, not speed.
"""
import collections
import http.server
import json
import os
import socketserver
import subprocess
import sys
import tempfile
import threading
import time
from pathlib import Path

os.environ["BRUNT_NO_STORE"] = "true"  # no run of a test is for the user's history

SCRIPT = """
import http from 'k6/http';
import { Counter } from 'k6/metrics';

const seen = new Counter('seen_bytes');
export const options = { scenarios: { a: { executor: 'per-vu-iterations', vus: 4, iterations: 25 } } };
export default function () {
  for (const path of ['/delay/20', '/delay/60', '/status/404', '/bytes/5000']) {
    const res = http.get(`${__ENV.BASE_URL}${path}`, { tags: { path } });
    seen.add(res.body.length);
  }
  const posted = http.post(`${__ENV.BASE_URL}/post`, 'x'.repeat(1000), { tags: { path: '/post' } });
  seen.add(posted.body.length);
}
"""
THRESHOLDS = {f"http_req_duration{{path:{p}}}": ["max>=0"] for p in ("/delay/20", "/delay/60", "/status/404")}


class Target(http.server.BaseHTTPRequestHandler):
    """Knows how long it waited, what it answered and how many bytes crossed its sockets."""

    protocol_version = "HTTP/1.1"
    lock = threading.Lock()
    statuses = collections.Counter()
    received = sent = bodies = 0

    def log_message(self, *args):
        pass

    def reply(self, status, body):
        head = f"HTTP/1.1 {status} X\r\nContent-Length: {len(body)}\r\n\r\n".encode()
        with Target.lock:
            Target.statuses[status] += 1
            Target.sent += len(head) + len(body)
            Target.bodies += len(body)
        self.wfile.write(head + body)

    def parse_request(self):
        ok = super().parse_request()
        if ok:
            head = len(self.raw_requestline) + sum(len(f"{k}: {v}\r\n") for k, v in self.headers.items()) + 2
            with Target.lock:
                Target.received += head + int(self.headers.get("Content-Length", 0))
        return ok

    def do_GET(self):
        kind, value = self.path.strip("/").split("/")
        if kind == "delay":
            time.sleep(int(value) / 1000)
            return self.reply(200, b"late")
        if kind == "status":
            return self.reply(int(value), b"status")
        return self.reply(200, b"b" * int(value))

    def do_POST(self):
        self.rfile.read(int(self.headers["Content-Length"]))
        self.reply(200, b"thanks")


class Server(socketserver.ThreadingMixIn, http.server.HTTPServer):
    daemon_threads = True
    request_queue_size = 64


class Checks:
    def __init__(self):
        self.n_passed = self.n_failed = 0

    def that(self, what, ok, detail=""):
        self.n_passed += bool(ok)
        self.n_failed += not ok
        print(f"{'ok    ' if ok else 'FAILED'} {what} {detail}")

    def equal(self, what, reported, true):
        self.that(what, reported == true, f"reported {reported}, true {true}")

    def between(self, what, value, low, high):
        self.that(what, low <= value <= high, f"{low} <= {value:.3f} <= {high}")


def run(brunt, url, folder, loops):
    script = Path(folder) / "script.js"
    summary = Path(folder) / "summary.json"
    script.write_text(SCRIPT.replace("scenarios:", f"thresholds: {json.dumps(THRESHOLDS)}, scenarios:"))
    done = subprocess.run([brunt, "run", "--quiet", "--loops", str(loops), "-e", f"BASE_URL={url}",
                           "--summary-trend-stats", "min,med,max,count", "--summary-export", str(summary),
                           str(script)], capture_output=True, text=True, timeout=120)
    if done.returncode != 0:
        sys.exit(f"brunt ended with code {done.returncode}:\n{done.stdout}{done.stderr}")
    return json.loads(summary.read_text())["metrics"]


def hold(checks, m):
    n = sum(Target.statuses.values())
    checks.equal("http_reqs", m["http_reqs"]["count"], n)
    checks.equal("requests that failed", m["http_req_failed"]["passes"], Target.statuses[404])
    checks.equal("samples of http_req_duration", m["http_req_duration"]["count"], n)
    checks.equal("iterations", m["iterations"]["count"], 100)
    checks.equal("data_received", m["data_received"]["count"], Target.sent)
    checks.equal("data_sent", m["data_sent"]["count"], Target.received)
    checks.equal("bytes of bodies that the script saw", m["seen_bytes"]["count"], Target.bodies)
    for ms in (20, 60):
        trend = m[f"http_req_duration{{path:/delay/{ms}}}"]
        checks.equal(f"samples of /delay/{ms}", trend["count"], 100)
        # The sleep of the target is at least as long as it says; histogram buckets are 0.27 % wide.
        checks.between(f"shortest of /delay/{ms}, ms", trend["min"], ms * 0.997, ms + 50)
        checks.between(f"median of /delay/{ms}, ms", trend["med"], ms * 0.997, ms + 100)
        checks.that(f"order of /delay/{ms}", trend["min"] <= trend["med"] <= trend["max"])
    iteration = m["iteration_duration"]
    checks.that("an iteration is no shorter than its waits", iteration["min"] >= 80 * 0.997, iteration["min"])


def main():
    brunt = str(Path(sys.argv[1]).resolve())
    checks = Checks()
    for loops in (1, 2):
        Target.statuses.clear()
        Target.received = Target.sent = Target.bodies = 0
        with Server(("127.0.0.1", 0), Target) as server, tempfile.TemporaryDirectory() as folder:
            threading.Thread(target=server.serve_forever, daemon=True).start()
            print(f"-- {loops} loop(s)")
            hold(checks, run(brunt, f"http://127.0.0.1:{server.server_port}", folder, loops))
            server.shutdown()
    print(f"{checks.n_passed} passed, {checks.n_failed} failed")
    sys.exit(checks.n_failed > 0)


if __name__ == "__main__":
    main()
