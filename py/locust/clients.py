"""The client of HttpUser: the calls and answers of requests, on brunt's engine."""

import datetime
import json as _json
import re
import time
import urllib.parse
from contextlib import contextmanager

import _brunt
from brunt_script.http import Response, encode
from locust.event import error_text
from locust.exception import CatchResponseError, LocustError, ResponseError

_absolute = re.compile(r"^https?://", re.I)
_ANY = 3  # the verdict is ours to give, whatever the status
_AT_ONCE = 0
_KNOWN_MAX = 500


class HTTPError(IOError):
    """As requests has it; its text has the name of the statistics, so that errors group."""

    def __init__(self, *args, response=None, request=None):
        super().__init__(*args)
        self.response = response
        self.request = request


class ConnectionError(IOError):
    """No answer came."""


def _errors():
    """The classes of requests where it is installed: scripts catch those."""
    global HTTPError, ConnectionError
    try:
        from requests.exceptions import ConnectionError as theirs
        from requests.exceptions import HTTPError as http
    except ImportError:
        return
    HTTPError, ConnectionError = http, theirs


_errors()


class LocustResponse(Response):
    """A response as requests gives it."""

    __slots__ = ("request_meta", "error")

    @property
    def history(self):
        """Redirects are the engine's: what led here is not kept."""
        return []

    @property
    def ok(self):
        return self.error is None

    @property
    def elapsed(self):
        return datetime.timedelta(milliseconds=self.elapsed_ms)

    @property
    def cookies(self):
        from http.cookies import SimpleCookie
        jar = SimpleCookie()
        for name, value in self.header_items():
            if name.lower() == "set-cookie":
                jar.load(value)
        return {k: m.value for k, m in jar.items()}

    @property
    def encoding(self):
        kind = self.headers.get("content-type", "")
        match = re.search(r"charset=[\"']?([\w.-]+)", kind, re.I)
        return match.group(1) if match else "utf-8"

    @property
    def apparent_encoding(self):
        return self.encoding

    @property
    def is_redirect(self):
        return "location" in self.headers and self.status_code in (301, 302, 303, 307, 308)

    def raise_for_status(self):
        if self.error is not None:
            raise self.error

    def iter_lines(self, chunk_size=512, decode_unicode=False, delimiter=None):
        lines = self.content.split(delimiter) if delimiter else self.content.splitlines()
        return iter([x.decode(self.encoding, "replace") for x in lines] if decode_unicode else lines)

    def iter_content(self, chunk_size=1024, decode_unicode=False):
        body = self.content
        step = chunk_size or max(len(body), 1)
        return iter([body[i:i + step] for i in range(0, len(body), step)])

    def close(self):
        pass

    def __bool__(self):
        return self.ok

    def __enter__(self):
        return self

    def __exit__(self, *exc):
        return None

    # Without catch_response nobody asks for a verdict.

    def success(self):
        raise LocustError("success() belongs in `with client.get(..., catch_response=True) as response:`")

    failure = success


class ResponseContextManager(LocustResponse):
    """A response whose verdict the block that it is used in gives."""

    __slots__ = ("_manual", "_entered", "_session", "_told")

    def __enter__(self):
        self._entered = True
        return self

    def __exit__(self, kind, value, traceback):
        if kind is None:
            self._settle(self.error if self._manual is None else self._verdict())
            return False
        if self._manual is not None:
            self._settle(self._verdict())
            return issubclass(kind, ResponseError)
        if issubclass(kind, ResponseError):
            self._settle(value)
            return True
        # It leaves the block: what the request came to is known all the same.
        self._settle(self.error)
        return False

    def _verdict(self):
        return None if self._manual is True else self._manual

    def _settle(self, error):
        if self._told:
            return
        self._told = True
        self._session._tell(self, error)

    def success(self):
        if not self._entered:
            return super().success()
        self._manual = True

    def failure(self, exc):
        if not self._entered:
            return super().failure()
        self._manual = exc if isinstance(exc, Exception) else CatchResponseError(exc)

    def __del__(self):
        if not getattr(self, "_told", True):
            self._settle(self.error)


class HttpSession:
    """Requests of one user, measured by method and name. Cookies and connections are the user's."""

    response_type = LocustResponse
    catching_type = ResponseContextManager
    default_timeout = 0
    max_redirects = 30

    def __init__(self, base_url, request_event=None, user=None, *args, pool_manager=None, **kwargs):
        parts = urllib.parse.urlsplit(base_url)
        self.auth = None
        if parts.username and parts.password:
            self.auth = (urllib.parse.unquote(parts.username), urllib.parse.unquote(parts.password))
            netloc = parts.hostname + (f":{parts.port}" if parts.port else "")
            base_url = urllib.parse.urlunsplit((parts.scheme, netloc, parts.path, parts.query, parts.fragment))
        self.base_url = base_url  # and with it what is known of paths: (URL, default name)
        self.user = user
        self.request_event = request_event
        self.request_name = None
        self.headers = {}
        self.params = {}
        self.verify = True
        self.cert = None
        self.proxies = {}
        self.trust_env = False
        self.hooks = {}

    @property
    def base_url(self):
        return self._base_url

    @base_url.setter
    def base_url(self, url):
        self._base_url = url
        self._known = {}

    # ---- names ----

    def _build_url(self, path):
        return path if _absolute.match(path) else f"{self._base_url}{path}"

    @contextmanager
    def rename_request(self, name):
        self.request_name = name
        try:
            yield
        finally:
            self.request_name = None

    def _default_name(self, url, path):
        """The path with its query."""
        parts = urllib.parse.urlsplit(url)
        return (parts.path or "/") + (f"?{parts.query}" if parts.query else "")

    def _learn(self, path):
        url = self._build_url(path)
        known = url, self._default_name(url, path)
        if len(self._known) < _KNOWN_MAX:
            self._known[path] = known
        return known

    # ---- verdicts ----

    def _error_of(self, r, name):
        status = r.status_code
        if 0 < status < 400:
            return None
        if status == 0:
            return ConnectionError(r.__class__.__mro__[2].error.__get__(r))
        side = "Client" if status < 500 else "Server"
        return HTTPError(f"{status} {side} Error: {r.reason} for url: {name}", response=r)

    def _tell(self, r, error):
        """What the request came to."""
        if error is None:
            _brunt.judge(r, False)
        else:
            _brunt.judge(r, True, error_text(error))
        event = self.request_event
        if event is not None and event._handlers:
            meta = r.request_meta
            meta["exception"] = error
            event.tell(**meta)

    # ---- requests ----

    def request(self, method, url, name=None, catch_response=False, context=None, **kwargs):
        path = url
        known = self._known.get(path)
        if known is None:
            known = self._learn(path)
        url, label = known
        if self.headers:
            kwargs["headers"] = {**self.headers, **(kwargs.get("headers") or {})}
        if self.params:
            kwargs["params"] = {**self.params, **(kwargs.get("params") or {})}
        if self.auth is not None and "auth" not in kwargs:
            kwargs["auth"] = self.auth
        headers = body = None
        timeout, redirects = self.default_timeout, self.max_redirects
        if kwargs:
            kwargs.pop("hooks", None)
            url, headers, body, timeout, redirects = encode(url, kwargs, timeout, redirects)
            if url is not known[0]:
                label = self._default_name(url, path)
        label = name or self.request_name or label
        kind = self.catching_type if catch_response else self.response_type
        event = self.request_event
        listens = event is not None and event._handlers
        hold = _ANY if catch_response or self._judges else _AT_ONCE
        began = time.time() if listens else 0
        r = _brunt.request(method.upper(), url, headers, body, label, timeout, redirects, hold, kind)
        r.error = self._error_of(r, label)
        r.request_meta = None
        if listens or catch_response:
            r.request_meta = {
                "request_type": method.upper(), "response_time": r.elapsed_ms, "name": label,
                "context": {**self.user.context(), **(context or {})} if self.user else context or {},
                "response": r, "exception": r.error, "start_time": began, "url": url,
                "response_length": len(r.content or b""),
            }
        if catch_response:
            r._session, r._manual, r._entered, r._told = self, None, False, False
        elif hold == _ANY:
            self._tell(r, r.error)
        elif listens:
            event.tell(**r.request_meta)
        return r

    _judges = False

    def get(self, url, **kwargs):
        return self.request("GET", url, **kwargs)

    def options(self, url, **kwargs):
        return self.request("OPTIONS", url, **kwargs)

    def head(self, url, **kwargs):
        kwargs.setdefault("allow_redirects", False)
        return self.request("HEAD", url, **kwargs)

    def post(self, url, data=None, json=None, **kwargs):
        return self.request("POST", url, data=data, json=json, **kwargs)

    def put(self, url, data=None, **kwargs):
        return self.request("PUT", url, data=data, **kwargs)

    def patch(self, url, data=None, **kwargs):
        return self.request("PATCH", url, data=data, **kwargs)

    def delete(self, url, **kwargs):
        return self.request("DELETE", url, **kwargs)

    def close(self):
        pass

    def __enter__(self):
        return self

    def __exit__(self, *exc):
        return None


def as_json(text):
    return _json.loads(text)
