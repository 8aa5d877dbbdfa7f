#!/usr/bin/env python3
"""Dashboards, folders, data sources and annotations arrive in Grafana as they should: tests/dashboards/push.py BRUNT

First in a strict receiver of our own, then, when BRUNT_TEST_GRAFANA names the folder of a Grafana, in that one.
"""
import contextlib
import json
import os
import subprocess
import sys
import tempfile
import urllib.error
import urllib.request
from pathlib import Path

HERE = Path(__file__).resolve().parent
sys.path.append(str(HERE.parent / "sinks"))

from grafana_receiver import GrafanaReceiver  # noqa: E402
from servers import Target, check, finish  # noqa: E402

PANEL = {"type": "timeseries", "title": "p", "id": 1, "gridPos": {"x": 0, "y": 0, "w": 12, "h": 8},
         "targets": [{"refId": "A", "expr": "up"}]}
PLAIN = {"id": 99, "uid": "plain-one", "title": "Plain", "schemaVersion": 38, "panels": [PANEL]}
SHARED = {"uid": "shared-one", "title": "Shared", "schemaVersion": 38,
          "__inputs": [{"name": "DS_PROMETHEUS", "type": "datasource", "pluginId": "prometheus"}], "__requires": [],
          "panels": [{**PANEL, "datasource": {"type": "prometheus", "uid": "${DS_PROMETHEUS}"}}]}


class Ours:
    """The receiver, with the tokens that it knows."""
    name = "receiver"
    editor, admin, viewer, basic = "editor", "admin", "viewer", "admin:for tests only"

    def __init__(self, receiver):
        self.url = receiver.url


class Theirs:
    """A real Grafana, with tokens made for the test."""

    def __init__(self, server):
        self.name = f"Grafana {server.version}"
        self.url = server.url
        self.server, self.made = server, 0
        self.admin, self.viewer = server.token("admin", "Admin"), server.token("viewer", "Viewer")
        self.basic = "admin:for tests only"

    @property
    def editor(self):
        """A new one each time: Grafana keeps for a minute what an account may."""
        self.made += 1
        return self.server.token(f"editor-{self.made}", "Editor")


@contextlib.contextmanager
def real():
    from grafana_server import Grafana  # comes with the test of provisioning
    with Grafana(os.environ["BRUNT_TEST_GRAFANA"], lambda folder: None) as server:
        yield Theirs(server)


class Test:
    def __init__(self, brunt, server, folder):
        self.brunt, self.server, self.folder = brunt, server, Path(folder)
        self.store = str(self.folder / "runs.db")

    def check(self, what, truth, detail=""):
        check(f"{self.server.name}: {what}", truth, detail)

    def call(self, token, *command):
        environment = {k: v for k, v in os.environ.items() if not k.startswith("BRUNT_GRAFANA")}
        if token:
            environment["BRUNT_GRAFANA_TOKEN"] = token
        done = subprocess.run([self.brunt, "dashboard", command[0], "--grafana", self.server.url, *command[1:]], env=environment, text=True,
                              capture_output=True, timeout=60)
        return done.returncode, done.stdout + done.stderr

    def expect(self, what, wanted_code, words, token, *command):
        code, said = self.call(token, *command)
        missing = [word for word in words if word not in said]
        self.check(what, code == wanted_code and not missing, f"exit code {code}, without {missing}: {said}")
        return said

    def api(self, path, body=None):
        """What the server has, read as an administrator."""
        headers = {"Authorization": f"Bearer {self.server.admin}", "Content-Type": "application/json"}
        data = json.dumps(body).encode() if body else None
        request = urllib.request.Request(self.server.url + path, data=data, headers=headers)
        try:
            with urllib.request.urlopen(request, timeout=30) as answer:
                return json.loads(answer.read())
        except urllib.error.HTTPError as e:
            return {"status": e.code}

    def file(self, name, dashboard):
        path = self.folder / name
        path.parent.mkdir(exist_ok=True)
        path.write_text(json.dumps(dashboard))
        return str(path)


def who_may(t):
    plain = t.file("plain.json", PLAIN)
    t.expect("nobody", 255, ["wants to know who asks", "BRUNT_GRAFANA_TOKEN"], None, "push", plain)
    t.expect("a token that is none", 255, ["does not take the token"], "glsa_no", "push", plain)
    t.expect("a viewer", 255, ["does not allow it", "Editor"], t.server.viewer, "push", plain)
    t.check("nothing came", "dashboard" not in t.api("/api/dashboards/uid/plain-one"))
    secret = t.folder / "token"
    secret.write_text(f"{t.server.editor}\n# and a remark\n")
    t.expect("a token in a file", 0, ["Plain", "version 1"], None, "push", plain, "--token-file", str(secret))
    t.expect("user and password", 0, ["Plain"], t.server.basic, "push", plain)
    t.expect("a password in the address", 104, ["seen by everybody"], None, "push", plain, "--grafana", "http://a:b@localhost")
    t.expect("nobody there", 255, ["no answer"], None, "push", plain, "--grafana", "http://127.0.0.1:9")


def a_folder(t):
    t.file("boards/a.json", {**PLAIN, "uid": "in-folder", "title": "In a folder"})
    t.file("boards/b.json", SHARED)
    boards = str(t.folder / "boards")
    t.expect("an export without its data source", 255, ["DS_PROMETHEUS", "--datasource"], t.server.editor, "push", boards)
    more = ["--folder", "Load tests: all", "--datasource", "prometheus=http://127.0.0.1:9090",
            "--datasource", "influxdb2=http://127.0.0.1:8086?org=me&bucket=b"]
    t.expect("dry run", 0, ["would be made"], t.server.admin, "push", boards, *more, "--input", "DS_PROMETHEUS=x", "--dry-run")
    t.check("a dry run changes nothing", t.api("/api/folders/load-tests-all").get("status") in (404, "not-found"))
    t.expect("the first time", 0, ["folder Load tests: all is made", "brunt-prometheus is made", "Shared"], t.server.admin,
             "push", boards, *more)
    t.check("the folder", t.api("/api/folders/load-tests-all").get("title") == "Load tests: all")
    source = t.api("/api/datasources/uid/brunt-influxdb2")
    t.check("the data source", source.get("jsonData", {}).get("defaultBucket") == "b" and source.get("type") == "influxdb", source)
    shared = t.api("/api/dashboards/uid/shared-one")
    used = shared["dashboard"]["panels"][0]["datasource"]["uid"]
    t.check("the input is filled in", used == "brunt-prometheus", used)
    t.check("it is in the folder", shared["meta"]["folderUid"] == "load-tests-all", shared["meta"])
    t.expect("the second time", 0, ["folder Load tests: all is there", "brunt-prometheus is there"], t.server.admin, "push",
             boards, *more)
    t.expect("an editor, who needs no rights for what is there", 0, ["Shared"], t.server.editor, "push", boards, "--folder",
             "Load tests: all")
    t.expect("an editor makes a folder", 0, ["folder Editors' own is made"], t.server.editor, "push", boards, "--folder",
             "Editors' own")
    t.expect("another folder of that title", 255, ["--folder-uid"], t.server.editor, "push", boards, "--folder",
             "Load tests: all", "--folder-uid", "another")
    t.expect("a folder by an uid that is none", 255, ["no folder with the uid"], t.server.editor, "push", boards, "--folder-uid",
             "nobody")
    t.expect("a kind of data source that is none", 104, ["--datasource"], t.server.editor, "push", boards, "--datasource", "x=y")


def our_own(t):
    t.expect("one of ours by its name", 0, ["version 1"], t.server.editor, "push", "live", "--for", "graphite")
    t.check("for its data source", "graphite" in json.dumps(t.api("/api/dashboards/uid/brunt-live-graphite")))
    t.expect("a name that is none", 255, ["no dashboard of that name"], t.server.editor, "push", "nobody")


def conflicts(t):
    plain = t.file("plain.json", PLAIN)
    changed = t.api("/api/dashboards/uid/plain-one")["dashboard"]
    for n in range(2):
        t.api("/api/dashboards/db", {"dashboard": {**changed, "id": None, "tags": [str(n)]}, "overwrite": True})
    old = t.file("old.json", {**PLAIN, "version": 1})
    t.expect("a change of somebody else is kept", 255, ["somebody has changed 'Plain'"], t.server.editor, "push", old,
             "--keep")
    twin = t.file("twin.json", {**PLAIN, "uid": "another-one"})
    t.expect("another of that name", 255, ["another dashboard named 'Plain'"], t.server.editor, "push", twin, "--keep")
    t.expect("and replaced without --keep", 0, ["Plain"], t.server.editor, "push", plain)
    t.check("with what is in the file", not t.api("/api/dashboards/uid/plain-one")["dashboard"].get("tags"))
    t.expect("no dashboard", 104, ["neither 'panels' nor 'rows'"], t.server.editor, "push", t.file("no.json", {"a": 1}))
    t.expect("a bad uid", 104, ["letters"], t.server.editor, "push", t.file("uid.json", {**PLAIN, "uid": "a b"}))


def annotations(t, target):
    done = subprocess.run([t.brunt, "run", "--quiet", "--store", t.store, str(HERE / "feed.js")], text=True, capture_output=True,
                          env={**os.environ, "BASE_URL": target.url, "DURATION": "1s", "HOME": str(t.folder)}, timeout=60)
    t.check("a run", done.returncode == 0, done.stderr)
    run = ["annotate", "latest", "--store", t.store]
    wanted = json.loads(t.call(None, *run, "--dry-run")[1])
    t.check("a run is a region with its id", wanted[0]["timeEnd"] > wanted[0]["time"] and wanted[0]["tags"][0] == "brunt", wanted)
    t.expect("nobody marks", 255, ["wants to know who asks"], None, *run)
    t.expect("it is marked", 0, [f"{len(wanted)} annotations made"], t.server.editor, *run)
    listed = t.api(f"/api/annotations?tags=brunt&tags={wanted[0]['tags'][1]}&limit=100")
    region = [a for a in listed if "run" in a["tags"]]
    t.check("Grafana has the times", len(region) == 1 and (region[0]["time"], region[0]["timeEnd"]) ==
            (wanted[0]["time"], wanted[0]["timeEnd"]), region)
    t.expect("the second time nothing is made", 0, ["0 annotations made, 0 changed"], t.server.editor, *run)
    subprocess.run([t.brunt, "tag", "latest", "--note", "with a note", "--store", t.store], check=True, capture_output=True)
    t.expect("a note changes the text", 0, ["0 annotations made, 1 changed"], t.server.editor, *run)
    listed = t.api(f"/api/annotations?tags=brunt&tags={wanted[0]['tags'][1]}&limit=100")
    t.check("Grafana has the note", any("with a note" in a["text"] for a in listed), listed)
    t.expect("on one dashboard", 0, [f"{len(wanted)} annotations made"], t.server.editor, *run, "--dashboard", "plain-one")
    t.expect("on one that is not there", 255, ["no dashboard with the uid"], t.server.editor, *run, "--dashboard", "nobody")


def all_of(brunt, server, target):
    with tempfile.TemporaryDirectory(prefix="brunt-test-") as folder:
        t = Test(brunt, server, folder)
        who_may(t)
        a_folder(t)
        our_own(t)
        conflicts(t)
        annotations(t, target)


def main(brunt):
    with Target(brunt) as target:
        with GrafanaReceiver() as receiver:
            all_of(brunt, Ours(receiver), target)
        if not os.environ.get("BRUNT_TEST_GRAFANA"):
            print("skip a real server: BRUNT_TEST_GRAFANA names none")
            return
        with real() as server:
            all_of(brunt, server, target)


if __name__ == "__main__":
    if len(sys.argv) != 2:
        sys.exit(__doc__)
    main(sys.argv[1])
    finish()
