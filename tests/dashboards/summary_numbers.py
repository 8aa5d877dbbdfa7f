#!/usr/bin/env python3
"""What panels show of a run is what its summary says: tests/dashboards/summary_numbers.py BRUNT

Real Prometheus (remote write) and InfluxDB 1 get a run; then the live dashboard's table of endpoints and the panels of
`brunt dashboard new` for the script's own metrics are asked. Counts and money are equal, percentiles near.
"""
import math
import sys
import time
from pathlib import Path

HERE = Path(__file__).resolve().parent
sys.path.insert(0, str(HERE.parent / "sinks"))
from boards import export, fill, targets  # noqa: E402
from prometheus import Prometheus  # noqa: E402
from servers import Influx, Target, check, fetch_json, finish, run  # noqa: E402

SCRIPT = HERE / "numbers.js"


class Asked:
    """One data source with the time in which the run was."""

    def __init__(self, start):
        self.start, self.end = start, time.time()
        self.seconds = int(self.end - start) + 2

    def filled(self, target, key):
        return fill(target[key], self.seconds, self.start, self.end)


class Prom(Asked):
    """What a table or a stat shows at the end of the time."""
    source = "prometheus"

    def __init__(self, server, start):
        super().__init__(start)
        self.server = server

    def cells(self, target):
        query = self.filled(target, "expr")
        if not target["instant"]:  # the last value of a graph, which ended with the run
            query = f"last_over_time(({query})[{self.seconds}s:1s])"
        rows = fetch_json(self.server.url + "/api/v1/query", query=query, time=self.end)["data"]["result"]
        return {row["metric"].get("name", ""): float(row["value"][1]) for row in rows}


class InfluxQL(Asked):
    source = "influxql"

    def __init__(self, server, start):
        super().__init__(start)
        self.server = server

    def cells(self, target):
        cells = {}
        for row in self.server.query(self.filled(target, "query"), "numbers"):
            (value,) = [v for k, v in row.items() if k not in ("time", "name")]
            if value is not None:
                cells[row.get("name", "")] = value
        return cells


def near(a, b, share):
    return a is not None and math.isclose(a, b, rel_tol=share, abs_tol=1e-12)


def check_endpoints(brunt, asked, summary):
    table = targets(export(brunt, "export", "live", "--for", asked.source), "Endpoints")
    what = asked.source
    requests = asked.cells(table["Requests"])
    check(f"{what}: requests of each endpoint", requests == {"home": 120, "missing": 40}, requests)
    total = summary["http_reqs"]["values"]["count"]
    check(f"{what}: they add up to the summary's", sum(requests.values()) == total, (requests, total))
    failed = asked.cells(table["Failed"])
    check(f"{what}: shares of failures", failed == {"home": 0, "missing": 1}, failed)
    unit = 1000 if asked.source == "prometheus" else 1
    means = asked.cells(table["Mean"])
    mean = sum(means[k] * requests[k] for k in requests) / total * unit
    check(f"{what}: mean latency", near(mean, summary["http_req_duration"]["values"]["avg"], 0.001),
          (mean, summary["http_req_duration"]["values"]))
    rates = asked.cells(table["Requests/s"])
    check(f"{what}: rates of endpoints", rates.keys() == requests.keys() and all(v > 0 for v in rates.values()), rates)


def last(asked, board, title, ref="A"):
    return asked.cells(targets(board, title)[ref]).get("")


def check_own(brunt, asked, summary):
    board = export(brunt, "new", str(SCRIPT), "--for", asked.source)
    what = asked.source
    cost = last(asked, board, "llm_cost_usd: total")
    want = summary["llm_cost_usd"]["values"]["count"]
    check(f"{what}: money to a millionth of a cent", cost is not None and abs(cost - want) < 1e-8, (cost, want))
    tokens = last(asked, board, "llm_tokens: total")
    check(f"{what}: tokens", tokens == summary["llm_tokens"]["values"]["count"], (tokens, summary["llm_tokens"]))
    check(f"{what}: a gauge", last(asked, board, "queue_length") == 7, last(asked, board, "queue_length"))
    good = last(asked, board, "good_answers")
    check(f"{what}: a share", good is not None and 0.5 < good < 1, good)
    p95 = last(asked, board, "answer_time", "B")
    unit = 1000 if asked.source == "prometheus" else 1
    check(f"{what}: a percentile", p95 is not None and 17 < p95 * unit < 19.1, p95)


def main(brunt):
    with Target(brunt) as target, Influx() as influx, Prometheus("native-histograms") as prometheus:
        prometheus.wait()
        start = time.time()
        code, output, summary = run(brunt, target, [f"remote-write={prometheus.url}/api/v1/write?interval=1s",
                                                    f"influxdb={influx.url}/numbers"], SCRIPT)
        check("the run", code == 0, output)
        for asked in (Prom(prometheus, start), InfluxQL(influx, start)):
            check_endpoints(brunt, asked, summary)
            check_own(brunt, asked, summary)


if __name__ == "__main__":
    if len(sys.argv) != 2:
        sys.exit(__doc__)
    main(sys.argv[1])
    finish()
