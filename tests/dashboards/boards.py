"""Dashboards as `brunt dashboard` writes them, and their queries with values in place of variables."""
import json
import re
import subprocess


def export(brunt, *what):
    done = subprocess.run([brunt, "dashboard", *what], capture_output=True, text=True, timeout=30)
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout)


def panels(board):
    for panel in board["panels"]:
        if panel["type"] != "row":
            yield panel
        yield from panel.get("panels", [])


def targets(board, title):
    """{the refId, or of tables the column: the target} of the panel of that title."""
    (panel,) = [p for p in panels(board) if p["title"] == title]
    if panel["type"] != "table":
        return {t["refId"]: t for t in panel["targets"]}
    names = [o["matcher"]["options"] for o in panel["fieldConfig"]["overrides"]]
    return dict(zip(names, panel["targets"]))


def fill(text, seconds, start, end):
    """Values for a look at so many seconds that end at `end`: everything is chosen, steps are of one second."""
    values = {"$__rate_interval": "4s", "$__range": f"{seconds}s", "$__interval_ms": "1000", "$__interval": "1s",
              "$timeFilter": f"time >= {int(start * 1000)}ms and time <= {int(end * 1000)}ms"}
    for name, value in values.items():
        text = text.replace(name, value)
    return re.sub(r"\$\{\w+:regex\}|\$(job|instance|task)\b", ".*", text)
