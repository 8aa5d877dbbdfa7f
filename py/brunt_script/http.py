"""Keyword arguments of requests, as httpx and requests have them, into what goes over the wire."""

import base64
import json as _json
import os
import urllib.parse

import _brunt

# Known to httpx or requests, and not ours to decide for one request: said once, then left out.
_ELSEWHERE = {
    "verify": "certificates are checked as the run's options say (--insecure-skip-tls-verify)",
    "cert": "client certificates come from the option tlsAuth",
    "proxies": "proxies come from HTTP_PROXY and kin",
    "stream": "bodies are read whole",
    "extensions": "there is nothing of the kind",
    "default_encoding": "the charset of the response decides",
}
_said = set()


def _say_once(name):
    if name not in _said:
        _said.add(name)
        _brunt.log(2, f"argument '{name}' of a request has no effect: {_ELSEWHERE[name]}")


def with_params(url, params):
    """The URL with its query extended."""
    if not params:
        return url
    if isinstance(params, (str, bytes)):
        query = params.decode() if isinstance(params, bytes) else params
    else:
        items = params.items() if hasattr(params, "items") else params
        query = urllib.parse.urlencode([(k, _plain(v)) for k, v in items if v is not None], doseq=True)
    head, mark, fragment = url.partition("#")
    return head + ("&" if "?" in head else "?") + query + mark + fragment


def _plain(value):
    """As httpx writes it: true, not True."""
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, (list, tuple)):
        return [_plain(v) for v in value]
    return value


def form(data):
    """A mapping or list of pairs as application/x-www-form-urlencoded."""
    items = data.items() if hasattr(data, "items") else data
    return urllib.parse.urlencode([(k, _plain(v)) for k, v in items if v is not None], doseq=True)


def _read(content):
    if hasattr(content, "read"):
        content = content.read()
    return content.encode() if isinstance(content, str) else bytes(content)


def _part(name, value):
    """(head, body) of one file: a file object, bytes, or (filename, content[, type])."""
    filename, kind = None, None
    if isinstance(value, (tuple, list)):
        filename, content = value[0], value[1]
        kind = value[2] if len(value) > 2 else None
    else:
        content = value
        filename = os.path.basename(str(getattr(value, "name", name)))
    head = f'Content-Disposition: form-data; name="{name}"'
    if filename is not None:
        head += '; filename="%s"' % str(filename).replace('"', "%22")
        head += f"\r\nContent-Type: {kind or 'application/octet-stream'}"
    return head, _read(content)


def multipart(data, files):
    """(body, content type) of fields and files."""
    boundary = os.urandom(16).hex()
    parts = []
    for name, value in (data.items() if hasattr(data, "items") else data or ()):
        for one in value if isinstance(value, (list, tuple)) else [value]:
            parts.append((f'Content-Disposition: form-data; name="{name}"', _read(str(_plain(one)))))
    for name, value in files.items() if hasattr(files, "items") else files:
        parts.append(_part(name, value))
    out = b""
    for head, body in parts:
        out += f"--{boundary}\r\n{head}\r\n\r\n".encode() + body + b"\r\n"
    return out + f"--{boundary}--\r\n".encode(), f"multipart/form-data; boundary={boundary}"


def _put(headers, name, value):
    """Sets a header that the caller has not set."""
    if not any(k.lower() == name.lower() for k in headers):
        headers[name] = value


def _body(kw, headers):
    """Takes the arguments that make a body."""
    json, data = kw.pop("json", None), kw.pop("data", None)
    content, files = kw.pop("content", None), kw.pop("files", None)
    if files:
        body, kind = multipart(data, files)
        _put(headers, "Content-Type", kind)
        return body
    if json is not None:
        _put(headers, "Content-Type", "application/json")
        return _json.dumps(json, separators=(",", ":"), ensure_ascii=False).encode()
    if content is not None:
        return _read(content)
    if data is None:
        return None
    if isinstance(data, (str, bytes, bytearray)) or hasattr(data, "read"):
        return _read(data)
    _put(headers, "Content-Type", "application/x-www-form-urlencoded")
    return form(data)


def _authorization(auth):
    if isinstance(auth, (tuple, list)) and len(auth) == 2:
        pair = f"{auth[0]}:{auth[1]}".encode()
        return "Basic " + base64.b64encode(pair).decode()
    raise TypeError(f"auth must be a pair (user, password), not {type(auth).__name__}")


def _timeout(value):
    """Seconds; of several, the longest: there is one limit for the whole request."""
    if value is None:
        return 0
    if isinstance(value, (tuple, list)):
        return max((t or 0) for t in value)
    if hasattr(value, "read"):  # httpx.Timeout
        return value.read or 0
    return float(value)


def encode(url, kw, timeout, redirects):
    """(url, headers, body, timeout, redirects) of a request's keyword arguments, which are used up."""
    if len(kw) == 1 and "headers" in kw:  # the most frequent
        headers = kw["headers"]
        return url, headers if type(headers) is dict else dict(headers or {}), None, timeout, redirects
    given = kw.pop("headers", None)
    headers = dict(given) if given else {}
    body = _body(kw, headers)
    url = with_params(url, kw.pop("params", None))
    cookies, auth = kw.pop("cookies", None), kw.pop("auth", None)
    if cookies:
        _put(headers, "Cookie", "; ".join(f"{k}={v}" for k, v in dict(cookies).items()))
    if auth is not None:
        headers["Authorization"] = _authorization(auth)
    if "timeout" in kw:
        timeout = _timeout(kw.pop("timeout"))
    for name in ("follow_redirects", "allow_redirects"):
        if name in kw:
            redirects = redirects if kw.pop(name) else 0
    for name in list(kw):
        if name not in _ELSEWHERE:
            raise TypeError(f"a request has no argument '{name}'")
        _say_once(name)
    return url, headers or None, body, timeout, redirects


class Headers(dict):
    """Names in lower case; looked up in any."""

    def __init__(self, items):
        super().__init__()
        for name, value in items:
            name = name.lower()
            old = self.get(name)
            dict.__setitem__(self, name, value if old is None or name == "set-cookie" else f"{old}, {value}")

    def __getitem__(self, name):
        return super().__getitem__(name.lower())

    def __contains__(self, name):
        return super().__contains__(name.lower())

    def get(self, name, default=None):
        return super().get(name.lower(), default)


class Response(_brunt.Response):
    """What all kinds of scripts have in common; fields beside these are those of _brunt.Response."""

    __slots__ = ()

    @property
    def headers(self):
        headers = self._headers
        if headers is None:
            headers = self._headers = Headers(self.header_items())
        return headers

    def json(self, **kwargs):
        return _json.loads(self.content, **kwargs)

    def __await__(self):
        """So that `await client.get(...)` is as good as `client.get(...)`."""
        return self
        yield  # noqa: makes this a generator
