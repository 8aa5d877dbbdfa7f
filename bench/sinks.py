#!/usr/bin/env python3
"""What outputs cost the generator: requests per CPU-second with them against without, for brunt and for k6.

The server and the receivers have core 0, the generator core 1. A round runs each case once, and once without any
output; the median of the rounds' ratios is printed. Receivers take what comes and keep nothing: it is the generator
that is measured.

Where a machine's speed drifts by more than outputs cost, the ratios say little. So the processor time of all threads
but the generator's loop is shown as well, as a share of the whole: that is what outputs that get sums take away.

    bench/sinks.py                       everything
    bench/sinks.py --only json           the cases whose name contains "json"
    bench/sinks.py --json results.json   the figures as well
"""
import argparse
import http.server
import json
import os
import socket
import socketserver
import statistics
import subprocess
import sys
import tempfile
import threading
import time
from pathlib import Path

from run import LOAD_CPU, SCRIPTS, SERVER_CPU, TOP, count_requests, free_port, nginx, run

SCRIPT, VUS = "get_check.js", 50


class Receiver(http.server.BaseHTTPRequestHandler):
    """Answers everything as Prometheus, InfluxDB and OTLP receivers do when all is well."""

    protocol_version = "HTTP/1.1"

    def log_message(self, *args):
        pass

    def do_POST(self):
        if self.headers.get("Transfer-Encoding") == "chunked":
            while int(self.rfile.readline(), 16):
                self.rfile.readline()
        else:
            self.rfile.read(int(self.headers.get("Content-Length", 0)))
        otlp = self.path.endswith("/v1/metrics")
        self.send_response(200 if otlp else 204)
        if otlp:
            self.send_header("Content-Type", "application/x-protobuf")
            self.send_header("Content-Length", "0")
        self.end_headers()

    do_GET = do_POST


class Discard(socketserver.BaseRequestHandler):
    def handle(self):
        while self.request.recv(1 << 16):
            pass


class HttpServer(socketserver.ThreadingMixIn, http.server.HTTPServer):
    daemon_threads = True


class TcpServer(socketserver.ThreadingMixIn, socketserver.TCPServer):
    daemon_threads = True


def receive():
    """Receivers of HTTP, TCP and UDP, on threads of this process; gives their ports."""
    ports = {}
    for kind, server in (("http", HttpServer(("127.0.0.1", 0), Receiver)), ("tcp", TcpServer(("127.0.0.1", 0), Discard))):
        threading.Thread(target=server.serve_forever, daemon=True).start()
        ports[kind] = server.server_address[1]
    udp = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
    udp.bind(("127.0.0.1", 0))
    threading.Thread(target=lambda: [udp.recv(1 << 16) for _ in iter(int, 1)], daemon=True).start()
    return {**ports, "udp": udp.getsockname()[1]}


def aggregated(ports):
    """One of each kind that sends sums once a tick."""
    web = f"http://127.0.0.1:{ports['http']}"
    return {"prometheus": f"prometheus=127.0.0.1:{free_port()}", "remote-write": f"remote-write={web}/api/v1/write",
            "influxdb": f"influxdb={web}/k6?samples=aggregate", "graphite": f"graphite=127.0.0.1:{ports['tcp']}",
            "otlp": f"otlp={web}", "statsd": f"statsd=127.0.0.1:{ports['udp']}"}


def cases(opts, ports):
    """name, goal (the smallest ratio), tool, outputs."""
    kinds = subprocess.run([opts.brunt, "outputs"], capture_output=True, text=True, check=True).stdout
    all_of = {k: v for k, v in aggregated(ports).items() if k in kinds}
    yield f"all aggregated at once ({', '.join(all_of)})", 0.95, opts.brunt, list(all_of.values())
    for name, out in all_of.items():
        yield name, 0.95, opts.brunt, [out]
    yield "null", None, opts.brunt, ["null"]
    yield "null?samples", None, opts.brunt, ["null?samples"]
    if "influxdb" in kinds:
        yield "influxdb, all samples", None, opts.brunt, [f"influxdb=http://127.0.0.1:{ports['http']}/k6?samples=all"]
    for name in ("json", "csv"):
        yield name, None, opts.brunt, [f"{name}={opts.folder}/out"]
        yield f"{name}.gz", None, opts.brunt, [f"{name}={opts.folder}/out.gz"]
        if opts.k6:
            yield f"k6 {name}", None, opts.k6, [f"{name}={opts.folder}/out"]


def rate(opts, tool, url, outs):
    """Requests per CPU-second of one run."""
    summary = f"{opts.folder}/summary.json"
    more = ["--spool-dir", f"{opts.folder}/spool"] if tool == opts.brunt else []
    command = [tool, "run", "--quiet", "-u", str(VUS), "-d", f"{opts.seconds}s", "--summary-export", summary, *more,
               *(part for out in outs for part in ("-o", out)), str(SCRIPTS / SCRIPT)]
    cpu, wall, out = run(command, {"BASE_URL": url, "K6_NO_USAGE_REPORT": "true"})
    if " lost" in out:
        print(f"    something was lost with {' and '.join(outs)}", flush=True)
    for name in ("out", "out.gz"):
        Path(opts.folder, name).unlink(missing_ok=True)
    n, cpu, _ = count_requests(summary, cpu, wall)
    return n / cpu


def threads_cpu(pid):
    """CPU-seconds of each thread so far."""
    folder = Path(f"/proc/{pid}/task")
    return {t.name: int((t / "schedstat").read_text().split()[0]) / 1e9 for t in folder.iterdir()}


def share_beside_loop(opts, url, outs):
    """Share of the CPU time, in the middle of a run on one loop, that was not the loop's."""
    command = ["taskset", "-c", LOAD_CPU, opts.brunt, "run", "--quiet", "-u", str(VUS), "-d", "12s", "--loops", "1",
               "--spool-dir", f"{opts.folder}/spool", *(part for out in outs for part in ("-o", out)), str(SCRIPTS / SCRIPT)]
    proc = subprocess.Popen(command, env={**os.environ, "BASE_URL": url}, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    time.sleep(2)
    before = threads_cpu(proc.pid)
    time.sleep(9)
    spent = [cpu - before.get(thread, 0) for thread, cpu in threads_cpu(proc.pid).items()]
    proc.wait(60)
    return 1 - max(spent) / sum(spent)


def show_share(opts, url, ports, results):
    if opts.only and opts.only not in "share":
        return
    outs = list(aggregated(ports).values())
    without, with_all = share_beside_loop(opts, url, []), share_beside_loop(opts, url, outs)
    print(f"all aggregated at once: {100 * with_all:.2f} % of the CPU time is not the loop's; without: {100 * without:.2f} %  "
          f"goal 5 % {'met' if with_all <= 0.05 else 'MISSED'}", flush=True)
    results.append({"name": "share", "goal": 0.05, "with": with_all, "without": without})


def bench(opts, url, ports, results):
    show_share(opts, url, ports, results)
    for name, goal, tool, outs in cases(opts, ports):
        if opts.only and opts.only not in name:
            continue
        ratios, rates = [], []
        for _ in range(opts.rounds):
            without = rate(opts, tool, url, [])
            rates.append(rate(opts, tool, url, outs))
            ratios.append(rates[-1] / without)
        ratio = statistics.median(ratios)
        judged = f"goal {goal} {'met   ' if ratio >= goal else 'MISSED'}" if goal else " " * 16
        label = name if len(name) < 36 else name.split(" (")[0]
        print(f"{label:36} {ratio:6.3f}  {judged}  [{min(ratios):.3f} .. {max(ratios):.3f}]  "
              f"req/CPU-s {statistics.median(rates):9.0f}{'  ' + name[len(label):] if name != label else ''}", flush=True)
        results.append({"name": name, "goal": goal, "ratio": ratio, "ratios": ratios, "rates": rates})


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--brunt", default=str(TOP / "build/release/brunt"))
    parser.add_argument("--k6", default=str(TOP / "build/peers/k6"))
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--seconds", type=int, default=5)
    parser.add_argument("--only", help="cases whose name contains this")
    parser.add_argument("--json", help="write all figures here")
    opts = parser.parse_args()
    if not os.access(opts.brunt, os.X_OK):
        sys.exit(f"bench: {opts.brunt} is not there; build the release preset first")
    if not os.access(opts.k6, os.X_OK):
        print(f"bench: no k6 at {opts.k6}; its cases are left out", file=sys.stderr)
        opts.k6 = None
    os.sched_setaffinity(0, {int(SERVER_CPU)})
    results = []
    with tempfile.TemporaryDirectory() as opts.folder:
        server = nginx(opts.folder)
        try:
            bench(opts, server.url, receive(), results)
        finally:
            server.stop()
    if opts.json:
        Path(opts.json).write_text(json.dumps(results, indent=1))


if __name__ == "__main__":
    main()
