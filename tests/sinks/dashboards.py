#!/usr/bin/env python3
"""Panels of public dashboards have data of a run of ours: tests/sinks/dashboards.py BRUNT

A real Prometheus scrapes a run under the names of LoadPilot and Locust, and is asked every query of dashboards.txt.
"""
import os
import sys

from prometheus import Prometheus
from servers import HERE, Process, Target, check, fetch_json, finish, free_ports, wait_for


class Run(Process):
    def __init__(self, brunt, target, address):
        super().__init__()
        env = {**os.environ, "BASE_URL": target.url, "HOME": self.folder.name}
        self.proc = self.start(brunt, "run", "--quiet", "-o", f"prometheus={address}?vocab=loadpilot,locust",
                               str(HERE / "dashboards.js"), env=env)


def queries():
    """(query, whether it has an answer) of each line."""
    for line in (HERE / "dashboards.txt").read_text().splitlines():
        if line and not line.startswith("#"):
            yield line.removeprefix("- "), not line.startswith("- ")


def ask(server, query):
    return fetch_json(server.url + "/api/v1/query", query=query)["data"]["result"]


def main(brunt):
    (port,) = free_ports(1)
    address = f"127.0.0.1:{port}"
    with Target(brunt) as target, Prometheus(scrape=address) as server:
        server.wait()
        # Prometheus takes some seconds before it knows whom to scrape.
        wait_for("a target that Prometheus knows",
                 lambda: fetch_json(server.url + "/api/v1/targets")["data"]["activeTargets"])
        with Run(brunt, target, address):
            # rate() wants two scrapes; errors want to have happened.
            wait_for("two scrapes of a run with errors",
                     lambda: ask(server, 'rate(locust_requests_num_failures{name="missing"}[1m]) > 0'), 10)
            for query, answered in queries():
                rows = ask(server, query)
                check(query, bool(rows) == answered, f"{len(rows)} rows")
            rows = ask(server, 'sum(locust_requests_num_requests{method=~".+"}) by (method, name)')
            names = sorted(row["metric"]["name"] for row in rows)
            check("a row for each endpoint", names == ["home", "missing"], names)
            both = ask(server, 'sum(locust_requests_num_requests{method=~".+"}) - on() '
                               'locust_requests_num_requests{method=~""}')
            check("the endpoints add up to the row of all", both and float(both[0]["value"][1]) == 0, both)


if __name__ == "__main__":
    if len(sys.argv) != 2:
        sys.exit(__doc__)
    main(sys.argv[1])
    finish()
