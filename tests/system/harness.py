"""What system tests stand on: the binary under test, servers to run it against, and their orderly end.

Everything is started on free ports and in a temporary directory, and ended by process id.
"""

import os
import pathlib
import re
import shutil
import signal
import socket
import subprocess
import tempfile
import threading
import time

TIMEOUT_S = 60


def free_port():
    with socket.socket() as s:
        s.bind(("127.0.0.1", 0))
        return s.getsockname()[1]


class Result:
    """How a command ended."""

    def __init__(self, code, stdout, stderr, seconds):
        self.code, self.stdout, self.stderr, self.seconds = code, stdout, stderr, seconds

    def __str__(self):
        return (f"exit code {self.code} after {self.seconds:.1f} s\n---- stdout\n{self.stdout}"
                f"\n---- stderr\n{self.stderr}")


class Pipe(threading.Thread):
    """Reads a stream to its end; others may wait for a text to appear in it."""

    def __init__(self, stream):
        super().__init__(daemon=True)
        self.stream, self.text = stream, ""
        self.changed = threading.Condition()
        self.is_over = False
        self.start()

    def run(self):
        for line in self.stream:
            with self.changed:
                self.text += line
                self.changed.notify_all()
        with self.changed:
            self.is_over = True
            self.changed.notify_all()

    def wait_for(self, text, timeout=TIMEOUT_S):
        with self.changed:
            self.changed.wait_for(lambda: text in self.text or self.is_over, timeout)
            return text in self.text


class Process:
    """A command that runs while the test does something else."""

    def __init__(self, command, cwd=None, env=None, stdin=None):
        self.started = time.monotonic()
        self.popen = subprocess.Popen(command, cwd=cwd, env=env, stdin=stdin or subprocess.DEVNULL,
                                      stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, errors="replace")
        self.stdout, self.stderr = Pipe(self.popen.stdout), Pipe(self.popen.stderr)

    def wait_for(self, text, timeout=30):
        """Waits until the text has come out on either stream; False when it never does."""
        end = time.monotonic() + timeout
        while time.monotonic() < end:
            if text in self.stdout.text or text in self.stderr.text:
                return True
            if self.stdout.is_over and self.stderr.is_over:
                return False
            time.sleep(0.01)
        return False

    def signal(self, number):
        self.popen.send_signal(number)

    def wait(self, timeout=TIMEOUT_S):
        try:
            code = self.popen.wait(timeout)
        except subprocess.TimeoutExpired:
            self.popen.kill()
            self.popen.wait()
            code = "none: it did not end and was killed"
        seconds = time.monotonic() - self.started
        for pipe in (self.stdout, self.stderr):
            pipe.join(5)
            pipe.stream.close()
        return Result(code, self.stdout.text, self.stderr.text, seconds)

    def end(self):
        if self.popen.poll() is None:
            self.popen.terminate()
        return self.wait(10)


class Target:
    """`brunt target` on a free port."""

    def __init__(self, brunt, *options):
        self.process = Process([brunt, "target", "--listen", "127.0.0.1:0", "--threads", "1", "--seed", "1", *options])
        ready = self.process.stdout.wait_for("\n", 20)
        found = re.search(r"https?://\S+", self.process.stdout.text)
        if not ready or not found:
            raise RuntimeError(f"the target did not start\n{self.process.end()}")
        self.url = found.group(0)

    def end(self):
        return self.process.end()


NGINX_CONF = """
worker_processes 1;
daemon off;
master_process off;
pid {dir}/nginx.pid;
error_log {dir}/error.log;
events {{ worker_connections 512; }}
http {{
    access_log {dir}/access.log;
    client_body_temp_path {dir}/body;
    proxy_temp_path {dir}/proxy;
    fastcgi_temp_path {dir}/fastcgi;
    uwsgi_temp_path {dir}/uwsgi;
    scgi_temp_path {dir}/scgi;
    keepalive_requests 50;
    default_type text/plain;
    gzip on;
    gzip_types text/plain application/json;
    gzip_min_length 1;
    server {{
        listen 127.0.0.1:{port};
        listen 127.0.0.1:{tls_port} ssl;
        ssl_certificate {dir}/cert.pem;
        ssl_certificate_key {dir}/key.pem;
        ssl_protocols TLSv1.2 TLSv1.3;
        root {dir}/www;
        location / {{ }}
        location /hello {{ return 200 "hello from nginx\\n"; }}
        location /json {{ default_type application/json; return 200 '{{"server":"nginx","list":[1,2,3]}}'; }}
        location /moved {{ return 302 /hello; }}
        location /to-plain {{ return 302 http://127.0.0.1:{port}/hello; }}
        location /teapot {{ return 418; }}
        location /upload {{ client_max_body_size 1k; proxy_pass http://127.0.0.1:{port}/hello; }}
        location /slow {{ limit_rate 20k; }}
    }}
}}
"""


class Nginx:
    """A real nginx over HTTP and HTTPS, with a certificate of its own for localhost."""

    def __init__(self):
        program = shutil.which("nginx") or shutil.which("nginx", path="/usr/sbin:/usr/local/sbin")
        if not program:
            raise RuntimeError("nginx is not installed; `tools/setup test` installs it")
        self.dir = pathlib.Path(tempfile.mkdtemp(prefix="brunt-nginx-"))
        self.dir.chmod(0o755)
        self.port, self.tls_port = free_port(), free_port()
        self.url = f"http://127.0.0.1:{self.port}"
        self.tls_url = f"https://localhost:{self.tls_port}"
        self.cert = self.dir / "cert.pem"
        self.make_certificate()
        www = self.dir / "www"
        www.mkdir()
        (www / "large.bin").write_bytes(bytes(range(256)) * 4096)
        (www / "slow.txt").write_bytes(b"slowly\n" * 1000)
        (self.dir / "nginx.conf").write_text(NGINX_CONF.format(dir=self.dir, port=self.port, tls_port=self.tls_port))
        self.process = Process([program, "-p", str(self.dir), "-e", str(self.dir / "error.log"), "-c", str(self.dir / "nginx.conf")])
        self.wait_until_open()

    def make_certificate(self):
        subprocess.run(["openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes",
                        "-keyout", str(self.dir / "key.pem"), "-out", str(self.cert), "-days", "2",
                        "-subj", "/CN=localhost", "-addext", "subjectAltName=DNS:localhost"],
                       check=True, capture_output=True)

    def wait_until_open(self):
        for _ in range(200):
            with socket.socket() as s:
                if s.connect_ex(("127.0.0.1", self.port)) == 0:
                    return
            if self.process.popen.poll() is not None:
                break
            time.sleep(0.05)
        raise RuntimeError(f"nginx did not start\n{self.process.end()}\n{(self.dir / 'error.log').read_text()}")

    def requests(self):
        return (self.dir / "access.log").read_text().splitlines()

    def end(self):
        result = self.process.end()
        shutil.rmtree(self.dir, ignore_errors=True)
        return result


class Bench:
    """A temporary directory with the binary under test and whatever servers a test asks for."""

    def __init__(self, brunt):
        self.brunt = brunt
        self.dir = pathlib.Path(tempfile.mkdtemp(prefix="brunt-system-"))
        self.servers = {}
        self.port = free_port()
        self.background = None

    def server(self, name, make):
        if name not in self.servers:
            self.servers[name] = make()
        return self.servers[name]

    @property
    def target(self):
        return self.server("target", lambda: Target(self.brunt))

    @property
    def tls_target(self):
        return self.server("tls", lambda: Target(self.brunt, "--tls"))

    @property
    def nginx(self):
        return self.server("nginx", Nginx)

    def environment(self, extra=None):
        """What the caller's shell has set for k6 or brunt must not reach a test."""
        kept = {k: v for k, v in os.environ.items() if not k.startswith(("K6_", "BRUNT_")) and
                k.lower() not in ("xdg_data_home", "http_proxy", "https_proxy", "no_proxy", "all_proxy", "no_color", "sslkeylogfile")}
        io = {"BRUNT_IO": os.environ["TEST_IO"]} if "TEST_IO" in os.environ else {}
        return {**kept, **io, "HOME": str(self.dir), "TZ": "UTC", **(extra or {})}

    def start(self, command, env=None, stdin=None):
        command = [self.brunt if word == "brunt" else word for word in command]
        with open(stdin, "rb") if stdin else open(os.devnull, "rb") as source:
            return Process(command, cwd=self.dir, env=self.environment(env), stdin=source)

    def run(self, command, env=None, stdin=None, timeout=TIMEOUT_S):
        return self.start(command, env, stdin).wait(timeout)

    def close(self):
        if self.background:
            self.background.end()
        for server in self.servers.values():
            server.end()
        shutil.rmtree(self.dir, ignore_errors=True)


SIGNALS = {"INT": signal.SIGINT, "TERM": signal.SIGTERM, "HUP": signal.SIGHUP}
