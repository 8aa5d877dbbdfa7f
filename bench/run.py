#!/usr/bin/env python3
"""Side-by-side benchmarks: brunt against wrk and k6, in one run, on one machine.

The server has core 0, the generator core 1. A round runs every tool of a case once; ratios are taken within
a round and the median of the rounds is printed, so that a machine whose speed drifts does not decide. What is
compared is requests per CPU-second of the generator (user + system), from the kernel's own accounting.

    bench/run.py                          everything that is installed
    bench/run.py --only wrk --rounds 3    the cases whose name contains "wrk"
    bench/run.py --json results.json      the figures as well

brunt is build/release/brunt (--brunt), k6 is build/peers/k6 (--k6; `make bench` builds it), wrk and nginx are
Debian's.
"""
import argparse
import json
import os
import re
import resource
import shutil
import signal
import socket
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path

HERE = Path(__file__).resolve().parent
TOP = HERE.parent
os.environ.setdefault("BRUNT_STORE", str(TOP / "build/bench-runs.db"))  # a history, but not the user's
SCRIPTS = HERE / "scripts"
SERVER_CPU, LOAD_CPU = "0", "1"


def document():
    """The JSON document of the r.json() case: 2.3 KB, 162 values and more."""
    items = [{"id": i + 1, "name": f"Product number {i + 1:02d} of the shop", "price": round(9.99 + i * 3.5, 2),
              "stock": i * 7 % 50, "active": i % 3 != 0, "tags": [f"aisle{i % 4}", "shop"]} for i in range(20)]
    return json.dumps({"page": 1, "total": 20, "items": items}, separators=(",", ":"))


def free_port():
    with socket.socket() as s:
        s.bind(("127.0.0.1", 0))
        return s.getsockname()[1]


def wait_port(port, proc, name):
    for _ in range(200):
        if proc.poll() is not None:
            sys.exit(f"bench: {name} ended with code {proc.returncode} while starting")
        try:
            socket.create_connection(("127.0.0.1", port), 0.2).close()
            return
        except OSError:
            time.sleep(0.05)
    sys.exit(f"bench: {name} does not listen on port {port}")


class Server:
    """A server on core 0, ended by its process id."""

    def __init__(self, name, command, port):
        self.name, self.url = name, f"http://127.0.0.1:{port}"
        self.proc = subprocess.Popen(["taskset", "-c", SERVER_CPU, *command], stdout=subprocess.DEVNULL,
                                     stderr=subprocess.DEVNULL)
        wait_port(port, self.proc, name)

    def stop(self):
        self.proc.send_signal(signal.SIGTERM)
        try:
            self.proc.wait(5)
        except subprocess.TimeoutExpired:
            self.proc.kill()
            self.proc.wait()


def nginx(folder):
    port = free_port()
    root = Path(folder) / "www"
    root.mkdir(exist_ok=True)
    (root / "doc.json").write_text(document())
    conf = Path(folder) / "nginx.conf"
    conf.write_text(f"""
daemon off; master_process off; worker_processes 1; pid {folder}/nginx.pid; error_log /dev/null crit;
events {{ worker_connections 8192; }}
http {{
  access_log off; keepalive_requests 1000000000; keepalive_timeout 600s; default_type application/json;
  open_file_cache max=16; types {{ }}
  client_body_temp_path {folder}/b; proxy_temp_path {folder}/p; fastcgi_temp_path {folder}/f;
  uwsgi_temp_path {folder}/u; scgi_temp_path {folder}/s;
  server {{
    listen 127.0.0.1:{port} backlog=8192; root {root};
    location = / {{ return 200 '{{"status":"ok","message":"hello from the server","items":[1,2,3],"x":1}}'; }}
  }}
}}
""")
    return Server("nginx", [shutil.which("nginx") or "/usr/sbin/nginx", "-c", str(conf)], port)


def target(brunt):
    port = free_port()
    return Server("brunt target", [brunt, "target", "--listen", f"127.0.0.1:{port}", "--threads", "1"], port)


def pin():
    """In the child, before it becomes the generator: no other program in between costs it time."""
    os.sched_setaffinity(0, {int(LOAD_CPU)})


def run(command, env=None):
    """Runs one generator on core 1; gives (cpu seconds, wall seconds, its output)."""
    before, start = resource.getrusage(resource.RUSAGE_CHILDREN), time.monotonic()
    done = subprocess.run(command, preexec_fn=pin, env={**os.environ, **(env or {})},
                          stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)
    wall, after = time.monotonic() - start, resource.getrusage(resource.RUSAGE_CHILDREN)
    cpu = after.ru_utime - before.ru_utime + after.ru_stime - before.ru_stime
    if done.returncode not in (0, 99, 115):  # a threshold, an output that lost something
        sys.exit(f"bench: {' '.join(command)} ended with code {done.returncode}:\n{done.stdout[-2000:]}")
    return cpu, wall, done.stdout


def wrk(url, conns, seconds):
    cpu, wall, out = run(["wrk", "-t1", f"-c{conns}", f"-d{seconds}s", url])
    return int(re.search(r"(\d+) requests in", out).group(1)), cpu, wall


def count_requests(summary, cpu, wall):
    data = json.loads(Path(summary).read_text())
    os.unlink(summary)
    return int(data["metrics"]["http_reqs"]["count"]), cpu, wall


def brunt_url(opts, url, conns, seconds):
    summary = f"{opts.folder}/brunt.json"
    cpu, wall, _ = run([opts.brunt, "run", url, "-c", str(conns), "-d", f"{seconds}s", "--quiet",
                        "--summary-export", summary])
    return count_requests(summary, cpu, wall)


def k6_like(tool, opts, script, url, vus, seconds):
    summary = f"{opts.folder}/{Path(tool).name}.json"
    cpu, wall, _ = run([tool, "run", "--quiet", "-u", str(vus), "-d", f"{seconds}s", "--summary-export", summary,
                        str(SCRIPTS / script)], {"BASE_URL": url, "K6_NO_USAGE_REPORT": "true"})
    return count_requests(summary, cpu, wall)


def rate_cases(opts, servers):
    """name, goal, ours, peer: two functions that give (requests, cpu, wall)."""
    n, t, d = servers["nginx"].url, servers["target"].url, opts.seconds
    yield ("run URL / wrk, nginx-bound, 50", 1.2,
           lambda: brunt_url(opts, n + "/", 50, d), lambda: wrk(n + "/", 50, d))
    yield ("run URL / wrk, generator-bound, 50", 1.45,
           lambda: brunt_url(opts, t + "/fast", 50, d), lambda: wrk(t + "/fast", 50, d))
    yield ("run URL / wrk, generator-bound, 1000", 1.5,
           lambda: brunt_url(opts, t + "/fast", 1000, d), lambda: wrk(t + "/fast", 1000, d))
    yield ("script get+check / wrk without a script", 1.0,
           lambda: k6_like(opts.brunt, opts, "get_check.js", n, 50, d), lambda: wrk(n + "/", 50, d))
    if not opts.k6:
        return
    for script, goal in (("get_check.js", 15), ("tags.js", 12), ("json.js", 6)):
        yield (f"{script} / k6", goal,
               lambda s=script: k6_like(opts.brunt, opts, s, n, 50, d),
               lambda s=script: k6_like(opts.k6, opts, s, n, 50, d))


def bench_rates(opts, servers, results):
    for name, goal, ours, peer in rate_cases(opts, servers):
        if opts.only and opts.only not in name:
            continue
        ratios, our_rates, peer_rates = [], [], []
        for _ in range(opts.rounds):
            (a, a_cpu, a_wall), (b, b_cpu, b_wall) = ours(), peer()
            our_rates.append(a / a_cpu)
            peer_rates.append(b / b_cpu)
            ratios.append(our_rates[-1] / peer_rates[-1])
        ratio = statistics.median(ratios)
        print(f"{name:42} {ratio:6.2f}  goal {goal:<5} {'met ' if ratio >= goal else 'MISSED'}  "
              f"[{min(ratios):.2f} .. {max(ratios):.2f}]  req/CPU-s {statistics.median(our_rates):9.0f} "
              f": {statistics.median(peer_rates):9.0f}", flush=True)
        results.append({"name": name, "goal": goal, "ratio": ratio, "ratios": ratios, "ours": our_rates,
                        "peer": peer_rates})


def peak_idle(command, env, seconds):
    """Resident kB and CPU seconds of a generator whose users wait, once it stopped growing."""
    proc = subprocess.Popen(command, preexec_fn=pin, env={**os.environ, **env},
                            stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    kb, last, cpu = 0, -1, 0.0
    deadline = time.monotonic() + seconds
    while time.monotonic() < deadline and (kb != last or kb == 0):
        last = kb
        time.sleep(1.5)
        status = Path(f"/proc/{proc.pid}/status").read_text()
        kb = int(re.search(r"VmRSS:\s+(\d+)", status).group(1))
        fields = Path(f"/proc/{proc.pid}/stat").read_text().rsplit(")", 1)[1].split()
        cpu = (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")
    proc.kill()
    proc.wait()
    return kb, cpu


def bench_memory(opts, results):
    for tool in filter(None, (opts.brunt, opts.k6)):
        name, rows = Path(tool).name, {}
        for vus in (1, 1000, 5000):
            rows[vus] = peak_idle([tool, "run", "--quiet", "-u", str(vus), "-d", "2h",
                                   str(SCRIPTS / "idle.js")], {"BASE_URL": "http://127.0.0.1:1"}, 60)
        for vus in (1000, 5000):
            kb = (rows[vus][0] - rows[1][0]) / (vus - 1)
            us = (rows[vus][1] - rows[1][1]) / (vus - 1) * 1e6
            goal = " goal 24 KB, 30 us" if name == "brunt" else ""
            print(f"{name}: idle user at {vus:5}: {kb:7.1f} KB resident, {us:6.0f} us of CPU to create{goal}",
                  flush=True)
            results.append({"name": f"{name} idle at {vus}", "kb": kb, "us": us})


def bench_collections(opts, results):
    """
    The longest garbage collection, as the engine times it, with users that make garbage: by processor time, which
    is the collection's own, and by the clock, which is what users saw and counts what others took of the machine.
    """
    for vus in (64, 5000):
        longest, waited, text = [], [], ""
        for _ in range(opts.rounds):
            _, _, text = run([opts.brunt, "run", "--verbose", "--quiet", "--loops", "1", "-u", str(vus), "-d",
                              f"{opts.seconds}s", str(SCRIPTS / "garbage.js")])
            found = re.search(r"(\d+) collections of garbage took ([\d.]+) ms, longest ([\d.]+) ms, "
                              r"most processor time ([\d.]+) ms", text)
            if not found or int(found.group(1)) == 0:
                sys.exit(f"bench: no collections in\n{text[-2000:]}")
            longest.append(float(found.group(4)))
            waited.append(float(found.group(3)))
        n, total = int(found.group(1)), float(found.group(2))
        pause = statistics.median(longest)
        print(f"brunt: longest collection at {vus:5} users {pause:6.3f} ms [{min(longest):.3f} .. {max(longest):.3f}], "
              f"by the clock {statistics.median(waited):.3f} ms, "
              f"mean {total / n:.3f} ms of {n}  goal 0.3 ms {'met' if pause <= 0.3 else 'MISSED'}", flush=True)
        results.append({"name": f"collections at {vus}", "longest_ms": longest, "by_clock_ms": waited,
                        "mean_ms": total / n, "n": n})


def first_request_ms(command, env, listener):
    # The history is where it is by itself: one that is named has to be open before the run begins.
    everything = {k: v for k, v in {**os.environ, **env}.items() if k != "BRUNT_STORE"}
    start = time.monotonic()
    proc = subprocess.Popen(command, preexec_fn=pin, env=everything,
                            stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    conn, _ = listener.accept()
    conn.recv(1)
    took = (time.monotonic() - start) * 1000
    conn.recv(4096)
    conn.sendall(b"HTTP/1.1 200 OK\r\nContent-Length: 0\r\nConnection: close\r\n\r\n")
    conn.close()
    proc.wait()
    return took


def bench_start(opts, results):
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        listener.listen(8)
        url = f"http://127.0.0.1:{listener.getsockname()[1]}"
        for tool in filter(None, (opts.brunt, opts.k6)):
            times = [first_request_ms([tool, "run", "--quiet", "-u", "1", "-i", "1", str(SCRIPTS / "get_check.js")],
                                      {"BASE_URL": url, "K6_NO_USAGE_REPORT": "true",
                                       "XDG_DATA_HOME": opts.folder}, listener)
                     for _ in range(11)]
            goal = "  goal 10 ms" if Path(tool).name == "brunt" else ""
            print(f"{Path(tool).name}: program start to first request {statistics.median(times):6.1f} ms "
                  f"[{min(times):.1f} .. {max(times):.1f}]{goal}", flush=True)
            results.append({"name": f"{Path(tool).name} start", "ms": times})


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--brunt", default=str(TOP / "build/release/brunt"))
    parser.add_argument("--k6", default=str(TOP / "build/peers/k6"))
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--seconds", type=int, default=5)
    parser.add_argument("--only", help="cases whose name contains this; `memory`, `collections` and `start` are names too")
    parser.add_argument("--json", help="write all figures here")
    opts = parser.parse_args()
    if not os.access(opts.brunt, os.X_OK):
        sys.exit(f"bench: {opts.brunt} is not there; build the release preset first")
    if not os.access(opts.k6, os.X_OK):
        print(f"bench: no k6 at {opts.k6}; its cases are left out", file=sys.stderr)
        opts.k6 = None
    results = []
    with tempfile.TemporaryDirectory() as opts.folder:
        servers = {"nginx": nginx(opts.folder), "target": target(opts.brunt)}
        try:
            bench_rates(opts, servers, results)
        finally:
            for server in servers.values():
                server.stop()
        if not opts.only or opts.only in "memory":
            bench_memory(opts, results)
        if not opts.only or opts.only in "collections":
            bench_collections(opts, results)
        if not opts.only or opts.only in "start":
            bench_start(opts, results)
    if opts.json:
        Path(opts.json).write_text(json.dumps(results, indent=1))


if __name__ == "__main__":
    main()
