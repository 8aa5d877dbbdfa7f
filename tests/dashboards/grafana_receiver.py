"""A strict receiver of what `brunt dashboard push` and `annotate` send, with the answers of Grafana's HTTP API: who asks
without rights is refused, a body that the API does not describe is 400, and conflicts are 409 and 412 as Grafana says
them. It keeps what it takes, and gives it back."""
import base64
import http.server
import json
import re
import threading
import urllib.parse

TOKENS = {"Bearer editor": "Editor", "Bearer admin": "Admin", "Bearer viewer": "Viewer",
          "Basic " + base64.b64encode(b"admin:for tests only").decode(): "Admin"}
UID = re.compile(r"[A-Za-z0-9_-]{1,40}$")
RANK = {"Viewer": 0, "Editor": 1, "Admin": 2}
# Of each body: keys that must be there, and those that may.
BODIES = {
    "folder": ({"uid", "title"}, set()),
    "source": ({"name", "type", "access", "url"}, {"uid", "jsonData", "secureJsonData", "basicAuth", "basicAuthUser"}),
    "dashboard": ({"dashboard", "overwrite"}, {"folderUid", "message"}),
    "annotation": ({"time", "tags", "text"}, {"timeEnd", "dashboardUID", "panelId"}),
    "patch": (set(), {"time", "timeEnd", "tags", "text"}),
}


class Answer(Exception):
    def __init__(self, status, body):
        super().__init__(status)
        self.status, self.body = status, body


def refuse(code, message, **more):
    raise Answer(code, {"message": message, **more})


def need(body, kind):
    must, may = BODIES[kind]
    if not isinstance(body, dict) or not must <= body.keys() or not body.keys() <= must | may:
        refuse(400, f"bad request data: {sorted(body) if isinstance(body, dict) else body}")


def find(rows, key, value):
    return next((row for row in rows if row[key] == value), None)


class GrafanaReceiver(threading.Thread):
    def __init__(self):
        super().__init__(daemon=True)
        self.folders, self.sources, self.dashboards, self.annotations, self.asked = [], [], [], [], []
        receiver = self

        class Handler(http.server.BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def log_message(self, *_):
                pass

            def answer(self):
                length = int(self.headers.get("Content-Length") or 0)
                data = self.rfile.read(length)
                try:
                    status, body = 200, receiver.route(self, data)
                except Answer as e:
                    status, body = e.status, e.body
                text = json.dumps(body).encode()
                self.send_response(status)
                self.send_header("Content-Type", "application/json; charset=UTF-8")
                self.send_header("Content-Length", str(len(text)))
                self.end_headers()
                self.wfile.write(text)

            do_GET = do_POST = do_PUT = do_PATCH = do_DELETE = answer

        self.server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.url = f"http://127.0.0.1:{self.server.server_port}"

    def run(self):
        self.server.serve_forever(poll_interval=0.05)

    def __enter__(self):
        self.start()
        return self

    def __exit__(self, *_):
        self.server.shutdown()
        self.server.server_close()

    # ---- one request ----

    def route(self, request, data):
        role = self.role = TOKENS.get(request.headers.get("Authorization", ""))
        path, _, query = request.path.partition("?")
        self.asked.append(f"{request.command} {path}")
        if not role:
            refuse(401, "Invalid API key" if "Authorization" in request.headers else "Unauthorized")
        wanted = "Admin" if path.startswith("/api/datasources") else "Editor"
        if request.command != "GET" and RANK[role] < RANK[wanted]:
            refuse(403, "You'll need additional permissions to perform this action.")
        body = None
        if data:
            if request.headers.get("Content-Type") != "application/json":
                refuse(415, "content type")
            body = json.loads(data)
        for method, pattern, name in ROUTES:
            match = re.fullmatch(pattern, path)
            if match and method == request.command:
                args = [urllib.parse.unquote(part) for part in match.groups()]
                return getattr(self, name)(*args, **({} if method == "GET" and name != "list_annotations" else
                                                     {"body": body} if method != "GET" else
                                                     {"query": urllib.parse.parse_qs(query)}))
        refuse(404, "Not found")

    def get_folder(self, uid):
        """Grafana shows an editor neither what is not there nor, for a minute, what somebody else has just made."""
        if self.role != "Admin":
            refuse(403, "You'll need additional permissions to perform this action. Permissions needed: folders:read")
        return find(self.folders, "uid", uid) or refuse(404, "folder not found", status="not-found")

    def make_folder(self, body):
        need(body, "folder")
        if not UID.match(body["uid"]):
            refuse(400, "uid contains illegal characters")
        if find(self.folders, "uid", body["uid"]):
            refuse(412, "the folder has been changed by someone else", status="version-mismatch")
        if find(self.folders, "title", body["title"]):
            refuse(409, "a folder with the same name already exists in the current location")
        self.folders.append({"id": len(self.folders) + 1, "version": 1, **body})
        return self.folders[-1]

    def list_sources(self):
        return self.sources

    def get_source(self, uid):
        return find(self.sources, "uid", uid) or refuse(404, "Data source not found")

    def make_source(self, body):
        need(body, "source")
        if body["type"] not in ("prometheus", "influxdb", "graphite") or not body["url"].startswith("http"):
            refuse(400, "bad data source")
        if find(self.sources, "name", body["name"]):
            refuse(409, "data source with the same name already exists")
        kept = {k: v for k, v in body.items() if k != "secureJsonData"}
        self.sources.append({"id": len(self.sources) + 1, "isDefault": not self.sources, **kept})
        return {"datasource": self.sources[-1], "id": self.sources[-1]["id"], "message": "Datasource added",
                "name": body["name"]}

    def get_dashboard(self, uid):
        found = find(self.dashboards, "uid", uid) or refuse(404, "Dashboard not found")
        return {"dashboard": found["json"], "meta": {"folderUid": found["folder"]}}

    def make_dashboard(self, body):
        need(body, "dashboard")
        d, folder = body["dashboard"], body.get("folderUid", "")
        if d.get("id") is not None or not d.get("title") or "__inputs" in d or "${DS_" in json.dumps(d):
            refuse(400, "a dashboard of another server, or an export for sharing")
        if folder and not find(self.folders, "uid", folder):
            refuse(400, "folder not found")
        uid = d.get("uid") or f"made-{len(self.dashboards)}"
        if not UID.match(uid):
            refuse(400, "uid contains illegal characters")
        old = find(self.dashboards, "uid", uid)
        if old and not body["overwrite"] and d.get("version", 0) != old["version"]:
            refuse(412, "The dashboard has been changed by someone else", status="version-mismatch")
        for other in self.dashboards:
            same = (other["folder"], other["json"]["title"]) == (folder, d["title"])
            if other is not old and same and not body["overwrite"]:
                refuse(412, "A dashboard with the same name in the folder already exists", status="name-exists")
        version = old["version"] + 1 if old else 1
        kept = {"uid": uid, "folder": folder, "version": version, "json": {**d, "uid": uid, "version": version}}
        self.dashboards = [x for x in self.dashboards if x is not old] + [kept]
        return {"id": len(self.dashboards), "uid": uid, "url": f"/d/{uid}/x", "status": "success", "version": version,
                "slug": "x"}

    def list_annotations(self, query):
        wanted = set(query.get("tags", ()))
        rows = [a for a in self.annotations if wanted <= set(a["tags"])]
        return rows[:int(query.get("limit", ["100"])[0])]

    def make_annotation(self, body):
        need(body, "annotation")
        if not isinstance(body["time"], int) or not all(isinstance(tag, str) for tag in body["tags"]):
            refuse(400, "bad request data")
        if body.get("dashboardUID") and not find(self.dashboards, "uid", body["dashboardUID"]):
            refuse(404, "Dashboard not found")
        self.annotations.append({"id": len(self.annotations) + 1, "timeEnd": body["time"], **body})
        return {"message": "Annotation added", "id": self.annotations[-1]["id"]}

    def change_annotation(self, number, body):
        need(body, "patch")
        found = find(self.annotations, "id", int(number)) or refuse(404, "Annotation not found")
        found.update(body)
        return {"message": "Annotation patched"}


ROUTES = [
    ("GET", r"/api/folders/([^/]+)", "get_folder"),
    ("POST", r"/api/folders", "make_folder"),
    ("GET", r"/api/datasources", "list_sources"),
    ("GET", r"/api/datasources/uid/([^/]+)", "get_source"),
    ("POST", r"/api/datasources", "make_source"),
    ("GET", r"/api/dashboards/uid/([^/]+)", "get_dashboard"),
    ("POST", r"/api/dashboards/db", "make_dashboard"),
    ("GET", r"/api/annotations", "list_annotations"),
    ("POST", r"/api/annotations", "make_annotation"),
    ("PATCH", r"/api/annotations/(\d+)", "change_annotation"),
]
