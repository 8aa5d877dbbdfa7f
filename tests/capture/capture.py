#!/usr/bin/env python3
"""Which exchanges a run keeps, what a HAR file says of them, and what it must not: tests/capture/capture.py BRUNT PART"""
import base64
import collections
import json
import os
import re
import subprocess
import sys
import tempfile
from pathlib import Path

HERE = Path(__file__).resolve().parent
sys.path[:0] = [str(HERE), str(HERE.parent / "sinks")]
import har_check  # noqa: E402
from servers import check, finish  # noqa: E402

MARK = "***SECRET_REDACTED***"


class Target:
    def __init__(self, brunt, *more):
        self.proc = subprocess.Popen([brunt, "target", "--listen", "127.0.0.1:0", *more], stdout=subprocess.PIPE, text=True)
        self.url = re.search(r"https?://[\d.:]+", self.proc.stdout.readline()).group(0)

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.proc.terminate()
        self.proc.wait()


def run(brunt, what, *more, target=None, har=True, history=False):
    """Gives (exit code, what was printed, entries of the HAR file, all that was written, what the history has)."""
    with tempfile.TemporaryDirectory(prefix="brunt-test-") as folder:
        path = Path(folder) / "out.har"
        env = {**os.environ, "HOME": folder, "XDG_DATA_HOME": f"{folder}/data", "XDG_STATE_HOME": f"{folder}/state",
               "BASE_URL": target.url if target else ""}
        command = [brunt, "run", *(["--har", str(path)] if har else []), *more, str(what)]
        done = subprocess.run(command, env=env, text=True, capture_output=True, timeout=90, cwd=folder)
        written = b"".join(p.read_bytes() for p in sorted(Path(folder).rglob("*")) if p.is_file())
        shown = [subprocess.run([brunt, "show", "latest", *how], env=env, text=True, capture_output=True, timeout=30).stdout
                 for how in (["--har", "-"], ["--json"]) if history]
        entries = []
        if path.exists():
            try:
                entries = har_check.check(path.read_text())
                check("the file is HAR 1.2", True)
            except AssertionError as e:
                check("the file is HAR 1.2", False, e)
    return done.returncode, done.stdout + done.stderr, entries, written, shown


def by_name(entries, kind="failed"):
    found = collections.defaultdict(list)
    for entry in entries:
        if entry.get("_kind") == kind:
            found[entry["_name"]].append(entry)
    return found


def kinds(brunt):
    with Target(brunt) as target:
        code, out, entries, _, shown = run(brunt, HERE / "kinds.js", "-q", "--capture", "3", "--capture-body", "100",
                                           target=target, history=True)
    failed, slow = by_name(entries), by_name(entries, "slow")
    check("the run ends well", code == 0, out)
    want = {"500": 3, "404": 3, "timeout": 3, "refused": 3, "reset": 3, "short": 3, "gzip": 3, "gone": 3, "bytes": 3,
            "redirect": 3, "batch": 6}
    check("three of each endpoint and error", {n: len(e) for n, e in failed.items()} == want, {n: len(e) for n, e in failed.items()})
    check("three of the slowest", {n: len(e) for n, e in slow.items()} ==
          {"fine": 3, "slow": 3, "unjudged": 3, "redirect": 3}, {n: len(e) for n, e in slow.items()})
    if set(failed) != set(want):
        return
    one = failed["500"][0]
    check("where it was", (one["_group"], one["_scenario"], one["_vu"] in (1, 2), one["_iteration"] < 6) ==
          ("::errors", "shop", True, True), one)
    check("its code", one["_error_code"] == 1500 and one["response"]["status"] == 500)
    post = failed["404"][0]
    check("a request's body", post["request"]["postData"]["text"] == "a text" and post["request"]["bodySize"] == 6)
    late = failed["timeout"][0]
    check("a timeout", late["_error_code"] == 1050 and late["timings"]["wait"] >= 140 and late["response"]["status"] == 0, late)
    check("a refused connection", failed["refused"][0]["_error_code"] == 1212 and "serverIPAddress" not in failed["refused"][0])
    check("a reset", "reset" in failed["reset"][0]["_error"], failed["reset"][0]["_error"])
    short = failed["short"][0]["response"]
    check("a body that broke off", short["status"] == 200 and "EOF" in short["_error"] and len(short["content"]["text"]) == 9, short)
    gzip = failed["gzip"][0]["response"]["content"]
    check("gzip is undone", gzip["text"].startswith("{") and "cut" in gzip["comment"] and len(gzip["text"]) == 100, gzip)
    gone = failed["gone"][0]["response"]["content"]
    check("a body that was discarded", "text" not in gone and "discarded" in gone["comment"], gone)
    data = failed["bytes"][0]["response"]["content"]
    check("bytes", data["encoding"] == "base64" and len(base64.b64decode(data["text"])) == 100 and data["size"] == 5000, data)
    at = entries.index(failed["redirect"][0])
    chain = [e["response"]["status"] for e in entries[at - 2:at + 1]]
    check("redirects come before", chain == [302, 302, 503] and "_kind" not in entries[at - 1], chain)
    check("each its request", entries[at - 1]["request"]["url"].endswith("/redirect-to?url=/status/503"), entries[at - 1]["request"]["url"])
    check("requests of a batch", sorted(e["response"]["status"] for e in failed["batch"]) == [501] * 3 + [502] * 3)
    stored = har_check.check(shown[0])
    check("the history has the same", {json.dumps(e) for e in entries if "_kind" in e} ==
          {json.dumps({k: v for k, v in e.items() if k != "_before"}) for e in stored}, shown[0][:300])
    listed = collections.Counter((e["kind"], e["name"]) for e in json.loads(shown[1])["exchanges"])
    check("and lists them", listed == collections.Counter({("failed", n): c for n, c in want.items()}) +
          collections.Counter({("slow", n): 3 for n in slow}), listed)
    check("the slowest are slow", min(e["timings"]["wait"] for e in slow["slow"]) >= 39, [e["timings"]["wait"] for e in slow["slow"]])


def secrets(brunt):
    with Target(brunt) as target:
        code, out, entries, _, shown = run(brunt, HERE / "secrets.js", "--secret-source", "mock=api=LEAK%known/x y", "-v",
                                          target=target, history=True)
    failed = by_name(entries)
    names = {"cookie", "query", "userinfo", "fragment", "form", "json", "multipart", "xml", "gzip", "cut", "across", "redirect",
             "refused", "digest"}
    check("all are kept", set(failed) == names, (set(failed) ^ names, out[-2000:]))
    for where, text in (("the file", json.dumps(entries)), ("the history", shown[0]), ("the run's document", shown[1])):
        found = sorted(set(re.findall(r"LEAK.{0,12}", text)))
        check(f"no secret in {where}", len(text) > 1000 and not found, found[:10])
    for entry in entries:
        for part in ("request", "response"):
            text = entry[part].get("postData", entry[part].get("content", {})).get("text", "")
            try:
                check_none = "LEAK" not in base64.b64decode(text, validate=True).decode("latin-1")
            except ValueError:
                check_none = True
            if not check_none:
                check(f"nor in base64: {entry.get('_name')}", False)
    if set(failed) == names:
        headers = {h["name"]: h["value"] for h in failed["query"][0]["request"]["headers"]}
        check("what is no secret stays", headers["X-Plain"] == f"before {MARK} after" and
              headers["Authorization"] == f"Bearer {MARK}" and headers["Referer"] == f"https://{MARK}@h/?token={MARK}", headers)
        form = failed["form"][0]["request"]["postData"]["text"]
        check("a form", form == f"password={MARK}&q={MARK}&user=a", form)
        echoed = json.loads(failed["json"][0]["response"]["content"]["text"])
        check("the answer is still JSON", echoed["headers"]["Authorization"] == MARK, echoed)
        check("gzip of a request is undone", failed["gzip"][0]["request"]["postData"]["text"].startswith("password=" + MARK))
    check("nor below the summary", "first failure" in out and "LEAK" not in out.split("first failure", 1)[1].split("time=")[0])


def limits(brunt):
    script = """
        import http from 'k6/http';
        import exec from 'k6/execution';
        export const options = { vus: 10, iterations: 10000 };
        export default function () {
          const i = exec.scenario.iterationInTest;
          http.get(`${__ENV.BASE_URL}/status/500?i=${i}`, { tags: { name: `endpoint ${i}` } });
        }
    """
    with Target(brunt) as target, tempfile.TemporaryDirectory(prefix="brunt-test-") as folder:
        path = Path(folder) / "many.js"
        path.write_text(script)
        code, out, entries, written, _ = run(brunt, path, "-q", "--no-store", target=target)
        check("10,000 endpoints: 200 are kept", len(entries) == 200, len(entries))
        log = json.loads(written[written.index(b'{"log"'):written.index(b"]}}") + 3])["log"] if b"]}}" in written else {}
        found = re.search(rb'"comment":"(\d+) more', written)
        check("the others are counted", found and int(found.group(1)) == 9800, (found, list(log)))
        script = script.replace("`endpoint ${i}`", "`e`").replace("/status/500?i=${i}", "/anything").replace(
            "http.get(", "http.post(").replace(", { tags", ", 'z'.repeat(200000), { responseCallback: http.expectedStatuses(418), tags")
        path.write_text(script.replace("10000", "60"))
        code, out, entries, written, _ = run(brunt, path, "-q", "--capture", "20", "--capture-body", "100000", target=target)
        check("bodies up to the limit", len(entries) == 20 and all(
            len(e["request"]["postData"]["text"]) == 100000 and e["request"]["bodySize"] == 200000 for e in entries), len(entries))
    code, out, *_ = run(brunt, "http://127.0.0.1:1/", "--capture", "off")
    check("--har with --capture off is refused", code == 255 and "--har has nothing to write" in out, (code, out))
    code, out, *_ = run(brunt, "http://127.0.0.1:1/", "--capture", "21")
    check("--capture has a limit", code == 255 and "21" in out, (code, out))
    code, out, *_ = run(brunt, "http://127.0.0.1:1/", "--har", "/nowhere/x.har", "-i", "1")
    check("a file that cannot be written is told before the run", code == 255 and "/nowhere/x.har" in out, (code, out))


def tls(brunt):
    with Target(brunt, "--tls") as target:
        _, out, entries, *_ = run(brunt, f"{target.url}/status/500", "-q", "-i", "4", "-u", "1", "--insecure-skip-tls-verify")
        check("three over TLS", len(entries) == 3, out)
        if len(entries) == 3:
            first, second = entries[0], entries[1]
            check("TLS takes part of connecting", first["timings"]["ssl"] > 0 and first["_tls"].startswith("tls1."), first)
            check("a connection serves again", second["_connection_reused"] and second["timings"]["ssl"] == -1 and
                  first["connection"] == second["connection"], second)
        _, out, entries, *_ = run(brunt, f"{target.url}/fast", "-q", "-i", "1", "-u", "1")
        check("a certificate that is not trusted", len(entries) == 1 and entries[0]["_error_code"] == 1310, entries)


def lines(brunt):
    script = """
        import http from 'k6/http';
        export const options = { iterations: 3 };
        export default function () {
          http.get(`${__ENV.BASE_URL}/status/500`);
          http.get(`${__ENV.BASE_URL}/base64/YQ3CmzMxbWIKYw==`, { responseCallback: http.expectedStatuses(418) });
          http.get('http://127.0.0.1:1/x');
          http.get(`${__ENV.BASE_URL}/status/404`);
        }
    """
    with Target(brunt) as target, tempfile.TemporaryDirectory(prefix="brunt-test-") as folder:
        path = Path(folder) / "three.js"
        path.write_text(script)
        _, out, *_ = run(brunt, path, target=target, har=False)
        shown = [line.strip() for line in out.splitlines() if "first failure" in line]
        check("three lines", len(shown) == 3, out)
        if len(shown) == 3:
            check("a status", re.fullmatch(rf"first failure: GET {target.url}/status/500 → 500 after \S+s", shown[0]), shown[0])
            check("a body, harmless", shown[1].endswith(": a..31mb"), repr(shown[1]))
            check("no answer", "→ no answer after" in shown[2] and "refused" in shown[2], shown[2])
        _, out, *_ = run(brunt, path, "-q", target=target, har=False)
        check("quiet", "first failure" not in out)
        _, out, *_ = run(brunt, path, "--capture", "off", target=target, har=False)
        check("off", "first failure" not in out)


if __name__ == "__main__":
    globals()[sys.argv[2]](str(Path(sys.argv[1]).resolve()))
    finish()
