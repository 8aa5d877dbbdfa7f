"""Scenarios as LoadPilot's documentation writes them, against a shop that counts: loadpilot_shop.py, and on request the
originals of a checkout of LoadPilot, under brunt and under LoadPilot itself.

    loadpilot_examples.py BRUNT [--originals CHECKOUT [--loadpilot PROGRAM]]

What LoadPilot's documentation shows is often a piece; it is put into a class with a login then. Rates and durations are
made short. The table of docs/loadpilot-checked.md comes from there.
"""
import argparse
import collections
import http.server
import json
import os
import re
import subprocess
import sys
import tempfile
import threading
from pathlib import Path

HERE = Path(__file__).resolve().parent
sys.path.insert(0, str(HERE.parent / "sinks"))
from servers import check, finish  # noqa: E402

SHOP = HERE / "loadpilot_shop.py"


class Shop(http.server.BaseHTTPRequestHandler):
    """Wants a login for all but the front page; `seen` counts (method, path, status), numbers in paths as N."""

    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True
    seen = collections.Counter()
    ANSWERS = {
        "/": "hello", "/health": {"status": "ok"}, "/api/products": [{"id": 1}], "/api/user": {"id": 1, "name": "bench"},
        "/api/orders": [], "/cart": {"items": [{"id": 7}]},
    }

    def answer(self):
        body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
        sent = json.loads(body) if self.headers.get("Content-Type") == "application/json" and body else {}
        status, reply = self.decide(sent)
        text = json.dumps(reply).encode()
        self.seen[(self.command, re.sub(r"/\d+", "/N", self.path), status)] += 1
        self.send_response(status)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(text)))
        self.end_headers()
        self.wfile.write(text)

    def decide(self, sent):
        if self.path == "/auth/login":
            return 200, {"access_token": "tok", "token": "tok"}
        if self.path not in ("/", "/health") and self.headers.get("Authorization") != "Bearer tok":
            return 401, {"error": "log in"}
        if self.command == "POST":
            return 201, {"id": 5, **sent}
        return 200, self.ANSWERS.get(self.path, {"id": 1})

    do_GET = do_POST = do_PUT = do_PATCH = do_DELETE = answer

    def log_message(self, *args):
        pass


def serve():
    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Shop)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    return f"http://127.0.0.1:{server.server_port}"


def run(program, url, path, scenario, *more, env=None):
    """(exit code, output, what the shop saw)"""
    Shop.seen.clear()
    command = [program, "run", str(path), "--target", url, *more, *(["--scenario", scenario] if scenario else [])]
    done = subprocess.run(command, env={**os.environ, "BRUNT_NO_STORE": "true", "TERM": "dumb", **(env or {})}, text=True,
                          capture_output=True, timeout=120)
    return done.returncode, done.stdout + done.stderr, dict(Shop.seen)


# ---- ours ----

GET, POST, PUT, PATCH, DELETE = "GET", "POST", "PUT", "PATCH", "DELETE"
WANTED = {  # but for logins, whose number is that of the users
    "Alive": {(GET, "/health", 200): 40},
    "Weights": {(GET, "/health", 200): 30, (GET, "/", 200): 10},
    "Checkout": {(GET, "/api/products", 200): 25, (GET, "/api/products/N", 200): 10, (POST, "/api/orders", 201): 5},
    "SeveralCalls": {(GET, "/cart", 200): 40, (POST, "/orders", 201): 40},
    "AtOnce": {(GET, "/api/user", 200): 40, (GET, "/api/orders", 200): 40, (GET, "/cart", 200): 40},
    "Projects": {(POST, "/api/v1/projects", 201): 1, (GET, "/api/v1/projects/N", 200): 32, (PATCH, "/api/v1/projects/N", 200): 8,
                 (DELETE, "/api/v1/projects/N", 200): 1},
    "AllVerbs": {(PUT, "/api/items/N", 200): 40, (PATCH, "/api/items/N", 200): 40, (DELETE, "/api/items/N", 200): 40},
}


def test_shop(brunt, url):
    for name, wanted in WANTED.items():
        code, output, seen = run(brunt, url, SHOP, name, "--loops", "1", "--threshold", "script_exceptions: count<1")
        logins = seen.pop((POST, "/auth/login", 200), 0)
        check(f"{name}: the shop saw each request", code == 0 and seen == wanted, f"exit code {code}, {seen}\n{output[-3000:]}")
        check(f"{name}: logins", (logins > 0) == (name not in ("Alive", "Weights")), logins)


# ---- the originals ----

HEAD = "import threading\nfrom loadpilot import VUser, scenario, task, LoadClient\n\n"
LOGIN = """    def on_start(self, client):
        self.token = client.post("/auth/login", json={}).json()["access_token"]

    def _auth(self):
        return {"Authorization": f"Bearer {self.token}"}

"""
CLASS = HEAD + '@scenario(rps=20, duration="2s")\nclass Example(VUser):\n'
STATE = "    _lock, _vuser_count, _shared_project_id = threading.Lock(), 1, 5\n\n"  # of what an on_stop tidies up


def completed(text):
    """A piece of the documentation as a file; None: it is no code of a scenario."""
    text = text.rstrip() + "\n"
    if text.startswith(("@task", "def on_start", "def check_", "def on_stop")):
        body = "".join(f"    {line}\n" if line else "\n" for line in text.splitlines())
        more = "" if "@task" in text else "\n    @task\n    def ping(self, client):\n        client.get('/health')\n"
        return CLASS + (STATE if "_lock" in text else "") + ("" if "def on_start" in text else LOGIN) + body + more
    if not re.search(r"^class |^@scenario", text, re.M):
        return None
    task = "\n    @task\n    def ping(self, client):\n        client.get('/health')\n"
    if "class " not in text:  # decorators alone: one class each
        one = re.findall(r"@scenario\([^)]*\)", text)
        return HEAD + "\n".join(f"{d}\nclass Example{i}(VUser):{task}" for i, d in enumerate(one))
    text = re.sub(r"^(class [^\n]*:) \.\.\.$", lambda m: m[1] + task, text, flags=re.M)
    if "self._auth()" in text and "def _auth" not in text:
        base = "class VUser(VUser):\n" + LOGIN  # what the page says that the reader has
        return HEAD + base + text.replace("new_project()", '{"name": "ours"}')
    return text if "import" in text else HEAD + text


def shortened(text):
    text = re.sub(r'duration="[^"]*"', 'duration="2s"', re.sub(r'ramp_up="[^"]*"', 'ramp_up="0s"', text))
    text = re.sub(r"rps=[\d_]+", "rps=20", text)
    return re.sub(r"@scenario\((?![^)]*ramp_up)", '@scenario(ramp_up="0s", ', text)


def pieces(checkout):
    """(where, source) of all that is shown."""
    for path in sorted([checkout / "README.md", *(checkout / "docs").rglob("*.md")]):
        text = path.read_text()
        for found in re.finditer(r"```python\n(.*?)```", text, re.S):
            source = completed(found[1])
            if source:
                yield f"{path.relative_to(checkout)}:{text[:found.start()].count(chr(10)) + 1}", source
    for path in sorted([*(checkout / "examples").glob("*.py"), *(checkout / "cli/scenarios").glob("*.py"),
                        *(checkout / "bench/scenarios").rglob("*.py")]):
        if "loadpilot import" in path.read_text():
            yield str(path.relative_to(checkout)), path.read_text()


def told(seen):
    return ", ".join(f"{n} {method} {path}" + (f" **{status}**" if status >= 400 else "")
                     for (method, path, status), n in sorted(seen.items())) or "nothing"


def originals(opts, url):
    print("| example | brunt | LoadPilot 0.2 |\n|---|---|---|")
    with tempfile.TemporaryDirectory() as folder:
        for where, source in pieces(opts.originals):
            path = Path(folder) / f"{re.sub('[^a-z0-9]', '_', where.lower())}.py"
            path.write_text(shortened(source))
            for name in re.findall(r"@scenario[^\n]*(?:\n[^\n]*?)*?\nclass (\w+)", path.read_text()):
                code, output, seen = run(opts.brunt, url, path, name, "--threshold", "script_exceptions: count<1")
                check(f"{where} {name}", code == 0 and seen and all(k[2] < 400 for k in seen), f"{code} {seen}\n{output[-3000:]}")
                theirs = ""
                if opts.loadpilot:
                    theirs = told(run(opts.loadpilot, url, path, name)[2])
                print(f"| `{where}` {name} | {told(seen)} | {theirs} |", flush=True)


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("brunt")
    parser.add_argument("--originals", type=Path)
    parser.add_argument("--loadpilot")
    opts = parser.parse_args()
    url = serve()
    if opts.originals:
        originals(opts, url)
    else:
        test_shop(opts.brunt, url)
    finish()


main()
