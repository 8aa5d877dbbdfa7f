"""Calls of Locust's HTTP clients, each with a line that says what came of it: the same file for Locust and for brunt.

Lines begin with @@; ports and what belongs to one client alone (User-Agent) are left out of them.
"""
import io
import re

from locust import FastHttpUser, HttpUser, constant, events, task
from locust.exception import ResponseError

NOT_COMPARED = ("User-Agent", "Connection", "Host", "Content-Length", "X-Request-Id")


def say(*words):
    text = re.sub(r"127\.0\.0\.1:\d{2,}", "HOST", " ".join(map(str, words)))
    print("@@", re.sub(r"boundary=\S+", "boundary", text)[:500], flush=True)


def seen(response):
    """What of a request has reached the server."""
    j = response.json()
    parts = {k: j[k] for k in ("args", "data", "files", "form", "json") if j.get(k)}
    headers = {k: v for k, v in sorted(j["headers"].items()) if k not in NOT_COMPARED}
    return j["method"], j["url"], parts, headers


@events.request.add_listener
def heard(request_type, name, exception, context, url, response, **_):
    say("event", request_type.upper(), name, repr(exception), context, url)


def do(calls):
    for label, call in calls:
        try:
            say(label, "->", call())
        except Exception as e:
            say(label, "->", "raised", type(e).__name__, str(e).partition("\n")[0])


def lines(*rows):
    return rows


class Http(HttpUser):
    wait_time = constant(1)

    def context(self):
        return {"of": "user"}

    @task
    def all(self):
        c = self.client
        self.bodies(c), self.heads(c), self.cookies(c), self.ways(c), self.answers(c), self.verdicts(c)
        do([("rest", self.rests)])
        self.environment.runner.quit()

    def bodies(self, c):
        do([
            ("plain", lambda: seen(c.get("/anything"))),
            ("params, dict", lambda: seen(c.get("/anything?a=1", params={
                "b": [1, 2], "c": None, "d": True, "e": "x y/ü"}))),
            ("params, pairs", lambda: seen(c.get("/anything", params=[("b", 1), ("b", 2)]))),
            ("params, text", lambda: seen(c.get("/anything", params="q=1&z"))),
            ("json", lambda: seen(c.post("/anything", json={"a": [1, "ü"]}))),
            ("json, empty", lambda: seen(c.post("/anything", json={}))),
            ("form", lambda: seen(c.post("/anything", {"a": "b c", "l": [1, 2], "n": None, "t": True}))),
            ("form, pairs", lambda: seen(c.post("/anything", [("a", "1"), ("a", "2")]))),
            ("text", lambda: seen(c.post("/anything", "text ü"))),
            ("bytes", lambda: seen(c.post("/anything", b"bytes"))),
            ("a file's content", lambda: seen(c.post("/anything", io.BytesIO(b"of a file")))),
            ("a generator's", lambda: seen(c.post("/anything", (x for x in [b"a", b"b"])))[2]),
            ("put", lambda: seen(c.put("/anything", data={"a": 1}))),
            ("patch", lambda: seen(c.patch("/anything", json={"a": 1}))),
            ("delete", lambda: seen(c.delete("/anything", json={"a": 1}))),
            ("request", lambda: seen(c.request("REPORT", "/anything"))),
            ("files", lambda: seen(c.post("/anything", files={
                "f": io.BytesIO(b"content"), "g": ("g.txt", "text", "text/plain")}, data={"k": "v"}))[2]),
            ("files, several", lambda: seen(c.post("/anything", files=[
                ("f", ("a.bin", b"1")), ("f", ("b.bin", b"2"))]))[2]),
            ("a path to be quoted", lambda: seen(c.get("/anything/ü x?q=ü"))[1]),
        ])

    def heads(self, c):
        def session():
            c.headers["X-All"] = "1"
            c.headers.update({"x-two": "2"})
            return seen(c.get("/anything"))[3], c.headers["X-TWO"], "x-all" in c.headers, c.headers.get("nope")

        def without():
            del c.headers["x-ALL"]
            return c.headers.pop("X-Two"), "x-all" in c.headers, seen(c.get("/anything"))[3]

        def of_session():
            c.params, c.auth = {"p": "1"}, ("a", "b")
            r = seen(c.get("/anything", params={"q": "2"}))
            c.params, c.auth = {}, None
            return r[1], r[3]["Authorization"]

        do([
            ("headers", lambda: seen(c.get("/anything", headers={"X-A": "1", "accept": "x/y"}))[3]),
            ("headers of the session", session),
            ("a header taken away", lambda: seen(c.get("/anything", headers={"x-all": None}))[3]),
            ("headers deleted", without),
            ("auth", lambda: seen(c.get("/anything", auth=("u", "p")))[3]),
            ("auth, basic", lambda: c.get("/basic-auth/u/p", auth=("u", "p")).status_code),
            ("params and auth of the session", of_session),
        ])

    def cookies(self, c):
        def own():
            c.cookies.set("mine", "1")
            c.cookies["two"] = "2"
            c.cookies.update({"three": "3"})
            return c.get("/cookies").json(), sorted(c.cookies.keys()), len(c.cookies)

        def fewer():
            del c.cookies["mine"]
            return sorted(c.cookies.get_dict()), c.cookies.get("mine")

        def none():
            c.cookies.clear()
            return c.get("/cookies").json(), dict(c.cookies)

        def of_response():
            r = c.get("/cookies/set?k=v", allow_redirects=False)
            return r.status_code, r.cookies.get_dict(), r.cookies.get("k"), r.headers["location"], r.is_redirect

        do([
            ("cookies from a server", lambda: (c.get("/cookies/set?k=v").json(), c.cookies.get_dict(), c.cookies["k"],
                                               c.cookies.get("x", 5), "k" in c.cookies)),
            ("cookies of one's own", own),
            ("cookies, one by one", lambda: sorted((x.name, x.value) for x in c.cookies)),
            ("cookies, fewer", fewer),
            ("cookies, none", none),
            ("cookies, once", lambda: (c.get("/cookies", cookies={"o": "1"}).json(), c.cookies.get_dict())),
            ("cookies of a response", of_response),
        ])
        c.cookies.clear()

    def ways(self, c):
        def redirect():
            r = c.get("/redirect/2", name="redirect")
            return r.status_code, r.url, [(h.status_code, h.url) for h in r.history]

        def post():
            r = c.post("/redirect-to?url=/anything&status_code=302", data={"a": 1}, name="post")
            return r.status_code, r.json()["method"], r.url

        def refused():
            r = c.get("http://127.0.0.1:1/x", name="away")
            return r.status_code, type(r.error).__name__, r.content, r.text, dict(r.headers)

        def hooked():
            told = []

            def hook(r, *args, **kwargs):
                told.append(r.status_code)
                r.mine = 1

            c.hooks["response"].append(hook)
            r = c.get("/fast", hooks={"response": hook})
            c.hooks["response"].clear()
            return r.mine, told

        def renamed():
            with c.rename_request("renamed"):
                c.get("/fast")
            c.request_name = "by attribute"
            c.get("/fast"), c.get("/fast", name="own")
            c.request_name = None

        do([
            ("redirects", redirect),
            ("a redirected post", post),
            ("not followed", lambda: c.get("/redirect/1", allow_redirects=False, name="stays").status_code),
            ("head", lambda: c.head("/redirect/1", name="head").status_code),
            ("refused", refused),
            ("hooks", hooked),
            ("names", renamed),
            ("context", lambda: c.get("/fast", context={"a": 1}).status_code),
        ])

    def answers(self, c):
        def all_of_it():
            r = c.get("/anything?x=1", headers={"X-B": "2"})
            q = r.request
            return lines(q.method, q.url, q.path_url, q.headers["x-b"], q.body, type(r.elapsed).__name__, r.ok, bool(r),
                         r.reason, r.encoding, r.is_permanent_redirect, r.links, r.headers["CONTENT-type"],
                         "content-TYPE" in r.headers, r.headers.get("zzz"), type(r.content).__name__,
                         len(list(r.iter_content(10))) > 1, [type(x).__name__ for x in r.iter_lines()][:1])

        def sent():
            r = c.post("/anything", json={"a": 1})
            return r.request.body, r.request.headers["content-type"]

        def missing():
            r = c.get("/status/404")
            return r.status_code, r.ok, bool(r), r.reason, r.error

        def latin():
            r = c.get("/html")
            r.encoding = "latin-1"
            return r.encoding, r.text[:15], r.apparent_encoding

        do([
            ("a response", all_of_it),
            ("its request", sent),
            ("404", missing),
            ("404, raised", lambda: c.get("/status/404", name="n404").raise_for_status()),
            ("500, raised", lambda: c.get("/status/500").raise_for_status()),
            ("gzip", lambda: c.get("/gzip").json()["gzipped"]),
            ("stream", lambda: len(list(c.get("/stream/2", stream=True).iter_lines()))),
            ("an encoding that is set", latin),
        ])

    def verdicts(self, c):
        def good():
            with c.get("/status/404", catch_response=True, name="called good") as r:
                r.success()
            meta = r.request_meta
            return meta["exception"], meta["name"], meta["request_type"], meta["response_length"]

        def bad():
            with c.get("/fast", catch_response=True, name="called bad") as r:
                r.failure("bad")
                r.raise_for_status()

        def undecided():
            with c.get("/status/404", catch_response=True, name="undecided"):
                pass

        def error():
            with c.get("/fast", catch_response=True, name="an error of its own") as r:
                r.failure(KeyError("k"))

        def both():
            with c.get("/fast", catch_response=True, name="both") as r:
                r.failure("first")
                raise ResponseError("then")

        def without():
            with c.get("/fast"):
                pass

        do([("called good", good), ("called bad", bad), ("undecided", undecided), ("an error", error), ("both", both),
            ("with, without catch_response", without)])

    def rests(self):
        with self.rest("GET", "/users") as r:
            assert r.js == [], "not empty,"
        with self.rest("GET", "/users", name="plain") as r:
            assert r.js == [], "plain"
        with self.rest("GET", "/users", name="no text") as r:
            assert r.js == []
        with self.rest("GET", "/html", name="no json") as r:
            pass
        with self.rest("POST", "/anything", name="json", json={"a": 1}) as r:
            say(r.js["json"], r.js["headers"]["Accept"], r.js["headers"]["Content-Type"])
        with self.rest("GET", "http://127.0.0.1:1/", name="nobody there") as r:
            pass
        with self.rest("GET", "/status/404", name="404") as r:
            return r.js


class Fast(FastHttpUser):
    wait_time = constant(1)
    default_headers = {"X-D": "1"}
    rests = Http.rests
    verdicts = Http.verdicts

    @task
    def all(self):
        c = self.client
        self.calls(c), self.answers(c), self.verdicts(c)
        do([("rest", self.rests)])
        self.environment.runner.quit()

    def calls(self, c):
        def renamed():
            with c.rename_request("renamed"):
                c.get("/fast")
            c.request_name = "by attribute"
            c.get("/fast"), c.get("/fast", name="own")
            c.request_name = None

        do([
            ("plain", lambda: seen(c.get("/anything"))),
            ("json", lambda: seen(c.post("/anything", json={"a": [1, "ü"]}))),
            ("json with headers", lambda: seen(c.post("/anything", json={"a": 1}, headers={
                "content-type": "a/b", "Accept": "c/d"}))),
            ("form", lambda: seen(c.post("/anything", {"a": "b c", "l": 1}))),
            ("text", lambda: seen(c.post("/anything", "text ü"))),
            ("bytes", lambda: seen(c.post("/anything", b"bytes"))),
            ("put", lambda: seen(c.put("/anything", data={"a": 1}))),
            ("files", lambda: seen(c.post("/anything", files={"f": ("g.txt", b"text", "text/plain")}))[2]),
            ("auth", lambda: seen(c.get("/anything", auth=("u", "p")))[3]),
            ("headers", lambda: seen(c.get("/anything", headers={"X-A": "1"}))[3]),
            ("names", renamed),
        ])

    def answers(self, c):
        def all_of_it():
            r = c.get("/anything?x=1")
            return lines(r.status_code, r.ok, r.url, r.headers["CONTENT-type"], "content-TYPE" in r.headers,
                         r.headers.get("zzz"), type(r.content).__name__, r.request.method, r.request.url,
                         type(r.text).__name__, r.raise_for_status())

        def missing():
            r = c.get("/status/404")
            return r.status_code, r.ok, type(r.error).__name__, r.text

        def stays():
            r = c.get("/redirect/1", allow_redirects=False, name="stays")
            return r.status_code, r.ok

        def refused():
            r = c.get("http://127.0.0.1:1/x", name="away")
            return r.status_code, type(r.error).__name__, str(r.error), r.content, r.text, r.headers, r.ok

        do([
            ("a response", all_of_it),
            ("cookies", lambda: (c.get("/cookies/set?k=v", name="cookie").json(),
                                 [(x.name, x.value) for x in c.cookiejar])),
            ("404", missing),
            ("404, raised", lambda: c.get("/status/404", name="n404").raise_for_status()),
            ("not followed", stays),
            ("redirects", lambda: c.get("/redirect/2", name="redirect").status_code),
            ("refused", refused),
            ("lines", lambda: len(list(c.iter_lines("/stream/2", name="lines")))),
            ("lines of a 404", lambda: list(c.iter_lines("/status/404", name="lines"))),
        ])
