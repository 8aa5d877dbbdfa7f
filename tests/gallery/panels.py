#!/usr/bin/env python3
"""The gallery's dashboards have data of the gallery's scripts: tests/gallery/panels.py BRUNT

Each script runs once and feeds InfluxDB 1, Prometheus and Graphite, all real. Then every query of every panel of its
dashboard, as `brunt dashboard export` writes it, is asked with its variables filled in, as Grafana would: none may be
empty. What a panel says of the whole run is what the summary says: totals and means exactly, percentiles within the
error of their histogram. Graphite has means and shares of steps only: its totals are compared.

With BRUNT_TEST_INFLUXD2=/path/to/influxd in the environment, InfluxDB 2 is fed and asked in Flux as well.
"""
import contextlib
import json
import math
import os
import re
import subprocess
import sys
import tempfile
import time
from pathlib import Path

from ledger import SCRIPTS, check, run_script, target_of
from prometheus import Prometheus
from servers import Graphite, Influx, fetch_json, finish, wait_for

STEP_S = 0.5
GRAPHITE_STEP_S = 1
WIDTH = 0.0028  # of a bucket of the summary's histograms
BOUNDS_MS = (5, 10, 20, 50, 100, 200, 500, 1000, 2000)  # of classic buckets, around what answers take here

# Graphs need a few ticks.
OPTIONS = {name: ["-u", "5", "-d", "4s", "-e", "PAUSE=0.03"] for name in SCRIPTS} | {"cost": ["-e", "SCALE=0.14"]}

# Panel to what it has to be of the exported summary; a sum of samples differs by how doubles add up.
TOTALS = {
    "llm": {
        "Total API cost": lambda m: m["llm_cost_usd"]["count"],
        "Cost per request": lambda m: m["llm_request_cost_usd"]["avg"],
        "Tokens": lambda m: m["llm_tokens"]["count"],
        "API calls": lambda m: m["llm_total_calls"]["count"],
        "Tokens per dollar": lambda m: m["llm_tokens"]["count"] / m["llm_cost_usd"]["count"],
        "Refused": lambda m: m["llm_rate_limited"]["value"],
        "Failed": lambda m: m["llm_errors"]["value"],
    },
    "ecommerce": {
        "Conversion": lambda m: m["ecommerce_conversions"]["value"],
        "Orders": lambda m: m["ecommerce_orders"]["count"],
        "Revenue": lambda m: m["ecommerce_revenue_usd"]["count"],
        "Order value": lambda m: m["ecommerce_order_value_usd"]["avg"],
        "Payments that succeed": lambda m: m["ecommerce_payment_success"]["value"],
        "Abandoned carts": lambda m: m["ecommerce_cart_abandonments"]["count"],
    },
    "microservices": {
        "Cache hits": lambda m: m["cache_hits"]["value"],
        "Circuits that opened": lambda m: m["circuit_breaker_activations"]["count"],
        "Calls": lambda m: m["service_calls"]["count"],
    },
    "cost": {
        "Cost of requests": lambda m: m["cloud_cost_usd"]["count"],
        "Cost per request": lambda m: m["cloud_request_cost_usd"]["avg"],
        "Requests": lambda m: m["cloud_requests"]["count"],
        "Requests per dollar": lambda m: m["cloud_requests"]["count"] / m["cloud_cost_usd"]["count"],
        "A month of instances": lambda m: m["cloud_hourly_cost_usd"]["value"] * 730,
    },
}


# Those that are sums.
SUMS = {
    "llm": ("Total API cost", "Tokens", "API calls", "Tokens per dollar"),
    "ecommerce": ("Orders", "Revenue", "Abandoned carts"),
    "microservices": ("Circuits that opened", "Calls"),
    "cost": ("Cost of requests", "Requests", "Requests per dollar", "A month of instances"),
}


def panels_of(board):
    """Panels with queries, those of collapsed rows too."""
    for panel in board["panels"]:
        yield from (p for p in [panel, *panel.get("panels", ())] if p.get("targets"))


class Asked:
    """A data source with a run of a known time. Answers are {refId: [(labels, [numbers])]}."""

    patience_s = 0  # how long what has arrived may be invisible

    def __init__(self, begin, end):
        self.begin, self.end = begin, end

    def words(self):
        seconds = math.ceil(self.end - self.begin)
        return {"$__rate_interval": "10s", "$__range": f"{seconds}s", "$__interval_ms": f"{STEP_S * 1000:.0f}",
                "$__interval": f"{STEP_S * 1000:.0f}ms",
                "$timeFilter": f"time >= {int(self.begin * 1000)}ms AND time <= {int(self.end * 1000)}ms"}

    def fill(self, query):
        for word, text in self.words().items():
            query = query.replace(word, text)
        return re.sub(r"\$\{\w+:regex\}|\$(?:job|instance|model|service|endpoint)\b", ".*", query)

    def answers(self, panel):
        found = {}
        for target in panel["targets"]:
            if target["datasource"]["uid"] == "__expr__":
                above, below = re.fullmatch(r"\$(\w+) / \$(\w+)", target["expression"]).groups()
                found[target["refId"]] = [(labels, [a / b for a, b in zip(numbers, found[below][n][1]) if b])
                                          for n, (labels, numbers) in enumerate(found[above])]
            else:
                found[target["refId"]] = self.ask(target)
        return found


class AskedInflux(Asked):
    def __init__(self, influx, begin, end):
        super().__init__(begin, end)
        self.influx = influx

    def ask(self, target):
        query = self.fill(target["query"])
        tags = re.findall(r'"(\w+)"', query.rpartition("GROUP BY")[2]) if "GROUP BY" in query else []
        series = {}
        for row in self.influx.query(query, "k6"):
            labels = tuple((tag, row[tag]) for tag in tags if tag in row)
            numbers = [v for k, v in row.items() if k not in ("time", *tags) and isinstance(v, (int, float))]
            series.setdefault(labels, []).extend(numbers)
        return [(dict(labels), numbers) for labels, numbers in series.items()]

    def samples(self, metric, where):
        return sorted(row["value"] for row in self.influx.query(f'SELECT "value" FROM "{metric}" WHERE {where}', "k6"))


class AskedFlux(Asked):
    def __init__(self, server, begin, end):
        super().__init__(begin, end)
        self.server = server

    def ask(self, target):
        begin, end = (time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime(t)) for t in (self.begin, self.end + 1))
        v = (f'v = {{defaultBucket: "{self.server.bucket}", timeRangeStart: {begin}, timeRangeStop: {end}, '
             f'windowPeriod: {STEP_S * 1000:.0f}ms}}')
        series = {}
        for row in self.server.flux(f"{v}\n{self.fill(target['query'])}"):
            row = {k: v for k, v in row.items() if k not in ("", "result", "table", "_start", "_stop", "_time")}
            labels = tuple((k, v) for k, v in row.items() if isinstance(v, str))
            series.setdefault(labels, []).extend(v for v in row.values() if isinstance(v, (int, float)))
        return [(dict(labels), numbers) for labels, numbers in series.items()]


class AskedGraphite(Asked):
    patience_s = 30

    def __init__(self, server, begin, end):
        super().__init__(begin, end)
        self.server = server

    def words(self):
        return {"$step": f"{GRAPHITE_STEP_S}s"}

    def ask(self, target):
        series = self.server.render(self.fill(target["target"]), self.begin - GRAPHITE_STEP_S)
        return [(tags, [value for value, _ in points]) for tags, points in series]


class AskedPrometheus(Asked):
    def __init__(self, server, begin, end):
        super().__init__(begin, end)
        self.server = server

    def ask(self, target):
        query = self.fill(target["expr"])
        if target["instant"]:
            rows = fetch_json(self.server.url + "/api/v1/query", query=query, time=self.end)["data"]["result"]
            series = [(row["metric"], [row["value"]]) for row in rows]
        else:
            rows = fetch_json(self.server.url + "/api/v1/query_range", query=query, start=self.begin, end=self.end,
                              step=STEP_S)["data"]["result"]
            series = [(row["metric"], row["values"]) for row in rows]
        return [(labels, [float(v) for _, v in values if not math.isnan(float(v))]) for labels, values in series]


def empty_of(panel, answers):
    return [t for t in panel["targets"] if not any(numbers for _, numbers in answers[t["refId"]])]


def check_panels(who, asked, board):
    """Every query of every panel has numbers; gives the answers by the panel's title."""
    all_answers = {}
    for panel in panels_of(board):
        answers = asked.answers(panel)
        end = time.monotonic() + asked.patience_s
        while empty_of(panel, answers) and time.monotonic() < end:
            time.sleep(0.2)
            answers = asked.answers(panel)
        empty = empty_of(panel, answers)
        check(f"{who}: {panel['title']}", not empty, [asked.fill(json.dumps(t)) for t in empty])
        all_answers[panel["title"]] = answers
    return all_answers


def last_of(answers):
    (labels, numbers), = answers["A"]
    return numbers[-1]


def check_totals(who, answers, name, metrics, titles):
    for title in titles:
        want = TOTALS[name][title](metrics)
        have = last_of(answers[title])
        check(f"{who}: {title} is {want:.8g}", is_same(have, want), have)


def is_same(have, want):
    return abs(have - want) <= 1e-9 * max(1, abs(want))


def wait_for_sums(asked, board, name, metrics):
    """Graphite shows what has come when its second is over, and new series when it has had time to index them."""
    panels = {p["title"]: p for p in panels_of(board)}

    def is_there(title):
        series = asked.answers(panels[title])["A"]
        return series and is_same(series[0][1][-1], TOTALS[name][title](metrics))

    for title in SUMS[name]:
        wait_for(f"{name}: {title} in Graphite", lambda: is_there(title), 60)


def check_percentile(asked, answers, metrics):
    """The 95th percentile of one model: that of the samples in the summary and InfluxDB, their bucket in Prometheus."""
    samples = asked.samples("llm_response_time_ms", "\"model\" = 'gpt-4o-mini'")
    rank = 0.95 * (len(samples) - 1)
    found = {who: numbers[-1] for who, answer in answers.items() for labels, numbers in answer["Models"]["E"]
             if who != "graphite" and labels.get("model") == "gpt-4o-mini"}
    found["summary"] = metrics["llm_response_time_ms{model:gpt-4o-mini}"]["p(95)"]
    for who in found.keys() - {"prometheus"}:
        # Flux estimates percentiles, unless it is told to sort.
        off = 3 if who == "flux" else 0
        least = samples[max(math.floor(rank) - off, 0)] * (1 - WIDTH)
        most = samples[min(math.ceil(rank) + off, len(samples) - 1)] * (1 + WIDTH)
        check(f"llm, {who}: p95 of a model is between {least:.6g} and {most:.6g}", least <= found[who] <= most, found)
    least, most = samples[math.floor(rank)] * (1 - WIDTH), samples[math.ceil(rank)] * (1 + WIDTH)
    below, above = max((b for b in BOUNDS_MS if b <= least), default=0), min(b for b in BOUNDS_MS if b >= most)
    check(f"llm, prometheus: it is between {below} and {above}", below <= found["prometheus"] <= above, found)


class Servers(contextlib.ExitStack):
    """All data sources, and the outputs that feed them."""

    def __init__(self):
        super().__init__()
        self.influx, self.prometheus, self.graphite = map(self.enter_context, (Influx(), Prometheus(), Graphite()))
        self.prometheus.wait()
        self.outs = [f"influxdb={self.influx.url}/k6", f"graphite=127.0.0.1:{self.graphite.line}",
                     f"remote-write={self.prometheus.url}/api/v1/write?interval=1s&histograms=classic"]
        self.influx2 = None
        self.env = {}
        if os.environ.get("BRUNT_TEST_INFLUXD2"):
            self.add_influx2(os.environ["BRUNT_TEST_INFLUXD2"])

    def add_influx2(self, program):
        from influx2 import ORG, TOKEN, Influx2  # noqa: E402
        self.influx2 = self.enter_context(Influx2(program))
        self.outs.append(f"xk6-influxdb={self.influx2.url}/{self.influx2.bucket}?organization={ORG}&token=env:TOKEN")
        self.env = {"TOKEN": TOKEN}

    def asked(self, begin, end):
        found = {"influxql": AskedInflux(self.influx, begin, end),
                 "prometheus": AskedPrometheus(self.prometheus, begin, end),
                 "graphite": AskedGraphite(self.graphite, begin, end)}
        return found | ({"flux": AskedFlux(self.influx2, begin, end)} if self.influx2 else {})


def check_script(brunt, servers, folder, name):
    """Runs a script, and holds every data source's panels against its summary."""
    begin = time.time()
    with target_of(brunt) as target:
        code, output, metrics, _ = run_script(brunt, target, name, OPTIONS[name],
                                              [word for out in servers.outs for word in ("-o", out)], servers.env)
    asked = servers.asked(begin, time.time() + 1)
    check(f"{name}: the run", code in (0, 99) and metrics, output)
    answers = {}
    for who, source in asked.items():
        board = json.loads((Path(folder) / who / f"{name}.json").read_text())
        if who == "graphite":
            wait_for_sums(source, board, name, metrics)
        answers[who] = check_panels(f"{name}, {who}", source, board)
        check_totals(f"{name}, {who}", answers[who], name, metrics, SUMS[name] if who == "graphite" else TOTALS[name])
    if name == "llm":
        check_percentile(asked["influxql"], answers, metrics)


def main(brunt):
    with tempfile.TemporaryDirectory(prefix="brunt-test-") as folder, Servers() as servers:
        subprocess.run([brunt, "dashboard", "export", *SCRIPTS, "--to", folder], check=True, stdout=subprocess.DEVNULL)
        for name in SCRIPTS:
            check_script(brunt, servers, folder, name)


if __name__ == "__main__":
    if len(sys.argv) != 2:
        sys.exit(__doc__)
    main(sys.argv[1])
    finish()
