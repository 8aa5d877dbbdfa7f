#!/usr/bin/env python3
"""brunt dashboard list, export and new: tests/dashboards/commands.py BRUNT"""
import json
import os
import subprocess
import sys
import tempfile
from pathlib import Path

HERE = Path(__file__).resolve().parent
sys.path.insert(0, str(HERE.parent / "sinks"))
from boards import export, panels  # noqa: E402
from servers import check, finish  # noqa: E402


def dashboard(brunt, *arguments, folder=None):
    done = subprocess.run([brunt, "dashboard", *arguments], capture_output=True, text=True, timeout=30, cwd=folder,
                          env={**os.environ, "HOME": folder or "/nonexistent"})
    return done.returncode, done.stdout, done.stderr


def check_list(brunt):
    boards = export(brunt, "list", "--json")
    code, text, _ = dashboard(brunt, "list")
    check("each board is in the list", code == 0 and all(b["name"] in text and b["title"] in text for b in boards), text)
    return boards


def check_export(brunt, boards, folder):
    code, text, _ = dashboard(brunt, "export", folder=folder)
    files = sorted(str(p.relative_to(folder)) for p in Path(folder).rglob("*.json"))
    want = sorted(f"dashboards/{source}/{b['name']}.json" for b in boards for source in b["for"])
    check("a file for each board and data source", code == 0 and files == want, (text, files))
    check("they are current", dashboard(brunt, "export", "--check", folder=folder)[0] == 0)
    stale, gone = Path(folder, want[0]), Path(folder, want[1])
    stale.write_text(stale.read_text() + " ")
    gone.unlink()
    code, text, error = dashboard(brunt, "export", "--check", folder=folder)
    check("a changed file is named", code == 255 and f"{want[0]}: is not current" in text, (code, text))
    check("a missing file is named", f"{want[1]}: is not there" in text and "2 of" in error, (text, error))
    check("and nothing was written", not gone.exists())


def check_one(brunt, folder):
    board = export(brunt, "export", "live", "--for", "prometheus")
    check("one is printed", board["uid"] == "brunt-live", board["uid"])
    shared = export(brunt, "export", "live", "--for", "flux", "--share")
    check("shared ones ask for their source", shared["__inputs"][0]["pluginId"] == "influxdb")
    code, text, _ = dashboard(brunt, "export", "live", "--for", "flux", "--to", "there", folder=folder)
    check("--for puts files straight into the folder", code == 0 and Path(folder, "there", "live.json").exists(), text)


def check_refused(brunt):
    for arguments, word in ((("export", "nobody"), "there are: live"), (("export", "--to", "-"), "--for"),
                            (("export", "live", "--for", "sql"), "sql"),
                            (("new",), "a script"), (("new", "x.js", "--run", "latest"), "a script"),
                            (("new", "/nonexistent.js"), "nonexistent")):
        code, text, error = dashboard(brunt, *arguments)
        check(f"{' '.join(arguments)} is refused", code not in (0, None) and word in error and not text, (code, text, error))


def check_new(brunt, folder):
    board = export(brunt, "new", str(HERE / "numbers.js"))
    titles = {p["title"] for p in panels(board)}
    check("each metric has a panel", {"llm_cost_usd: total", "llm_tokens: a second", "answer_time", "good_answers",
                                      "queue_length"} <= titles, titles)
    check("its uid is the script's", board["uid"] == "brunt-new-numbers", board["uid"])
    plain = Path(folder, "plain.js")
    plain.write_text("export default function () {}\n")
    code, _, error = dashboard(brunt, "new", str(plain))
    check("a script without metrics is told so", code == 255 and "no metrics of its own" in error, (code, error))


def check_new_of_run(brunt, folder):
    script = Path(folder, "stored.js")
    script.write_text("import { Counter } from 'k6/metrics'; const c = new Counter('apples_cost');\n"
                      "export default function () { c.add(1); }\n")
    store = str(Path(folder, "runs.db"))
    done = subprocess.run([brunt, "run", "--quiet", "--store", store, str(script)], capture_output=True, text=True, timeout=60,
                          env={**os.environ, "HOME": folder})
    check("a run", done.returncode == 0, done.stderr)
    file = Path(folder, "stored.json")
    code, text, error = dashboard(brunt, "new", "--run", "latest", "--store", store, "--name", "Apples", "--for", "graphite",
                                  "-o", str(file))
    check("a dashboard of a stored run", code == 0 and not text, (code, error))
    board = json.loads(file.read_text())
    check("has its metric", "apples_cost: total" in {p["title"] for p in panels(board)} and
          board["uid"] == "brunt-new-apples-graphite", board["uid"])


def main(brunt):
    brunt = str(Path(brunt).resolve())
    with tempfile.TemporaryDirectory(prefix="brunt-test-") as folder:
        check_export(brunt, check_list(brunt), folder)
        check_one(brunt, folder)
        check_refused(brunt)
        check_new(brunt, folder)
        check_new_of_run(brunt, folder)


if __name__ == "__main__":
    if len(sys.argv) != 2:
        sys.exit(__doc__)
    main(sys.argv[1])
    finish()
