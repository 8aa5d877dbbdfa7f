"""A strict reader of HAR 1.2: what the specification demands is there and of its type, and what it does not know begins
with an underscore. http://www.softwareishard.com/blog/har-12-spec/"""
import base64
import datetime
import json
import re

NUMBER = (int, float)
# name: (type, required)
FIELDS = {
    "log": {"version": (str, True), "creator": (dict, True), "browser": (dict, False), "pages": (list, False),
            "entries": (list, True), "comment": (str, False)},
    "creator": {"name": (str, True), "version": (str, True), "comment": (str, False)},
    "entry": {"pageref": (str, False), "startedDateTime": (str, True), "time": (NUMBER, True), "request": (dict, True),
              "response": (dict, True), "cache": (dict, True), "timings": (dict, True), "serverIPAddress": (str, False),
              "connection": (str, False), "comment": (str, False)},
    "request": {"method": (str, True), "url": (str, True), "httpVersion": (str, True), "cookies": (list, True),
                "headers": (list, True), "queryString": (list, True), "postData": (dict, False),
                "headersSize": (int, True), "bodySize": (int, True), "comment": (str, False)},
    "response": {"status": (int, True), "statusText": (str, True), "httpVersion": (str, True), "cookies": (list, True),
                 "headers": (list, True), "content": (dict, True), "redirectURL": (str, True),
                 "headersSize": (int, True), "bodySize": (int, True), "comment": (str, False)},
    "pair": {"name": (str, True), "value": (str, True), "comment": (str, False)},
    "postData": {"mimeType": (str, True), "params": (list, True), "text": (str, False), "encoding": (str, False),
                 "comment": (str, False)},
    "content": {"size": (int, True), "compression": (int, False), "mimeType": (str, True), "text": (str, False),
                "encoding": (str, False), "comment": (str, False)},
    "timings": {"blocked": (NUMBER, False), "dns": (NUMBER, False), "connect": (NUMBER, False), "send": (NUMBER, True),
                "wait": (NUMBER, True), "receive": (NUMBER, True), "ssl": (NUMBER, False), "comment": (str, False)},
}


def fields(kind, value):
    assert isinstance(value, dict), f"{kind} is no object"
    known = FIELDS[kind]
    for name, (of, required) in known.items():
        assert name in value or not required, f"{kind} without {name}"
        if name in value:
            assert isinstance(value[name], of) and not isinstance(value[name], bool), f"{kind}.{name}: {value[name]!r}"
    for name in value:
        assert name in known or name.startswith("_"), f"{kind} with {name}"


def pairs(values):
    for value in values:
        fields("pair", value)


def body(value):
    if value.get("encoding") == "base64":
        base64.b64decode(value["text"], validate=True)


def timings(entry):
    t = entry["timings"]
    fields("timings", t)
    for name, ms in t.items():
        assert ms >= 0 or (ms == -1 and name in ("blocked", "dns", "connect", "ssl")), f"timings.{name}: {ms}"
    if t["ssl"] > 0:
        assert t["connect"] >= t["ssl"], "ssl is part of connect"
    total = sum(max(ms, 0) for name, ms in t.items() if name != "ssl")
    assert abs(total - entry["time"]) < 0.01, f"time {entry['time']} is not {total}"


def check_entry(entry):
    fields("entry", entry)
    assert re.fullmatch(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z", entry["startedDateTime"]), entry["startedDateTime"]
    datetime.datetime.fromisoformat(entry["startedDateTime"].replace("Z", "+00:00"))
    request, response = entry["request"], entry["response"]
    fields("request", request)
    fields("response", response)
    assert re.match(r"https?://", request["url"]), request["url"]
    for part in (request, response):
        pairs(part["headers"])
        pairs(part["cookies"])
    pairs(request["queryString"])
    if "postData" in request:
        fields("postData", request["postData"])
        body(request["postData"])
    fields("content", response["content"])
    body(response["content"])
    assert entry["cache"] == {}
    timings(entry)


def check(text):
    """The entries of a HAR file; AssertionError where it is none."""
    har = json.loads(text)
    assert list(har) == ["log"], list(har)
    fields("log", har["log"])
    assert har["log"]["version"] == "1.2"
    fields("creator", har["log"]["creator"])
    for entry in har["log"]["entries"]:
        check_entry(entry)
    return har["log"]["entries"]
