#!/usr/bin/env python3
"""Checks dashboards against the shape that ours have: tests/dashboards/schema.py FILE|DIR...

First what must not pass is tried, on changed copies of the first dashboard, so that a schema that lets everything
through is noticed.
"""
import copy
import json
import sys
from pathlib import Path

# Programs of this folder are called as modules of Python's are, and would be taken for them.
sys.path.pop(0)
try:
    import jsonschema
except ImportError:
    sys.exit("this test needs jsonschema; `tools/setup test` installs it (package python3-jsonschema)")

HERE = Path(__file__).resolve().parent

# (what is done to a copy, which must then be refused)
FAULTS = [
    ("a member too many", lambda d: d.update(surprise=1)),
    ("no title", lambda d: d.pop("title")),
    ("a uid that is too long", lambda d: d.update(uid="x" * 41)),
    ("an id", lambda d: d.update(id=7)),
    ("editable", lambda d: d.update(editable=True)),
    ("a panel too wide", lambda d: shown(d)["gridPos"].update(w=25)),
    ("a panel without description", lambda d: shown(d).pop("description")),
    ("an option too many", lambda d: shown(d)["options"].update(surprise=1)),
    ("a data source by name", lambda d: shown(d).update(datasource="Prometheus")),
    ("a query without refId", lambda d: shown(d)["targets"][0].pop("refId")),
    ("a query without text", lambda d: [shown(d)["targets"][0].pop(k, None) for k in ("expr", "query", "target")]),
    ("a first threshold with a value", lambda d: shown(d)["fieldConfig"]["defaults"].update(
        thresholds={"mode": "absolute", "steps": [{"color": "red", "value": 1}]})),
    ("a variable that is not asked again", lambda d: d["templating"]["list"].append(
        {"type": "query", "name": "x", "query": "q", "refresh": 1, "datasource": shown(d)["datasource"]})),
]


def shown(dashboard):
    """The first panel that shows data."""
    return next(p for p in dashboard["panels"] if p.get("targets"))


def files(names):
    for name in map(Path, names):
        yield from sorted(name.rglob("*.json")) if name.is_dir() else [name]


def main():
    schema = json.loads((HERE / "dashboard.schema.json").read_text())
    validator = jsonschema.Draft202012Validator(schema)
    validator.check_schema(schema)
    paths = list(files(sys.argv[1:]))
    if not paths:
        sys.exit("no dashboards")
    failed = 0
    first = json.loads(paths[0].read_text())
    for what, change in FAULTS:
        broken = copy.deepcopy(first)
        change(broken)
        if validator.is_valid(broken):
            failed += 1
            print(f"FAIL {what} is let through")
    for path in paths:
        errors = sorted(validator.iter_errors(json.loads(path.read_text())), key=lambda e: list(map(str, e.path)))
        failed += bool(errors)
        for error in errors[:5]:
            best = jsonschema.exceptions.best_match([error])
            print(f"FAIL {path}: {'/'.join(map(str, best.absolute_path))}: {best.message[:300]}")
    print(f"{len(paths)} dashboards, {len(FAULTS)} faults tried, {failed} failed")
    sys.exit(failed > 0)


main()
