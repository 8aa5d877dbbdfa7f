"""What tests of sinks share: real servers on free loopback ports, ended by their process ids, and strict receivers of
our own; a target and a run against it."""
import contextlib
import gzip
import http.server
import json
import os
import re
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import threading
import time
import urllib.error
import urllib.parse
import urllib.request
from pathlib import Path

HERE = Path(__file__).resolve().parent
INCOMPLETE = 115  # the exit code of a run whose results did not all arrive
failures = 0


def check(name, truth, detail=""):
    global failures
    failures += not truth
    print(f"{'ok  ' if truth else 'FAIL'} {name}{'' if truth else f': {detail}'}", flush=True)


def finish():
    sys.exit(1 if failures else 0)


def free_ports(n, kind=socket.SOCK_STREAM):
    """n different ports that nobody listens on; another process could take one before its server does."""
    with contextlib.ExitStack() as stack:
        taken = [stack.enter_context(socket.socket(socket.AF_INET, kind)) for _ in range(n)]
        for s in taken:
            s.bind(("127.0.0.1", 0))
        return [s.getsockname()[1] for s in taken]


def wait_for(what, probe, seconds=15):
    """The first true value of probe(); a sentence and the end of the test when there is none in time."""
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        with contextlib.suppress(OSError):
            found = probe()
            if found:
                return found
        time.sleep(0.05)
    sys.exit(f"{what} did not happen within {seconds} s")


def find_program(name, package):
    path = shutil.which(name) or shutil.which(name, path="/usr/sbin:/usr/bin:/sbin:/bin")
    if not path:
        sys.exit(f"this test needs {name}; `tools/setup test` installs it (package {package})")
    return path


def fetch(url, data=None, **headers):
    """The body of an answer below 400; OSError otherwise."""
    request = urllib.request.Request(url, data=data, headers={k.replace("_", "-"): v for k, v in headers.items()})
    with urllib.request.urlopen(request, timeout=10) as answer:
        return answer.read()


def fetch_json(url, **query):
    return json.loads(fetch(url + ("?" + urllib.parse.urlencode(query, doseq=True) if query else "")))


class Process:
    """A server, with a folder of its own, from its start to its end."""

    def __init__(self, where=None):
        self.folder = tempfile.TemporaryDirectory(prefix="brunt-test-", dir=where)
        self.procs = []

    @property
    def path(self):
        return Path(self.folder.name)

    def start(self, *command, **kwargs):
        log = open(self.path / f"log-{len(self.procs)}", "wb")
        self.procs.append(subprocess.Popen(command, stdout=log, stderr=log, stdin=subprocess.DEVNULL, **kwargs))
        return self.procs[-1]

    def logs(self):
        return "".join(p.read_text(errors="replace") for p in sorted(self.path.glob("log-*")))

    def __enter__(self):
        return self

    def __exit__(self, *_):
        for proc in reversed(self.procs):
            proc.send_signal(signal.SIGTERM)
            try:
                proc.wait(5)
            except subprocess.TimeoutExpired:
                proc.kill()
                proc.wait()
        self.folder.cleanup()


class Target(Process):
    """`brunt target`, what the load is for."""

    def __init__(self, brunt, *options):
        super().__init__()
        command = [brunt, "target", "--listen", "127.0.0.1:0", *options]
        proc = subprocess.Popen(command, stdout=subprocess.PIPE, text=True)
        self.procs.append(proc)
        self.url = re.search(r"https?://[\d.:]+", proc.stdout.readline()).group(0)


def run(brunt, target, outs, script=HERE / "files.js", more=(), env=()):
    """Runs a script; gives (exit code, output, metrics of the summary)."""
    with tempfile.TemporaryDirectory(prefix="brunt-test-") as folder:
        summary = Path(folder) / "summary.json"
        command = [brunt, "run", "--quiet", *more, *(part for out in outs for part in ("-o", out)), str(script)]
        environment = {**os.environ, "HOME": folder, "BASE_URL": target.url, "SUMMARY": str(summary), **dict(env)}
        done = subprocess.run([*command, "--summary-trend-stats", "count,avg,min,max,p(95)"], env=environment, text=True,
                              capture_output=True, timeout=60)
        metrics = json.loads(summary.read_text()) if summary.exists() else {}
    return done.returncode, done.stdout + done.stderr, metrics


class Receiver(threading.Thread):
    """An HTTP server of our own: `answer(handler, body)` gives (status, headers, body) for each request; what came with
    a Content-Encoding of gzip is unpacked before."""

    def __init__(self, answer):
        super().__init__(daemon=True)
        self.requests = 0
        receiver = self

        class Handler(http.server.BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def log_message(self, *_):
                pass

            def do_POST(self):
                body = self.rfile.read(int(self.headers["Content-Length"]))
                if self.headers.get("Content-Encoding") == "gzip":
                    body = gzip.decompress(body)
                receiver.requests += 1
                status, headers, text = answer(self, body)
                self.send_response(status)
                for name, value in headers.items():
                    self.send_header(name, value)
                self.send_header("Content-Length", str(len(text)))
                self.end_headers()
                self.wfile.write(text)

        self.server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.url = f"http://127.0.0.1:{self.server.server_port}"

    def run(self):
        self.server.serve_forever(poll_interval=0.05)

    def __enter__(self):
        self.start()
        return self

    def __exit__(self, *_):
        self.server.shutdown()
        self.server.server_close()


# ---- real servers ----

class Influx(Process):
    """InfluxDB 1 as Debian has it."""

    def __init__(self):
        super().__init__()
        program = find_program("influxd", "influxdb")
        http_port, rpc_port = free_ports(2)
        (udp_port,) = free_ports(1, socket.SOCK_DGRAM)
        self.url, self.udp = f"http://127.0.0.1:{http_port}", f"127.0.0.1:{udp_port}"
        (self.path / "influxdb.conf").write_text(f"""
            reporting-disabled = true
            bind-address = "127.0.0.1:{rpc_port}"
            [meta]
              dir = "{self.path}/meta"
            [data]
              dir = "{self.path}/data"
              wal-dir = "{self.path}/wal"
            [http]
              bind-address = "127.0.0.1:{http_port}"
              log-enabled = false
            [monitor]
              store-enabled = false
            [[udp]]
              enabled = true
              bind-address = "{self.udp}"
              database = "datagrams"
              batch-timeout = "100ms"
        """)
        self.start(program, "-config", str(self.path / "influxdb.conf"))
        try:
            wait_for("the start of InfluxDB", lambda: fetch(self.url + "/ping") == b"")
        except SystemExit:
            print(self.logs())
            self.__exit__()
            raise

    def query(self, q, db=""):
        """Rows of all series of an InfluxQL query, as dictionaries; tags of GROUP BY among them."""
        answer = json.loads(fetch(self.url + "/query", urllib.parse.urlencode({"q": q, "db": db, "epoch": "ns"}).encode()))
        result = answer["results"][0]
        if "error" in result:
            raise AssertionError(result["error"])
        return [{**series.get("tags", {}), **dict(zip(series["columns"], row))}
                for series in result.get("series", ()) for row in series["values"]]


class VictoriaMetrics(Process):
    """Takes InfluxDB's lines, of both versions, and much else."""

    def __init__(self, *options):
        super().__init__()
        program = find_program("victoria-metrics", "victoria-metrics")
        (port,) = free_ports(1)
        self.url = f"http://127.0.0.1:{port}"
        self.start(program, f"-storageDataPath={self.path}/data", f"-httpListenAddr=127.0.0.1:{port}",
                   "-search.latencyOffset=0s", "-retentionPeriod=1", *options)
        wait_for("the start of VictoriaMetrics", lambda: fetch(self.url + "/health"))

    def export(self, match):
        """All series that match, with every sample: [{"metric": {...}, "values": [...], "timestamps": [...]}]."""
        fetch(self.url + "/internal/force_flush")
        text = fetch(self.url + "/api/v1/export?" + urllib.parse.urlencode({"match[]": match}))
        return [json.loads(line) for line in text.splitlines()]


class Graphite(Process):
    """carbon-cache and graphite-web, with resolution of one second and caches that do not delay a test."""

    def __init__(self):
        # Its index takes a commit to disk for each series, which a memory file system makes short.
        super().__init__("/dev/shm" if os.access("/dev/shm", os.W_OK) else None)
        carbon = find_program("carbon-cache", "graphite-carbon")
        find_program("graphite-manage", "graphite-web")
        self.line, self.pickle, query, web = free_ports(4)
        self.url = f"http://127.0.0.1:{web}"
        for name in ("storage/whisper", "log/webapp", "run", "settings"):
            (self.path / name).mkdir(parents=True)
        (self.path / "carbon.conf").write_text(f"""[cache]
STORAGE_DIR = {self.path}/storage
LOCAL_DATA_DIR = {self.path}/storage/whisper
CONF_DIR = {self.path}
LOG_DIR = {self.path}/log
PID_DIR = {self.path}/run
MAX_CREATES_PER_MINUTE = inf
MAX_UPDATES_PER_SECOND = inf
LINE_RECEIVER_INTERFACE = 127.0.0.1
LINE_RECEIVER_PORT = {self.line}
ENABLE_UDP_LISTENER = True
UDP_RECEIVER_INTERFACE = 127.0.0.1
UDP_RECEIVER_PORT = {self.line}
PICKLE_RECEIVER_INTERFACE = 127.0.0.1
PICKLE_RECEIVER_PORT = {self.pickle}
CACHE_QUERY_INTERFACE = 127.0.0.1
CACHE_QUERY_PORT = {query}
GRAPHITE_URL = {self.url}
ENABLE_TAGS = True
TAG_UPDATE_INTERVAL = 100
""")
        (self.path / "storage-schemas.conf").write_text("[default]\npattern = .*\nretentions = 1s:1d\n")
        (self.path / "settings" / "brunt_graphite.py").write_text(f"""
from graphite.settings import *
SECRET_KEY = "for tests"
STORAGE_DIR = "{self.path}/storage"
CONF_DIR = "{self.path}"
LOG_DIR = "{self.path}/log/webapp"
WHISPER_DIR = "{self.path}/storage/whisper"
STANDARD_DIRS = [WHISPER_DIR]
DATABASES = {{"default": {{"ENGINE": "django.db.backends.sqlite3", "NAME": "{self.path}/graphite.db"}}}}
CARBONLINK_HOSTS = ["127.0.0.1:{query}"]
TAGDB_CACHE_DURATION = DEFAULT_CACHE_DURATION = FIND_CACHE_DURATION = 0
""")
        environment = {**os.environ, "PYTHONPATH": f"{self.path}/settings", "DJANGO_SETTINGS_MODULE": "brunt_graphite"}
        manage = ["/usr/bin/python3", "-m", "django"]
        done = subprocess.run([*manage, "migrate", "--run-syncdb"], env=environment, cwd=self.path, capture_output=True, text=True)
        if done.returncode:
            sys.exit(f"graphite-web cannot make its database: {done.stderr[-500:]}")
        self.start(*manage, "runserver", "--noreload", f"127.0.0.1:{web}", env=environment, cwd=self.path)
        self.start(carbon, f"--config={self.path}/carbon.conf", "--nodaemon", "start")
        wait_for("the start of graphite-web", lambda: fetch(self.url + "/tags") is not None)
        wait_for("the start of carbon", lambda: socket.create_connection(("127.0.0.1", self.line)).close() or True)

    def render(self, target, since):
        """Series of a target: [(tags, [(value, epoch), ...])], without gaps."""
        rows = fetch_json(self.url + "/render", target=target, format="json", **{"from": int(since), "noNullPoints": 1})
        return [(row["tags"], row["datapoints"]) for row in rows]
