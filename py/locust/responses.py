"""Responses as requests gives them, and blocks that judge them."""

import datetime
import json as _json
import re
import time

from brunt_script.headers import CaseInsensitiveDict
from brunt_script.http import Response
from locust.encoding import path_of
from locust.exception import CatchResponseError, LocustError, ResponseError

_TIMEOUTS, _REFUSED = (1050, 1211), 1212  # error codes of the engine


class HTTPError(IOError):
    """As requests has it; its text has the name of the statistics, so that errors group."""

    def __init__(self, *args, response=None, request=None):
        super().__init__(*args)
        self.response = response
        self.request = request


class ConnectionError(IOError):
    """No answer came."""


class Timeout(ConnectionError):
    """None came in time."""


def _errors():
    """The classes of requests where it is installed: scripts catch those."""
    global HTTPError, ConnectionError, Timeout
    try:
        from requests import exceptions as theirs
    except ImportError:
        return
    HTTPError, ConnectionError, Timeout = theirs.HTTPError, theirs.ConnectionError, theirs.ReadTimeout


_errors()


class Sent:
    """The request that led to a response, as it was sent first."""

    def __init__(self, response):
        head, self.body = response.sent()
        first, _, rest = head.decode("latin1").partition("\r\n")
        self.method, target = (first.split(" ") + ["", ""])[:2]
        self.headers = CaseInsensitiveDict(line.split(": ", 1) for line in rest.split("\r\n") if ": " in line)
        hops = response.history
        url = hops[0].url if hops else response.url
        self.url = url if path_of(url) == target else _joined(url, target)
        self.path_url = path_of(self.url)
        self.body = self.body or None

    def __repr__(self):
        return f"<PreparedRequest [{self.method}]>"


def _joined(url, target):
    from urllib.parse import urljoin
    return urljoin(url, target)


class Hop:
    """A redirect on the way: what of it is kept."""

    def __init__(self, status, url):
        self.status_code, self.url = int(status), url
        self.ok = self.is_redirect = True

    def __repr__(self):
        return f"<Response [{self.status_code}]>"


class LocustResponse(Response):
    """A response of HttpUser: all of it is there, and is looked at when it is asked for."""

    __slots__ = ()
    _encoding = None  # what the script has set

    # ---- what it came to ----

    def _is_good(self):
        return 0 < self.status_code < 400

    def _broken(self):
        """Why there is no answer, as the call would have raised it."""
        kind = Timeout if self.error_code in _TIMEOUTS else ConnectionError
        return kind(self.error_text)

    def _cause(self):
        """The same as statistics have it: what was first."""
        return ConnectionRefusedError(111, "Connection refused") if self.error_code == _REFUSED else self._broken()

    def _refused(self, name):
        status = self.status_code
        side = "Client" if status < 500 else "Server"
        return HTTPError(f"{status} {side} Error: {self.reason} for url: {name}", response=self)

    def failure_of(self, name):
        """What is wrong with it, or None; where its URL would stand there is that name."""
        if self._is_good():
            return None
        return self._refused(name) if self.status_code else self._cause()

    @property
    def error(self):
        return None if self.status_code else self._broken()

    @property
    def ok(self):
        return self._is_good()

    def __bool__(self):
        return self.ok

    def raise_for_status(self):
        wrong = self.failure_of(self.url) if self.status_code else self._broken()
        if wrong is not None:
            raise wrong

    # ---- the way there ----

    @property
    def history(self):
        """Redirects that were followed: their status and URL."""
        return [Hop(*line.split(" ", 1)) for line in self.hops.splitlines()]

    @property
    def request(self):
        return Sent(self)

    @property
    def elapsed(self):
        return datetime.timedelta(milliseconds=self.elapsed_ms)

    @property
    def request_meta(self):
        took = self.elapsed_ms
        return {"request_type": self.method, "response_time": took, "name": self.name, "context": {}, "response": self,
                "exception": self.failure_of(self.name), "start_time": time.time() - took / 1000,
                "url": self.request.url, "response_length": len(self.content or b"")}

    # ---- headers ----

    @property
    def headers(self):
        headers = self._headers
        if headers is None:
            headers = self._headers = CaseInsensitiveDict.received(self.header_items())
        return headers

    @property
    def cookies(self):
        from locust.cookies import received
        return received(self)

    @property
    def is_redirect(self):
        return "location" in self.headers and self.status_code in (301, 302, 303, 307, 308)

    @property
    def is_permanent_redirect(self):
        return "location" in self.headers and self.status_code in (301, 308)

    @property
    def links(self):
        found = {}
        for url, more in re.findall(r"<([^>]*)>([^,<]*)", self.headers.get("link", "")):
            fields = re.findall(r";\s*([\w*-]+)\s*=\s*(\"[^\"]*\"|[^;]*)", more)
            link = {"url": url, **{k: v.strip("\"' ") for k, v in fields}}
            found[link.get("rel") or url] = link
        return found

    # ---- the body ----

    @property
    def content(self):
        return super().content if self.status_code else None

    @property
    def encoding(self):
        return self._encoding or self._charset()

    @encoding.setter
    def encoding(self, name):
        self._encoding = name

    def _charset(self):
        match = re.search(r"charset=[\"']?([\w.:-]+)", self.headers.get("content-type", ""), re.I)
        return match.group(1) if match else "utf-8"

    @property
    def apparent_encoding(self):
        for name in ("ascii", "utf-8"):
            try:
                (self.content or b"").decode(name)
                return name
            except UnicodeDecodeError:
                pass
        return "iso-8859-1"

    @property
    def text(self):
        name = self._encoding
        if name is None:
            return super().text if self.status_code else ""
        try:
            return (self.content or b"").decode(name, "replace")
        except LookupError:
            return (self.content or b"").decode(errors="replace")

    def json(self, **kwargs):
        return _json.loads(self.content or b"", **kwargs)

    def iter_content(self, chunk_size=1, decode_unicode=False):
        body = self.text if decode_unicode else self.content or b""
        step = chunk_size or max(len(body), 1)
        return iter([body[i:i + step] for i in range(0, len(body), step)])

    def iter_lines(self, chunk_size=512, decode_unicode=False, delimiter=None):
        body = self.text if decode_unicode else self.content or b""
        return iter(body.split(delimiter) if delimiter else body.splitlines())

    def __iter__(self):
        return self.iter_content(128)

    @property
    def raw(self):
        import io
        return io.BytesIO(self.content or b"")

    def close(self):
        pass

    # ---- without catch_response nobody asks for a verdict ----

    def success(self, *_):
        raise LocustError("success() and failure() are for requests with catch_response=True, in a with-block: "
                          "`with self.client.get(..., catch_response=True) as response:`")

    failure = success

    def __enter__(self):
        raise LocustError("In order to use a with-block for requests, you must also pass catch_response=True")

    def __exit__(self, *exc):
        return None


class Catching:
    """What a response needs to be judged by the block that it is used in."""

    __slots__ = ()

    def _open(self, session, meta):
        self._session, self.request_meta = session, meta
        self._manual, self._entered, self._told = None, False, False

    def __enter__(self):
        self._entered = True
        return self

    def __exit__(self, kind, value, traceback):
        if self._manual is not None:
            self._settle(None if self._manual is True else self._manual)
            return kind is None
        if kind is None:
            self._settle(self.failure_of(self.request_meta["name"]))
            return True
        if issubclass(kind, ResponseError):
            self._settle(value)
            return True
        # It leaves the block: what the request came to is known all the same.
        self._settle(self.failure_of(self.request_meta["name"]))
        return False

    def _settle(self, error):
        if not self._told:
            self._told = True
            self._session._tell(self, self.request_meta, error)

    def raise_for_status(self):
        if isinstance(self._manual, Exception):
            raise self._manual
        if not self._manual:
            super().raise_for_status()

    def success(self):
        self._need_block()
        self._manual = True

    def failure(self, exc):
        self._need_block()
        self._manual = exc if isinstance(exc, Exception) else CatchResponseError(exc)

    def _need_block(self):
        if not self._entered:
            raise LocustError("success() and failure() belong in the block: "
                              "`with self.client.request(..., catch_response=True) as response:`")

    def __del__(self):
        if not getattr(self, "_told", True):
            self._settle(self.failure_of(self.request_meta["name"]))


class ResponseContextManager(Catching, LocustResponse):
    """A response whose verdict is up to a block."""

    __slots__ = ("request_meta", "js", "_session", "_manual", "_entered", "_told")


class RestResponseContextManager(ResponseContextManager):
    """The same, in annotations of scripts."""

    __slots__ = ()
