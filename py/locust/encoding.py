"""Arguments of requests, as requests has them, into what goes over the wire."""

import base64
import json as _json
import os
import re
import urllib.parse

import _brunt
from brunt_script.headers import CaseInsensitiveDict

# Known to requests, and not ours to decide for one request: said once, then left out.
_ELSEWHERE = {
    "cert": "client certificates come from the option tlsAuth",
    "proxies": "proxies come from the environment: HTTP_PROXY, HTTPS_PROXY, NO_PROXY",
}
_said = set()
_TO_QUOTE = re.compile(r"[^A-Za-z0-9!#$%&'()*+,/:;=?@\[\]~._-]|%(?![0-9A-Fa-f]{2})")
_SAFE = "!#$%&'()*+,/:;=?@[]~"
DIGEST, INSECURE = 1, 2  # of _brunt.request()
FORM = "application/x-www-form-urlencoded"


def say_once(name):
    if name not in _said:
        _said.add(name)
        _brunt.log(2, f"'{name}' of a client or a request has no effect: {_ELSEWHERE[name]}")


def _is_many(value):
    return hasattr(value, "__iter__") and not isinstance(value, (str, bytes, bytearray))


def _pairs(data):
    """(name, value) of a mapping or of pairs; a list of values is as many pairs, and None is none."""
    for name, values in data.items() if hasattr(data, "items") else data:
        for value in values if _is_many(values) else [values]:
            if value is not None:
                yield name, value


def form(data):
    if isinstance(data, (str, bytes)):
        return data.decode() if isinstance(data, bytes) else data
    return urllib.parse.urlencode([(k, v) for k, v in _pairs(data)], doseq=True)


def with_params(url, params):
    """The URL with its query extended."""
    query = form(params) if params else ""
    if not query:
        return url
    head, mark, fragment = url.partition("#")
    return head + ("&" if "?" in head else "?") + query + mark + fragment


def quoted(url):
    """With percent signs for what has no place in a URL."""
    if not _TO_QUOTE.search(url):
        return url
    if re.search(r"%(?![0-9A-Fa-f]{2})", url):
        return urllib.parse.quote(url, safe=_SAFE.replace("%", ""))
    return urllib.parse.quote(url, safe=_SAFE)


# ---- bodies ----


def _bytes(content):
    if hasattr(content, "read"):
        content = content.read()
    if isinstance(content, str):
        return content.encode()
    if isinstance(content, (bytes, bytearray, memoryview)):
        return bytes(content)
    if hasattr(content, "__iter__"):  # a generator of pieces
        return b"".join(_bytes(piece) for piece in content)
    return str(content).encode()


def _part(name, value):
    """(head, body) of one file: a file object, a content, or (filename, content[, type[, headers]])."""
    kind, more = None, {}
    if isinstance(value, (tuple, list)):
        filename, content, *rest = value
        kind = rest[0] if rest else None
        more = rest[1] if len(rest) > 1 else {}
    else:
        content = value
        path = getattr(value, "name", None)
        filename = os.path.basename(path) if isinstance(path, str) and path[:1] != "<" else name
    head = f'Content-Disposition: form-data; name="{name}"'
    if filename is not None:
        head += '; filename="%s"' % str(filename).replace('"', "%22")
    if kind:
        head += f"\r\nContent-Type: {kind}"
    return head + "".join(f"\r\n{k}: {v}" for k, v in dict(more).items()), None if content is None else _bytes(content)


def multipart(data, files):
    """(body, content type) of fields and files."""
    if isinstance(data, (str, bytes)):
        raise ValueError("with files=, data must be a dict or a list of pairs")
    boundary = os.urandom(16).hex()
    parts = [(f'Content-Disposition: form-data; name="{name}"', _bytes(value)) for name, value in _pairs(data or ())]
    for name, value in files.items() if hasattr(files, "items") else files:
        parts.append(_part(name, value))
    out = [f"--{boundary}\r\n{head}\r\n\r\n".encode() + body + b"\r\n" for head, body in parts if body is not None]
    return b"".join(out) + f"--{boundary}--\r\n".encode(), f"multipart/form-data; boundary={boundary}"


def body_of(data, json, files):
    """(body or None, content type or None)"""
    if files:
        return multipart(data, files)
    if not data and json is not None:
        return _json.dumps(json).encode(), "application/json"
    if not data:
        return None, None
    if isinstance(data, (str, bytes, bytearray)) or hasattr(data, "read"):
        return _bytes(data), None
    if isinstance(data, (list, tuple)) or hasattr(data, "items"):
        return form(data).encode(), FORM
    return _bytes(data), None


# ---- who asks ----


def basic(user, password):
    user, password = (x.encode("latin1") if isinstance(x, str) else bytes(x) for x in (user, password))
    return "Basic " + base64.b64encode(user + b":" + password).decode()


class Asking:
    """A request that is about to be sent, for objects given as auth=: they are called with it, and may change it."""

    def __init__(self, method, url, headers, body):
        self.method, self.url, self.body = method, url, body
        self.headers = headers if isinstance(headers, CaseInsensitiveDict) else CaseInsensitiveDict(headers or ())

    @property
    def path_url(self):
        return path_of(self.url)

    def register_hook(self, event, hook):
        raise TypeError(f"auth={type(hook).__name__}: hooks of an auth object are not called here")


def path_of(url):
    """The path with its query."""
    parts = urllib.parse.urlsplit(url)
    return (parts.path or "/") + (f"?{parts.query}" if parts.query else "")


def with_user(url, user, password):
    parts = urllib.parse.urlsplit(url)
    both = f"{urllib.parse.quote(user, safe='')}:{urllib.parse.quote(password, safe='')}"
    return urllib.parse.urlunsplit(parts._replace(netloc=f"{both}@{parts.netloc.rpartition('@')[2]}"))


def authorized(auth, asking):
    """Lets auth= have its way with the request; the flags for the engine."""
    if isinstance(auth, (tuple, list)) and len(auth) == 2:
        asking.headers["Authorization"] = basic(*auth)
        return 0
    if type(auth).__name__ == "HTTPDigestAuth":
        asking.url = with_user(asking.url, auth.username, auth.password)
        return DIGEST
    if not callable(auth):
        raise TypeError(f"auth must be a pair (user, password) or an object to be called, not {type(auth).__name__}")
    changed = auth(asking)
    if changed is not None and changed is not asking:
        asking.url, asking.headers, asking.body = changed.url, changed.headers, changed.body
    return 0


def limit(value):
    """Seconds; of (connect, read), the second: there is one limit, for the whole request."""
    if isinstance(value, (tuple, list)):
        value = value[1]
    return 0 if value is None else float(value)
