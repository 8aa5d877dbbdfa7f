"""The cookies of a client. The engine keeps them, and sends them where they belong; this is a view of them.

Names and values are those that a request to the client's host would get; domain= and path= of set() say otherwise.
"""

import http.cookies
import time
from collections.abc import MutableMapping

import _brunt


class Cookie:
    """One, as scripts look at it when they go over a jar."""

    def __init__(self, name, value, domain="", path="/"):
        self.name, self.value, self.domain, self.path = name, value, domain, path

    def __repr__(self):
        return f"<Cookie {self.name}={self.value} for {self.domain}{self.path}>"


def _line(name, value, domain, path, expires, secure):
    line = f"{name}={value}; Path={path or '/'}"
    if domain:
        line += f"; Domain={domain.lstrip('.')}"
    if expires is not None:
        line += f"; Max-Age={max(int(expires - time.time()), 0)}"
    return line + ("; Secure" if secure else "")


class Cookies(MutableMapping):
    """The jar of the running user, as of requests."""

    def __init__(self, session):
        self._session = session

    def _url(self, domain="", path=None):
        base = self._session.base_url or ""
        if domain and not domain.startswith("."):
            scheme = base.partition("://")[0] or "http"
            port = base.rpartition(":")[2].split("/")[0] if base.count(":") > 1 else ""
            here = base.partition("://")[2].split("/")[0].split(":")[0]
            base = base if domain == here else f"{scheme}://{domain}{':' + port if port.isdigit() else ''}"
        root = "/".join(base.split("/")[:3])
        return root + (path or "/") if path else base or root

    def _pairs(self, domain="", path=None):
        return _brunt.cookies(self._url(domain, path))

    # ---- as a mapping ----

    def __getitem__(self, name):
        for key, value in self._pairs():
            if key == name:
                return value
        raise KeyError(name)

    def __setitem__(self, name, value):
        self.set(name, value)

    def __delitem__(self, name):
        _brunt.forget_cookies(self._url(), name)

    def __iter__(self):
        return iter([Cookie(k, v) for k, v in self._pairs()])

    def __len__(self):
        return len(self._pairs())

    def __contains__(self, name):
        return any(key == name for key, _ in self._pairs())

    def keys(self):
        return [key for key, _ in self._pairs()]

    def values(self):
        return [value for _, value in self._pairs()]

    def items(self):
        return self._pairs()

    # ---- as a jar ----

    def get(self, name, default=None, domain=None, path=None):
        return dict(self._pairs(domain or "", path)).get(name, default)

    def set(self, name, value, domain="", path="/", expires=None, secure=False, **_):
        if value is None:
            return _brunt.forget_cookies(self._url(domain, path), name)
        if hasattr(value, "value"):  # a Morsel
            value = value.value
        _brunt.set_cookie(self._url(domain, path), _line(name, value, domain, path, expires, secure))

    def set_cookie(self, cookie, *_, **__):
        self.set(cookie.name, cookie.value, cookie.domain, cookie.path, getattr(cookie, "expires", None),
                 getattr(cookie, "secure", False))

    def update(self, other=(), **more):
        if hasattr(other, "get_dict") or not hasattr(other, "items"):
            for cookie in other:
                if hasattr(cookie, "name"):
                    self.set_cookie(cookie)
                else:
                    self.set(*cookie)
        else:
            for name, value in other.items():
                self.set(name, value)
        for name, value in more.items():
            self.set(name, value)

    def clear(self, domain=None, path=None, name=None):
        if domain is None:
            _brunt.forget_cookies(None, None)
        else:
            _brunt.forget_cookies(self._url(domain, path), name)

    clear_session_cookies = clear

    def get_dict(self, domain=None, path=None):
        return dict(self._pairs(domain or "", path))

    def copy(self):
        return self.get_dict()

    def __repr__(self):
        return f"<Cookies {self.get_dict()}>"


class Received(dict):
    """Those that one response has set."""

    def get_dict(self, domain=None, path=None):
        return dict(self)

    def set(self, name, value, **_):
        self[name] = value


def received(response):
    jar = http.cookies.SimpleCookie()
    for name, value in response.header_items():
        if name.lower() == "set-cookie":
            jar.load(value)
    return Received((name, morsel.value) for name, morsel in jar.items())


def header(cookies):
    """A Cookie header of what was given with one request."""
    pairs = [(c.name, c.value) for c in cookies] if hasattr(cookies, "set_cookie") else dict(cookies).items()
    return "; ".join(f"{k}={v}" for k, v in pairs)
