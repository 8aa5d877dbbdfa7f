#!/usr/bin/env python3
"""Prometheus 3 takes what Debian's cannot: OTLP, and remote write 2.0: tests/sinks/prometheus3.py BRUNT PROMETHEUS

Not a part of the suite, because Debian 12 has Prometheus 2.42. A binary comes from prometheus.io, or by
`go build github.com/prometheus/prometheus/cmd/prometheus` in a module that requires v0.305.0.
"""
import re
import sys

from prometheus import SCRIPT, Prometheus, compare_counters, compare_histogram
from servers import Target, check, fetch, finish, free_ports, run


class Prometheus3(Prometheus):
    def __init__(self, program):
        super(Prometheus, self).__init__()
        (port,) = free_ports(1)
        self.url = f"http://127.0.0.1:{port}"
        (self.path / "prometheus.yml").write_text("{}")
        self.start(program, f"--config.file={self.path}/prometheus.yml", f"--storage.tsdb.path={self.path}/data",
                   f"--web.listen-address=127.0.0.1:{port}", "--web.enable-remote-write-receiver",
                   "--web.enable-otlp-receiver", "--enable-feature=native-histograms")

    def value(self, query, at=None):
        # Series of a run that is over end with it: their last values are asked for.
        return super().value(re.sub(r"brunt_\w+", lambda name: f"last_over_time({name[0]}[5m])", query), at)

    def requests(self, path):
        rows = re.findall(r'prometheus_http_requests_total\{code="(\d+)",handler="([^"]+)"\} (\d+)',
                          fetch(self.url + "/metrics").decode())
        return {code: int(n) for code, handler, n in rows if handler == path and int(n)}


def main(brunt, program):
    for who, path, out in (("OTLP", "/api/v1/otlp/v1/metrics", "otlp={}/api/v1/otlp"),
                           ("remote write 2.0", "/api/v1/write", "remote-write={}/api/v1/write?version=2")):
        with Target(brunt) as target, Prometheus3(program) as server:
            server.wait()
            code, output, summary = run(brunt, target, [out.format(server.url)], SCRIPT)
            check(f"{who}: all arrived", code == 0, output)
            compare_counters(who, summary, server.value)
            compare_histogram(who, summary, server.value)
            taken = server.requests(path)
            check(f"{who}: nothing was refused", taken and set(taken) <= {"200", "204"}, taken)


if __name__ == "__main__":
    if len(sys.argv) != 3:
        sys.exit(__doc__)
    main(*sys.argv[1:])
    finish()
