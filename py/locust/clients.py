"""The client of HttpUser: the calls and answers of requests, on brunt's engine.

What load tests do most, get() of a path that is known already, is done by _brunt.Session without coming here.
"""

import re
import time
import urllib.parse
from contextlib import contextmanager

import _brunt
from brunt_script.headers import CaseInsensitiveDict
from locust.cookies import Cookies, header as cookie_header
from locust.encoding import DIGEST, INSECURE, Asking, authorized, body_of, limit, path_of, quoted, say_once, with_params
from locust.event import error_text
from locust.responses import ConnectionError, HTTPError, LocustResponse, ResponseContextManager

_absolute = re.compile(r"^https?://", re.I)
_ANY, _FAILED = 3, 4  # whose verdict is ours to give: of any answer; of those whose status says failure
_KNOWN_MAX = 500  # of paths for each host
_known = {}  # (class, base URL) -> {path: (URL, name)}; the same for all users

HEADERS = {"Accept-Encoding": "gzip, deflate, br", "Accept": "*/*"}


def _host_of(base_url):
    """(URL without user and password, those as a pair or None)"""
    parts = urllib.parse.urlsplit(base_url or "")
    if not (parts.username and parts.password):
        return base_url, None
    bare = parts._replace(netloc=parts.netloc.rpartition("@")[2])
    return urllib.parse.urlunsplit(bare), (urllib.parse.unquote(parts.username), urllib.parse.unquote(parts.password))


class HttpSession(_brunt.Session):
    """Requests of one user, measured by method and name. Cookies and connections are the user's."""

    catching_type = ResponseContextManager
    hold = _FAILED

    def __init__(self, base_url, request_event=None, user=None, *args, pool_manager=None, **kwargs):
        self.base_url, self.auth = _host_of(base_url)
        self.user = user
        self.request_event = request_event
        self.response_type = LocustResponse
        self.headers = HEADERS
        self.params, self.proxies, self.hooks = {}, {}, {"response": []}
        self.verify, self.cert, self.trust_env, self.stream = True, None, False, False
        self._limits(0, 30)

    def _limits(self, timeout, redirects):
        """Seconds and redirects; and whether get() may do without request()."""
        self.timeout, self._redirects = timeout, redirects
        self._set(timeout, redirects, self.hold, type(self).request is _request)

    @property
    def max_redirects(self):
        return self._redirects

    @max_redirects.setter
    def max_redirects(self, redirects):
        self._limits(self.timeout, redirects)

    @property
    def request_event(self):
        return self._event

    @request_event.setter
    def request_event(self, event):
        self._event = event
        self._listeners = getattr(event, "_handlers", None)

    @property
    def base_url(self):
        return self._base_url

    @base_url.setter
    def base_url(self, url):
        self._base_url = url
        if len(_known) >= _KNOWN_MAX:  # of hosts too; sessions keep what they have
            _known.clear()
        self._routes = _known.setdefault((type(self), url), {})

    @property
    def headers(self):
        return self._headers

    @headers.setter
    def headers(self, headers):
        self._headers = headers if isinstance(headers, CaseInsensitiveDict) else CaseInsensitiveDict(headers or ())

    @property
    def cookies(self):
        return Cookies(self)

    @cookies.setter
    def cookies(self, cookies):
        jar = Cookies(self)
        if not isinstance(cookies, Cookies):
            jar.clear()
            jar.update(cookies or ())

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
        return path_of(url)

    def _learn(self, path):
        """(URL, name) of a path that was not asked for yet."""
        url = quoted(self._build_url(path))
        route = url, self._default_name(url, path)
        if len(self._routes) < _KNOWN_MAX:
            self._routes[path] = route
        return route

    # ---- verdicts ----

    def _tell(self, r, meta, error):
        """What the request came to."""
        if error is None:
            _brunt.judge(r, False)
        else:
            _brunt.judge(r, True, error_text(error))
        if self._listeners:
            meta["exception"] = error
            self._event.tell(**meta)

    def _failed(self, r):
        """One of get() whose status says failure."""
        _brunt.judge(r, True, error_text(r.failure_of(r.name)))

    # ---- requests ----

    def _own(self, kwargs):
        """What the session adds to the arguments of a request."""
        params = kwargs.pop("params", None)
        if self.params:
            given = dict(params) if params and not isinstance(params, (str, bytes)) else {}
            params = {k: v for k, v in {**self.params, **given}.items() if v is not None}
        if self.proxies or kwargs.pop("proxies", None):
            say_once("proxies")
        if self.cert or kwargs.pop("cert", None):
            say_once("cert")
        kwargs.pop("stream", None)
        verify = kwargs.pop("verify", None)
        flags = INSECURE if (self.verify if verify is None else verify) is False else 0
        return params, kwargs.pop("auth", None) or self.auth, flags

    def _headers_of(self, given, kind, cookies):
        headers = self._headers
        if given or kind or cookies:
            headers = headers.merged(given) if given else dict(headers)
            names = {name.lower() for name in headers}
            if kind and "content-type" not in names:
                headers["Content-Type"] = kind
            if cookies and "cookie" not in names:
                headers["Cookie"] = cookie_header(cookies)
        return headers

    def _encode(self, method, url, data, json, kwargs):
        """(URL, headers, body, timeout, redirects, flags)"""
        params, auth, flags = self._own(kwargs)
        if params:
            url = quoted(with_params(url, params))
        body, kind = body_of(data, json, kwargs.pop("files", None))
        headers = self._headers_of(kwargs.pop("headers", None), kind, kwargs.pop("cookies", None))
        timeout = limit(kwargs.pop("timeout")) if "timeout" in kwargs else self.timeout
        redirects = self._redirects if kwargs.pop("allow_redirects", True) else 0
        if kwargs:
            raise TypeError(f"request() got an unexpected keyword argument '{next(iter(kwargs))}'")
        if auth is not None:
            asking = Asking(method, url, dict(headers), body)
            flags |= authorized(auth, asking)
            url, headers, body = asking.url, asking.headers, asking.body
        return url, headers, body, timeout, redirects, flags

    def request(self, method, url, name=None, catch_response=False, context=None, *, data=None, json=None, **kwargs):
        path = url if isinstance(url, str) else url.decode()
        route = self._routes.get(path) or self._learn(path)
        url, label = route
        method = (method if isinstance(method, str) else method.decode()).upper()
        hooks = _hooks_of(self.hooks, kwargs.pop("hooks", None))
        given = dict(kwargs) if hooks else None
        url, headers, body, timeout, redirects, flags = self._encode(method, url, data, json, kwargs)
        sent_to = route[0] if flags & DIGEST else url  # without the credentials
        if sent_to is not route[0]:
            label = self._default_name(url, path)
        label = name or self.request_name or label
        began = time.time()
        r = _brunt.request(method, url, headers, body, label, timeout, redirects, _ANY if catch_response else self.hold,
                           self.catching_type if catch_response else self.response_type, flags)
        for hook in hooks:
            r = hook(r, **given) or r
        return self._conclude(r, catch_response, label, sent_to, context, began)

    def _conclude(self, r, catch_response, label, url, context, began):
        if not catch_response and not self._listeners:
            if r.is_open:
                self._failed(r)
            return r
        meta = {"request_type": r.method, "response_time": r.elapsed_ms, "name": label,
                "context": {**self.user.context(), **(context or {})} if self.user else context or {},
                "response": r, "exception": None, "start_time": began, "url": url,
                "response_length": len(r.content or b"")}
        if catch_response:
            r._open(self, meta)
        else:
            self._tell(r, meta, r.failure_of(label))
        return r

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

    def mount(self, prefix, adapter):
        """Connections are the engine's."""

    def close(self):
        pass

    def __enter__(self):
        return self

    def __exit__(self, *exc):
        return None


_request = HttpSession.request


def _hooks_of(session, request):
    """Functions for the event `response`: those of the request, or else of its session."""
    found = (request or {}).get("response") or (session or {}).get("response") or []
    return [found] if callable(found) else list(found)


__all__ = ["ConnectionError", "HTTPError", "HttpSession", "LocustResponse", "ResponseContextManager"]
