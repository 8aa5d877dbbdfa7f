#!/usr/bin/env python3
"""Whether lint takes for PromQL what Prometheus does: tests/dashboards/promql.py BRUNT

Queries of public dashboards and of every part of the grammar, and thousands that come of them by changing words at
random, are given to promtool as rules and to `brunt dashboard lint` as panels. Both must refuse the same, but for what
promtool 2 does not know yet. The seed is fixed.
"""
import json
import random
import re
import subprocess
import sys
import tempfile
from pathlib import Path

HERE = Path(__file__).resolve().parent
sys.path.insert(0, str(HERE.parent / "sinks"))
from servers import find_program  # noqa: E402

SEED, N = 20462, 4000
WORD = re.compile(r'\s+|[A-Za-z_:][A-Za-z0-9_:]*|[0-9.][A-Za-z0-9_.]*|"(?:[^"\\]|\\.)*"|==|!=|=~|!~|>=|<=|.', re.S)

GRAMMAR = """
sum by (le, name) (rate(a_bucket{job="x", b!~"c|d"}[5m])) > bool 1
histogram_quantile(0.95, sum(rate(x[1m])) by (le)) unless on (a) c
a * on (x) group_left (y, z) b or ignoring () c + ignoring (q) group_right () d
max_over_time((a + b)[1h:30s]) or vector(1) and ignoring (x) d
topk(5, count_values("v", a offset -1h30m)) / quantile without (a,) (0.9, {a=~".+"})
label_replace(a, "x", "$1", "y", "(.*)") == 2 ^ -3 % b atan2 c
rate(a[5m] @ end() offset 1m) - a @ 1609746000 * 1.5e-3 + 0x1F
round(scalar(sum(a)), 0.1) * time() - day_of_week() + inf - NaN
clamp(a, 0, 1) != absent({__name__="x"}) <= changes(b{}[1d])
"""
MORE = ["by", "on", "group_right", "bool", "[5m]", "[1h:5m]", "[]", "unless", "sum", "rate", "abs", "x_total", "{", "}", ","]

# What promtool 2.42 refuses and Prometheus 3 takes: names in quotes, durations as numbers.
NEWER = re.compile(r"unexpected (string|duration|number)|bad (number or )?duration|missing unit character|metric name must not be set twice")
# What Prometheus takes for a rule or a table, but no panel can draw.
DRAWN = "cannot be drawn"


def seeds():
    for line in (HERE.parent / "sinks" / "dashboards.txt").read_text().splitlines():
        if line and line[0] not in "#-":
            yield line
    yield from (line for line in GRAMMAR.splitlines() if line)


def changed(rng, words, pool):
    words = list(words)
    for _ in range(rng.randint(1, 3)):
        at, kind = rng.randrange(len(words)), rng.randrange(5)
        if kind == 0 and len(words) > 1:
            del words[at]
        elif kind == 1:
            words.insert(at, rng.choice(pool))
        elif kind == 2:
            words[at] = rng.choice(pool)
        elif kind == 3:
            other = rng.randrange(len(words))
            words[at], words[other] = words[other], words[at]
        else:
            words.insert(at, " ")
    return "".join(words).strip()


def make_queries():
    rng = random.Random(SEED)
    whole = list(seeds())
    parts = [WORD.findall(q) for q in whole]
    pool = [w for p in parts for w in p if w.strip()] + MORE
    queries = dict.fromkeys(whole)
    while len(queries) < N:
        query = changed(rng, rng.choice(parts), pool)
        if query:
            queries[query] = None
    return list(queries)


def refused_by_promtool(queries, folder):
    rules = folder / "rules.json"
    rules.write_text(json.dumps({"groups": [{"name": "g", "rules": [
        {"record": f"q{i}", "expr": query} for i, query in enumerate(queries)]}]}))
    out = subprocess.run([find_program("promtool", "prometheus"), "check", "rules", rules], capture_output=True, text=True)
    found = re.finditer(r'rule (\d+), "q\d+": could not parse expression: (.*)', out.stdout + out.stderr)
    return {int(m[1]) - 1: m[2] for m in found}


def refused_by_lint(brunt, queries, folder):
    source = {"type": "prometheus", "uid": "x"}
    panels = [{"type": "stat", "id": at + 1, "title": "t", "targets": [
        {"refId": f"Q{i}", "datasource": source, "expr": queries[i]} for i in range(at, min(at + 100, len(queries)))]}
        for at in range(0, len(queries), 100)]
    board = folder / "board.json"
    board.write_text(json.dumps({"title": "t", "panels": panels}))
    command = [brunt, "dashboard", "lint", "--json", "--rule", "target-promql-rule", board]
    out = json.loads(subprocess.run(command, capture_output=True, text=True).stdout)
    return {int(f["place"].rpartition("Q")[2]): f["text"] for f in out["files"][0]["findings"]}


def main():
    queries = make_queries()
    with tempfile.TemporaryDirectory() as folder:
        theirs = refused_by_promtool(queries, Path(folder))
        ours = refused_by_lint(sys.argv[1], queries, Path(folder))
    differ = [(i, "refused", ours[i]) for i in ours if i not in theirs and DRAWN not in ours[i]]
    differ += [(i, "accepted", theirs[i]) for i in theirs if i not in ours and not NEWER.search(theirs[i])]
    for i, what, why in differ[:20]:
        print(f"FAIL {queries[i]}: {what} by lint alone: {why}")
    print(f"{len(queries)} queries: {len(theirs)} refused by promtool, {len(ours)} by lint, {len(differ)} in dispute")
    # A generator that makes only wrong ones would show nothing.
    sys.exit(bool(differ) or not 0.1 < len(theirs) / len(queries) < 0.95)


main()
