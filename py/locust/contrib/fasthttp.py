"""FastHttpUser: the same engine as HttpUser, with the arguments and rules of Locust's faster client."""

import json as _json
import time
import traceback
from contextlib import contextmanager

from locust.clients import HttpSession, LocustResponse, ResponseContextManager as _Catching
from locust.exception import CatchResponseError, StopTest
from locust.user.users import User

_GOOD = frozenset(range(200, 209)) | {226} | set(range(301, 305)) | {307, 308}


class BadStatusCode(Exception):
    def __init__(self, url, code=0):
        super().__init__(url, code)
        self.url = url
        self.code = code

    def __repr__(self):
        return f"BadStatusCode({self.url!r}, code={self.code})"

    __str__ = __repr__


class FastResponse(LocustResponse):
    __slots__ = ("js",)

    @property
    def ok(self):
        return self.status_code < 400

    def raise_for_status(self):
        if self.error is not None:
            raise self.error


class ResponseContextManager(_Catching):
    __slots__ = ("js",)

    @property
    def ok(self):
        return self.status_code < 400


class FastHttpSession(HttpSession):
    response_type = FastResponse
    catching_type = ResponseContextManager
    _judges = True  # its rule of what failed is another than the engine's

    def __init__(self, base_url, request_event=None, user=None, default_timeout=60, max_redirects=30, headers=None):
        super().__init__(base_url, request_event, user)
        self.default_timeout = default_timeout
        self.max_redirects = max_redirects
        self.headers = dict(headers or {})

    def _default_name(self, url, path):
        return path

    def _error_of(self, r, name):
        status = r.status_code
        if status in _GOOD:
            return None
        return super()._error_of(r, name) if status == 0 else BadStatusCode(name, code=status)

    def iter_lines(self, url, method="GET", **kwargs):
        r = self.request(method, url, **kwargs)
        return r.iter_lines(decode_unicode=True)


class FastHttpUser(User):
    abstract = True
    network_timeout = 60.0
    connection_timeout = 60.0
    max_redirects = 30
    max_retries = 0
    insecure = True
    default_headers = None
    concurrency = 10
    proxy_host = proxy_port = None
    client_pool = None
    ssl_context_factory = None

    def __init__(self, environment):
        super().__init__(environment)
        if self.host is None:
            raise StopTest("You must specify the base host: --host on the command line, or host in the User class.")
        self.client = FastHttpSession(self.host, environment.events.request, self,
                                      default_timeout=max(self.network_timeout, self.connection_timeout),
                                      max_redirects=self.max_redirects, headers=self.default_headers)

    @contextmanager
    def rest(self, method, url, headers=None, **kwargs):
        """A request to a JSON API: yields a response whose `js` is the parsed body."""
        headers = {"Content-Type": "application/json", "Accept": "application/json", **(headers or {})}
        with self.client.request(method, url, catch_response=True, headers=headers, **kwargs) as r:
            r.js = None
            if r.status_code:
                _parse(r)
            try:
                yield r
            except AssertionError as e:
                text = str(e.args[0] if e.args else e)
                if text.endswith(","):
                    text += f" response was {r.text[:200]}"
                r.failure(text)
            except Exception as e:
                at = traceback.extract_tb(e.__traceback__)[-1]
                r.failure(f"{type(e).__name__}: {e} at {at.filename}:{at.lineno}. Response was {r.text[:200]}")

    @contextmanager
    def rest_(self, method, url, name=None, **kwargs):
        """The same, past caches."""
        mark = "&" if "?" in url else "?"
        with self.rest(method, f"{url}{mark}_={int(time.time() * 1000)}", name=name or f"{url}{mark}_=...", **kwargs) as r:
            yield r


def _parse(r):
    text = r.text
    if not text:
        return
    try:
        r.js = _json.loads(text)
    except ValueError:
        error = f", error {r.error}" if r.error else ""
        r.failure(CatchResponseError(
            f"Could not parse response as JSON. {text[:250]}, response code {r.status_code}{error}"))


__all__ = ["BadStatusCode", "FastHttpSession", "FastHttpUser", "FastResponse", "ResponseContextManager"]
