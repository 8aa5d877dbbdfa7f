#!/usr/bin/env python3
"""The server behind the page, on the real program: tests/ui/api.py BRUNT [PART]

    live       frames of a run under way: two who read, one who does not; their sum is the summary
    history    lists, documents, changes, scripts, comparison and trend over a store of several runs
    security   who may not call, and what a browser is told
    token      an address that is not loopback
    linger     how long a run on a terminal stays for its page
"""
import gzip
import json
import signal
import subprocess
import sys
import time

from page import HERE, Brunt, Home, Listener, Target, check, finish, slow_reader, wait_for

SCRIPT = HERE / "api.js"
JSON_TYPE = {"Content_Type": "application/json"}
PARTS = ("live", "history", "security", "token", "linger")


def entry_ids(listener, metric):
    """Ids of the whole metric's entry."""
    added = [e for d in listener.of("entries") + listener.of("frame") for e in d.get("add", [])]
    return {e["id"] for e in added if e["metric"] == metric and e["by"] == ""}


def column(listener, metric, kind, index):
    """One column of the metric's points or totals, a frame at a time."""
    ids = entry_ids(listener, metric)
    return [row[1 + index] for f in listener.of("frame") for row in f[kind] if row[0] in ids]


def check_live_view(page, one):
    live = page.json("/api/live")
    check("the live run is told", live["run"] and live["run"]["state"] == "running", live)
    check("it can be controlled", live["run"]["controllable"] is True, live["run"].get("controllable"))
    check("k6's API is there", page.json("/v1/status")["data"]["type"] == "status")
    doc = wait_for("the run in the store", lambda: page.json("/api/runs/latest"))
    check("its document comes from the store", doc["format"] == "brunt-run" and doc["run"]["id"] == live["run"]["id"])
    wait_for("frames", lambda: len(one.of("frame")) >= 1)
    late = Listener(page)
    wait_for("entries for one who comes late", lambda: late.of("entries"))
    check("who comes late gets all entries", entry_ids(late, "http_reqs") and late.of("entries")[0]["seq"] >= 1)
    return late


def live(brunt):
    with Home() as home, Target(brunt) as target:
        summary = home.path / "summary.json"
        with Brunt(home, brunt, "run", "--ui=127.0.0.1:0", "--no-store", "--summary-export", summary, "-e",
                   f"BASE_URL={target.url}", "-e", "DURATION=5s", SCRIPT) as page:
            one, two = Listener(page), Listener(page)
            slow = slow_reader(page)
            late = check_live_view(page, one)
            for listener in (one, two, late):
                listener.join(20)
            code = page.end()
            slow.close()
            check("the run ends well, and does not wait without a terminal", code == 0, page.output())
        check("all heard the end", all(x.of("end") for x in (one, two, late)), [e[0] for e in one.events])
        check("nobody lost anything", not one.of("lost") and not two.of("lost"))
        check("both heard the same", one.of("frame") == two.of("frame"))
        seqs = [f["seq"] for f in one.of("frame")]
        check("no frame is missing", seqs == list(range(seqs[0], seqs[0] + len(seqs))), seqs)
        told = json.loads(summary.read_text())["metrics"]
        for metric in ("http_reqs", "iterations", "orders"):
            n = told[metric]["count"]
            check(f"{metric}: frames add up to the summary", sum(column(one, metric, "points", 0)) == n,
                  (column(one, metric, "points", 0), n))
            check(f"{metric}: the last total is the summary's", column(late, metric, "totals", 0)[-1] == n)
        check("with --no-store nothing was kept", not list(home.path.glob("data/**/*.db")))


def make_runs(brunt, home, target, n):
    for i in range(n):
        done = subprocess.run([brunt, "run", "--quiet", "-e", f"BASE_URL={target.url}", "-e", "DURATION=1s", "--run-id",
                               f"run-{i}", SCRIPT], env=home.env, capture_output=True, text=True, timeout=60)
        check(f"run {i}", done.returncode == 0, done.stderr)


def check_lists(page):
    runs = page.json("/api/runs")
    check("all runs, newest first", [r["id"] for r in runs["runs"]] == ["run-2", "run-1", "run-0"], runs)
    check("pages of the list", [r["id"] for r in page.json("/api/runs?limit=1&offset=1")["runs"]] == ["run-1"])
    check("a search", page.json("/api/runs?q=run-2")["total"] >= 0)
    scripts = page.json("/api/scripts")
    check("scripts are counted", [s["runs"] for s in scripts] == [3], scripts)
    return scripts[0]["script"]


def check_run(page):
    doc = page.json("/api/runs/run-1?steps=2")
    reqs = [e for e in doc["entries"] if e["metric"] == "http_reqs" and e["by"] == ""][0]
    check("points add up to the total", sum(p or 0 for p in reqs["points"][0]) == reqs["total"][0], reqs)
    check("no more steps than asked for", len(doc["timeline"]["t"]) <= 2, doc["timeline"])
    check("hostile names are text in JSON",
          any(e["tags"].get("name") == "<img src=x onerror=alert(1)>" for e in doc["entries"]))
    status, headers, text = page.ask("GET", "/api/runs/run-1/script")
    check("the script as text", (status, text) == (200, SCRIPT.read_bytes()) and
          headers["Content-Type"].startswith("text/plain"), headers)
    status, headers, har = page.ask("GET", "/api/runs/run-1/har")
    check("a HAR to download", status == 200 and json.loads(har)["log"]["version"] == "1.2" and
          headers["Content-Disposition"] == 'attachment; filename="run-1.har"', headers)
    for exchange in doc["exchanges"][:1]:
        check("an exchange", "request" in page.json(f"/api/runs/run-1/exchanges/{exchange['key']}"))
    check("an unknown run", page.ask("GET", "/api/runs/none")[0] == 404)
    check("an unclear one", page.ask("GET", "/api/runs/run-")[0] == 409)


def check_changes(page):
    status, run = page.change("PATCH", "/api/runs/run-1", {"labels": ["<b>"], "note": "n", "baseline": True})
    check("labels, note, baseline", status == 200 and run["labels"] == ["<b>"] and run["baseline"], run)
    check("found by label", page.json("/api/runs?label=%3Cb%3E&baseline=1")["total"] == 1)
    check("what cannot be set", page.change("PATCH", "/api/runs/run-1", {"state": "failed"})[0] == 400)
    check("it is removed", page.change("DELETE", "/api/runs/run-0")[0] == 200)
    check("and gone", page.ask("GET", "/api/runs/run-0")[0] == 404 and page.json("/api/runs")["total"] == 2)


def check_comparison(page, script):
    comparison = page.json("/api/compare?current=run-2&baseline=baseline")
    check("a comparison", comparison["format"] == "brunt-comparison" and comparison["baseline"]["id"] == "run-1")
    check("a comparison of nothing", page.ask("GET", "/api/compare?current=run-2")[0] == 400)
    check("a threshold that is none", page.ask("GET", "/api/compare?current=run-2&baseline=run-1&threshold=x")[0] == 400)
    # Runs whose numbers are invalid, as a busy machine makes them, are no part of a trend.
    runs = [r for r in reversed(page.json("/api/runs")["runs"]) if (r["verdict"] or {}).get("level") != "invalid"]
    status, _, body = page.ask("GET", f"/api/trend?script={script}&metric=http_req_duration&stat=p(95)")
    told = [p["id"] for p in json.loads(body)["points"]] if status == 200 else status
    check("a trend", told == ([r["id"] for r in runs] or 404), (told, runs))


def check_connections(page):
    path = "/api/connections/prod"
    body = {"endpoint": "http://127.0.0.1:9/graphite/metrics", "username": "1", "key": "very-secret", "namespace": "lp",
            "default_tags": ["env:a"], "enabled": False}
    check("a connection is stored", page.change("PUT", path, body)[0] == 200)
    listed = page.ask("GET", "/api/connections")[2]
    check("its key is never told", b"very-secret" not in listed and json.loads(listed)[0]["has_key"], listed)
    status, told = page.change("POST", path + "/test")
    check("a trial says why it fails", status == 400 and "127.0.0.1:9" in told["errors"][0]["detail"], told)
    moved = {k: v for k, v in body.items() if k != "key"} | {"endpoint": "http://127.0.0.1:10/graphite/metrics"}
    check("the stored key goes to no other place", page.change("PUT", path, moved)[0] == 400)
    for key in ("file:/etc/passwd", "env:HOME"):
        check(f"a page cannot name {key}", page.change("PUT", path, {**body, "key": key})[0] == 400)
    check("it is removed", page.change("DELETE", path)[0] == 200 and page.json("/api/connections") == [])


def history(brunt):
    with Home() as home, Target(brunt) as target:
        make_runs(brunt, home, target, 3)
        with Brunt(home, brunt, "ui", "--listen", "127.0.0.1:0") as page:
            check("no run here", page.json("/api/live")["run"] is None and page.ask("GET", "/api/live/events")[0] == 204)
            script = check_lists(page)
            check_run(page)
            check_changes(page)
            check_comparison(page, script)
            check_connections(page)
            page.proc.terminate()
            check("it ends on a signal", page.end() == 0, page.output())


def check_files(page):
    status, headers, body = page.ask("GET", "/")
    check("the page", status == 200 and b"/app.js" in body, body[:200])
    policy = headers["Content-Security-Policy"]
    check("a strict policy", "default-src 'none'" in policy and "unsafe" not in policy, policy)
    for name, value in (("X-Content-Type-Options", "nosniff"), ("Referrer-Policy", "no-referrer"),
                        ("Cross-Origin-Opener-Policy", "same-origin"), ("X-Frame-Options", "DENY")):
        check(name, headers[name] == value, headers[name])
    check("no inline script", b"<script>" not in body and b"onload=" not in body)
    plain = page.ask("GET", "/app.js")
    packed = page.ask("GET", "/app.js", Accept_Encoding="gzip")
    check("compressed for those who can", packed[1]["Content-Encoding"] == "gzip" and
          gzip.decompress(packed[2]) == plain[2])
    check("kept by browsers", page.ask("GET", "/app.js", If_None_Match=plain[1]["ETag"])[0] == 304)
    check("what is asked of the store is not", page.ask("GET", "/api/runs")[1]["Cache-Control"] == "no-store")
    check("HEAD has no body", page.ask("HEAD", "/")[::2] == (200, b""))
    for path in ("/../etc/passwd", "/%2e%2e/%2e%2e/etc/passwd", "/app.js/", "/index.html", "//", "/api", "/favicon.ico"):
        check(f"nothing at {path}", page.ask("GET", path)[0] in (400, 404))


def check_callers(page):
    ours, theirs = f"http://{page.host}", "https://evil.example"
    for what, want, method, path, headers in (
        ("DNS rebinding", 403, "GET", "/api/runs", {"Host": "evil.example"}),
        ("a foreign page reads", 403, "GET", "/api/runs", {"Origin": theirs}),
        ("a foreign page changes", 403, "PATCH", "/api/runs/1", {**JSON_TYPE, "Origin": theirs}),
        ("a foreign site changes", 403, "DELETE", "/api/runs/1", {**JSON_TYPE, "Sec_Fetch_Site": "cross-site"}),
        ("a form", 415, "POST", "/api/connections/a/test", {"Content_Type": "text/plain", "Origin": ours}),
        ("a change by GET", 405, "GET", "/api/connections/a/test", {}),
        ("our own page", 404, "PATCH", "/api/runs/1", {**JSON_TYPE, "Origin": ours}),
    ):
        status = page.ask(method, path, '{"note": ""}' if method == "PATCH" else None, **headers)[0]
        check(f"{what}: {want}", status == want, status)
    check("a body too large", page.ask("PATCH", "/api/runs/1", b"x" * 70000, **JSON_TYPE)[0] == 413)
    check("a body that is no JSON", page.ask("PATCH", "/api/runs/1", b"{", **JSON_TYPE)[0] == 400)
    check("no permission for other origins",
          "Access-Control-Allow-Origin" not in page.ask("OPTIONS", "/api/runs", Origin=ours)[1])


def security(brunt):
    with Home() as home, Brunt(home, brunt, "ui", "--listen", "127.0.0.1:0") as page:
        check_files(page)
        check_callers(page)


def token(brunt):
    with Home() as home, Brunt(home, brunt, "ui", "--listen", "0.0.0.0:0") as page:
        secret = page.url.partition("#token=")[2]
        page.url = f"http://127.0.0.1:{page.url.split('#')[0].rstrip('/').rpartition(':')[2]}/"
        check("an open address makes a token", len(secret) == 32, page.output())
        check("the page can be loaded", page.ask("GET", "/")[0] == 200 and page.ask("GET", "/app.js")[0] == 200)
        check("the API not without it", page.ask("GET", "/api/runs")[0] == 401)
        check("nor with another one", page.ask("GET", "/api/runs", Authorization="Bearer " + "0" * 32)[0] == 401)
        check("with it, yes", page.ask("GET", "/api/runs", Authorization="Bearer " + secret)[0] == 200)
        check("not for foreign pages", page.change("DELETE", "/api/runs/1", Authorization="Bearer " + secret,
                                                   Origin="http://evil.example")[0] == 403)
    with Home() as home:
        with Brunt(home, brunt, "ui", "--listen", "127.0.0.1:0", env={"BRUNT_UI_TOKEN": "given"}) as page:
            check("a given token is not printed", "given" not in page.output(), page.output())
            check("and needed on loopback too", page.ask("GET", "/api/runs")[0] == 401)
            check("a header with it", page.ask("GET", "/api/runs", Authorization="Bearer given")[0] == 200)


def short_run(brunt, home, target, **how):
    return Brunt(home, brunt, "run", "--ui=127.0.0.1:0", "--no-store", "-e", f"BASE_URL={target.url}", "-e", "DURATION=2s",
                 SCRIPT, terminal=True, **how)


def linger(brunt):
    with Home() as home, Target(brunt) as target:
        with short_run(brunt, home, target) as page:
            listener = Listener(page)
            wait_for("the end", lambda: listener.of("end"))
            wait_for("word of it", lambda: "its page is open" in page.output())
            check("the run is over, and still there", page.json("/api/live")["run"]["stage"] == "over")
            check("its document too", page.json("/api/runs/latest")["run"]["state"] == "finished")
            check("it cannot be paused any more", page.change("POST", "/v1/control", {"action": "pause"})[0] == 409)
            listener.close()
            check("it ends when the page is closed", page.end() == 0, page.output())
        with short_run(brunt, home, target) as page:
            listener = Listener(page)
            wait_for("word of it", lambda: "its page is open" in page.output())
            page.proc.send_signal(signal.SIGINT)
            check("or on Ctrl-C", page.end() == 0, page.output())
            listener.join(5)
            check("and the stream with it", not listener.is_alive())
        with short_run(brunt, home, target) as page:
            check("nobody looks: it does not wait", page.end() == 0 and "its page is open" not in page.output())


if __name__ == "__main__":
    program, parts = sys.argv[1], sys.argv[2:] or PARTS
    for part in parts:
        started = time.monotonic()
        globals()[part](program)
        print(f"    {part}: {time.monotonic() - started:.1f} s")
    finish()
