"""Public dashboards as data: the facts of public/NAME.txt, and a dashboard's JSON made of them.

A line each:
  title, uid, schema, time FROM TO   of the dashboard
  source TYPE [UID]                  of every panel; without an UID the default data source
  input NAME TYPE                    of an export for sharing
  feed NAME                          which run of panels.py it is to show
  var NAME TYPE [QUERY]              with `regex R`, `multi`, `all [VALUE]` below it
  row TITLE                          with `repeat VARIABLE` below it
  panel TYPE [TITLE]
    A [instant] [hidden]: QUERY      a newline is written as ␊, Flux by the shorthand below
    - REASON                         the query above is empty, and that lies in the original
    - when WORD: REASON              only where the panel's title has the word, or the feed says it
"""
import re
from dataclasses import dataclass, field
from pathlib import Path

RANGE = "  |> range(start: v.timeRangeStart, stop: v.timeRangeStop)"
WINDOW = "\n  |> aggregateWindow(every: v.windowPeriod, fn: "
FLUX = {
    r"⟨P⟩": 'from(bucket: "loadtests")\n' + RANGE,
    r"⟨B⟩": "from(bucket: v.defaultBucket)\n" + RANGE,
    r"⟨T⟩": '\n  |> filter(fn: (r) => r["testid"] =~ /${testid:regex}/)',
    r"⟨M (\S+?)⟩": r'\n  |> filter(fn: (r) => r["_measurement"] == "\1")',
    r"⟨F (\S+?)⟩": r'\n  |> filter(fn: (r) => r["_field"] == "\1")',
    r"⟨Q (\S+?)⟩": r'\n  |> quantile(q: \1, method: "exact_mean")',
    r"⟨WQ (\S+) (\S+?)⟩": WINDOW + '(tables=<-, column) => \n      tables \n        |> quantile(q: \\1, column: column, '
                                   'method: "exact_mean"), \n      createEmpty: false)\n  |> set(key: "_field", value: "\\2")',
    r"⟨W (\S+?)⟩": WINDOW + r"\1, createEmpty: false)",
}


@dataclass
class Target:
    ref: str
    query: str
    instant: bool
    hidden: bool
    reasons: list = field(default_factory=list)  # (word or "", text)


@dataclass
class Panel:
    type: str
    title: str
    row: str
    targets: list = field(default_factory=list)


@dataclass
class Board:
    name: str
    facts: dict = field(default_factory=dict)
    variables: list = field(default_factory=list)
    rows: list = field(default_factory=list)  # (title, repeat, panels)

    def reason(self, title, ref, words):
        """Why a query is to be empty, or None: by the panel's title as written, and the words that hold."""
        for _, _, panels in self.rows:
            for panel in panels:
                for target in panel.targets:
                    if panel.title == title and target.ref == ref:
                        for word, text in target.reasons:
                            if not word or any(word in w for w in words):
                                return text
        return None


def expand(query):
    for pattern, text in FLUX.items():
        query = re.sub(pattern, text, query)
    return query.replace("␊", "\n")


def take_detail(board, text):
    """A line that belongs to the one before it."""
    word, _, rest = text.partition(" ")
    target = re.match(r"(\w)((?: instant| hidden)*): (.*)$", text)
    panels = board.rows[-1][2] if board.rows else []
    if target:
        panels[-1].targets.append(Target(target[1], expand(target[3]), "instant" in target[2], "hidden" in target[2]))
    elif word == "-":
        when = re.match(r"when (\S+): (.*)$", rest)
        panels[-1].targets[-1].reasons.append((when[1], when[2]) if when else ("", rest))
    elif word == "repeat":
        board.rows[-1][1] = rest
    else:
        board.variables[-1][word] = rest or True


def read(path):
    board = Board(path.stem)
    for line in path.read_text().splitlines():
        word, _, rest = line.partition(" ")
        if not line or line.startswith("#"):
            continue
        if line.startswith("  "):
            take_detail(board, line.strip())
        elif word == "var":
            name, kind, *query = rest.split(" ", 2)
            board.variables.append({"name": name, "type": kind, "query": expand(query[0]) if query else ""})
        elif word == "row":
            board.rows.append([rest, None, []])
        elif word == "panel":
            if not board.rows:
                board.rows.append([None, None, []])
            kind, _, title = rest.partition(" ")
            board.rows[-1][2].append(Panel(kind, title, board.rows[-1][0]))
        else:
            board.facts[word] = rest
    return board


def read_all():
    return [read(path) for path in sorted((Path(__file__).parent / "public").glob("*.txt"))]


# ---- to JSON ----

def source_json(board):
    kind, _, uid = board.facts["source"].partition(" ")
    return {"type": kind, "uid": uid} if uid else None


def variable_json(v, source):
    made = {"name": v["name"], "type": v["type"], "query": v["query"], "current": {}, "options": []}
    if v["type"] == "query":
        made |= {"datasource": source, "refresh": 2, "regex": v.get("regex", "")}
    if v.get("multi"):
        made["multi"] = True
    if v.get("all"):
        made["includeAll"] = True
        made["allValue"] = None if v["all"] is True else v["all"]
    return made


def target_json(t, kind, source):
    made = {"refId": t.ref, "datasource": source, "hide": t.hidden}
    if kind == "prometheus":
        return made | {"expr": t.query, "instant": t.instant, "range": not t.instant}
    return made | {"query": t.query, "rawQuery": True, "resultFormat": "time_series"}


def panel_json(p, kind, source, number):
    return {"id": number, "type": p.type, "title": p.title, "datasource": source,
            "gridPos": {"x": 0, "y": number, "w": 12, "h": 8},
            "targets": [target_json(t, kind, source) for t in p.targets]}


def to_json(board):
    """The dashboard as its age would have it: panels below rows up to schema 15, beside them since."""
    source = source_json(board)
    kind = board.facts["source"].split()[0]
    schema = int(board.facts["schema"])
    start, end = board.facts["time"].split()
    made = {"title": board.facts["title"], "uid": board.facts.get("uid"), "schemaVersion": schema,
            "time": {"from": start, "to": end}, "annotations": {"list": []},
            "templating": {"list": [variable_json(v, source) for v in board.variables]}}
    if "input" in board.facts:
        name, plugin = board.facts["input"].split()
        made["__inputs"] = [{"name": name, "type": "datasource", "pluginId": plugin}]
    rows, panels, number = [], [], 0
    for title, repeat, members in board.rows:
        made_panels = []
        for p in members:
            number += 1
            made_panels.append(panel_json(p, kind, source, number))
        row = {"type": "row", "title": title or "", "repeat": repeat, "panels": [], "id": 1000 + len(rows)}
        rows.append({"title": title or "", "repeat": repeat, "panels": made_panels})
        panels += ([row] if title else []) + made_panels
    made |= {"rows": rows} if schema < 16 else {"panels": panels}
    return made
