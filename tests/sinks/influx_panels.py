#!/usr/bin/env python3
"""Panels of public InfluxDB dashboards have data of a run of ours: tests/sinks/influx_panels.py BRUNT

InfluxDB 1 is fed by a run and asked every query of influx_panels.txt. A total that panels show is the summary's.
"""
import sys

from servers import HERE, Influx, Target, check, finish, run

VARIABLES = {"$timeFilter": "time > now() - 1h", "$__interval": "1s", "${interval_value}": "3",
             "$Measurement": '"http_req_duration"'}


def queries():
    """(query with its variables filled in, whether it has an answer) of each line."""
    for line in (HERE / "influx_panels.txt").read_text().splitlines():
        if not line or line.startswith("#"):
            continue
        query = line.removeprefix("- ")
        for name, value in VARIABLES.items():
            query = query.replace(name, value)
        yield query, not line.startswith("- ")


def has_numbers(rows):
    """Whether there is a row, and no column is empty in all of them."""
    columns = {column for row in rows for column in row}
    return bool(rows) and all(any(row.get(column) is not None for row in rows) for column in columns)


def main(brunt):
    with Target(brunt) as target, Influx() as influx:
        code, output, summary = run(brunt, target, [f"influxdb={influx.url}/k6"], HERE / "influx_panels.js")
        check("the run", code == 0, output)
        for query, answered in queries():
            rows = influx.query(query, "k6")
            check(query, has_numbers(rows) == answered, f"{len(rows)} rows: {rows[:3]}")
        made = influx.query('SELECT sum("value") AS n FROM "http_reqs"', "k6")[0]["n"]
        check("requests made are the summary's", made == summary["http_reqs"]["values"]["count"], made)
        rows = influx.query('SELECT sum("value") AS n FROM "http_reqs" GROUP BY "name"', "k6")
        check("a row for each name", sorted(r["name"] for r in rows) == ["home", "missing"], rows)


if __name__ == "__main__":
    if len(sys.argv) != 2:
        sys.exit(__doc__)
    main(sys.argv[1])
    finish()
