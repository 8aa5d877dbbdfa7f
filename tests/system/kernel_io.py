#!/usr/bin/env python3
"""Runs over io_uring, counted by the other side: tests/system/kernel_io.py BRUNT

Ends with 77 where the kernel (or the container) refuses io_uring.
"""
import json
import sys

from harness import Bench

SKIPPED = 77
failures = []


def check(what, is_so, why=""):
    print(f"{'ok' if is_so else 'FAILED'}: {what}{'' if is_so else f': {why}'}", flush=True)
    if not is_so:
        failures.append(what)


def run(bench, *options):
    """The run's result and its document."""
    out = bench.dir / "summary.json"
    out.unlink(missing_ok=True)
    result = bench.run(["brunt", "run", "--no-store", "--quiet", "--summary-export", str(out), *options])
    return result, json.loads(out.read_text()) if out.exists() else {}


def count(document, metric="http_reqs"):
    return document.get("metrics", {}).get(metric, {}).get("count", 0)


def loops(document):
    return {loop["io"] for loop in document.get("generator", {}).get("loops", [])}


def is_refused(bench):
    result, _ = run(bench, "--io", "io_uring", "-i", "1", bench.nginx.url + "/hello")
    return "refuses io_uring" in result.stdout + result.stderr


def counted_by_nginx(bench, what, n, users, path, *options, url=None):
    """nginx closes each connection after 50 requests, so ends and new connections are among them."""
    before = len(bench.nginx.requests())
    result, document = run(bench, "--io", "io_uring", "-c", str(users), "-i", str(n), *options, (url or bench.nginx.url) + path)
    lines = bench.nginx.requests()[before:]
    check(f"{what}: the run ends well", result.code == 0, result)
    check(f"{what}: over io_uring", loops(document) == {"io_uring"}, document.get("generator"))
    check(f"{what}: {n} requests", count(document) == n, count(document))
    check(f"{what}: nginx had as many", len(lines) == n, len(lines))
    check(f"{what}: and answered all", all('" 200 ' in line for line in lines), lines[:3])
    check(f"{what}: none failed", document["metrics"]["http_req_failed"].get("passes") == 0, document["metrics"]["http_req_failed"])
    return document


def against_nginx(bench):
    counted_by_nginx(bench, "small answers", 6000, 40, "/hello")
    document = counted_by_nginx(bench, "large answers", 120, 6, "/large.bin")
    got = count(document, "data_received")
    check("large answers: each byte came", 120 * 2**20 <= got <= 120 * (2**20 + 1000), got)
    counted_by_nginx(bench, "TLS", 600, 10, "/hello", "--insecure-skip-tls-verify", url=bench.nginx.tls_url)
    counted_by_nginx(bench, "a connection each", 400, 8, "/hello", "--no-connection-reuse")


def failures_of(bench, io, path):
    _, document = run(bench, "--io", io, "-c", "4", "-i", "40", bench.target.url + path)
    return count(document), document["metrics"]["http_req_failed"]["passes"], loops(document)


def misbehaviour(bench):
    """What goes wrong is told the same whoever moves the bytes."""
    for path in ("/chaos/short-body", "/chaos/reset-body"):
        epoll, ring = failures_of(bench, "epoll", path), failures_of(bench, "io_uring", path)
        check(f"{path} fails as over epoll", epoll[:2] == ring[:2] == (40, 40), (epoll, ring))
        check(f"{path}: each did what it was told", (epoll[2], ring[2]) == ({"epoll"}, {"io_uring"}), (epoll, ring))


def stamps(bench):
    _, document = run(bench, "--io", "io_uring", "--kernel-timestamps", "-i", "20", bench.nginx.url + "/hello")
    check("the kernel's timestamps take epoll", loops(document) == {"epoll"}, document.get("generator"))
    check("and are there, of the loop that read", any("unread_max_ms" in loop for loop in document["generator"]["loops"]), document["generator"])


def target_too(bench):
    target = bench.server("ring", lambda: type(bench.target)(bench.brunt, "--io", "io_uring"))
    _, document = run(bench, "--io", "auto", "-c", "20", "-i", "2000", target.url + "/items")
    check("a target over io_uring answers", count(document) == 2000 and document["metrics"]["http_req_failed"]["passes"] == 0,
          document.get("metrics"))
    check("auto takes io_uring where it can", loops(document) == {"io_uring"}, document.get("generator"))


def main():
    bench = Bench(sys.argv[1])
    try:
        if is_refused(bench):
            print("the kernel refuses io_uring")
            return SKIPPED
        for part in (against_nginx, misbehaviour, stamps, target_too):
            part(bench)
    finally:
        bench.close()
    return 1 if failures else 0


sys.exit(main())
