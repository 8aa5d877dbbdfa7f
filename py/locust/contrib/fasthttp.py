"""FastHttpUser: the same engine as HttpUser, with the arguments and rules of Locust's faster client."""

import json as _json

from brunt_script.headers import CaseInsensitiveDict
from locust.clients import HttpSession, _request
from locust.encoding import FORM, INSECURE, basic, body_of, limit, quoted, with_params
from locust.exception import LocustError, StopTest
from locust.responses import Catching, LocustResponse
from locust.rest import RestMixin
from locust.user.users import User

_GOOD = frozenset(range(200, 209)) | {226} | set(range(301, 305)) | {307, 308}
_KINDS = {str: "text/plain; charset=utf-8", bytes: "application/octet-stream", bytearray: "application/octet-stream"}
_FAST = 5  # judged by that rule; failures are ours to tell


class BadStatusCode(Exception):
    """The status is none of those that count as a success. Its text has no URL, so that errors group."""

    def __init__(self, url, code=0):
        super().__init__(url, code)
        self.url = url
        self.code = code

    def __repr__(self):
        return f"{type(self).__name__}(code={self.code})"

    def __str__(self):
        return f"URL {self.url}: code={self.code}"


class LocustBadStatusCode(BadStatusCode):
    """As Locust calls it, and lists it."""


class FastResponse(LocustResponse):
    __slots__ = ()

    def _is_good(self):
        return self.status_code in _GOOD

    def _refused(self, name):
        return LocustBadStatusCode(name, self.status_code)

    def _broken(self):
        if self.error_code in (1050, 1211):
            return TimeoutError("timed out")
        return self._cause() if self.error_code == 1212 else OSError(self.error_text)

    def __enter__(self):  # of use to nobody, and no mistake either
        return self

    @property
    def ok(self):
        return self.status_code < 400

    @property
    def error(self):
        return self.failure_of(self.url)

    @property
    def text(self):
        return super().text if self.status_code else None

    def json(self, **kwargs):
        return _json.loads(self.text, **kwargs)

    @property
    def headers(self):
        return super().headers if self.status_code else None

    def iter_content(self, chunk_size=1024, decode_content=True):
        body = self.content or b""
        for at in range(0, len(body), chunk_size):
            piece = body[at:at + chunk_size]
            if decode_content:
                try:
                    piece = piece.decode()
                except UnicodeDecodeError:
                    pass
            yield piece


class ResponseContextManager(Catching, FastResponse):
    __slots__ = ("request_meta", "js", "_session", "_manual", "_entered", "_told")


class RestResponseContextManager(ResponseContextManager):
    __slots__ = ()


class FastHttpSession(HttpSession):
    """As HttpSession, with fewer arguments and another rule of what failed."""

    catching_type = ResponseContextManager
    hold = _FAST

    def __init__(self, base_url, request_event=None, user=None, insecure=False, client_pool=None,
                 ssl_context_factory=None, network_timeout=60, max_redirects=30, headers=None, **kwargs):
        super().__init__(base_url, request_event, user)
        self.response_type = FastResponse
        self.headers = CaseInsensitiveDict({"Accept-Encoding": "gzip, deflate, br"})
        self.headers.update(headers or ())
        self.default_headers = self.headers
        self._limits(limit(network_timeout), max_redirects)

    def _limits(self, timeout, redirects):
        self.timeout, self._redirects = timeout, redirects
        self._set(timeout, redirects, self.hold, type(self).request is _fast_request)

    @property
    def cookiejar(self):
        return self.cookies

    def _default_name(self, url, path):
        return path

    def request(self, method, url, name=None, data=None, catch_response=False, stream=False, headers=None, auth=None,
                json=None, allow_redirects=True, context=None, **kwargs):
        return _request(self, method, url, name, catch_response, context, data=data, json=json, headers=headers,
                        auth=auth, allow_redirects=allow_redirects, **kwargs)

    def _encode(self, method, url, data, json, kwargs):
        params, files = kwargs.pop("params", None), kwargs.pop("files", None)
        if params:
            url = quoted(with_params(url, params))
        body, kind = body_of(data, json, files)
        if body is not None and (kind is None or kind == FORM):
            kind = _KINDS.get(type(data), f"{FORM}; charset=utf-8")
        headers = self._headers_of(kwargs.pop("headers", None), kind, kwargs.pop("cookies", None))
        auth = kwargs.pop("auth", None) or self.auth
        if auth or kind == "application/json":
            headers = dict(headers)
        if kind == "application/json" and not any(name.lower() == "accept" for name in headers):
            headers["Accept"] = kind
        if auth:
            headers["Authorization"] = basic(*auth)
        redirects = self._redirects if kwargs.pop("allow_redirects", True) else 0
        flags = INSECURE if self.verify is False else 0
        if kwargs:
            raise TypeError(f"request() got an unexpected keyword argument '{next(iter(kwargs))}'")
        return url, headers, body, self.timeout, redirects, flags

    def iter_lines(self, url, method="GET", **kwargs):
        """The lines of a response, as texts."""
        response = self.request(method, url, stream=True, **kwargs)
        wrong = response.failure_of(response.url)
        if wrong is not None:
            raise wrong
        yield from (response.content or b"").decode(errors="replace").splitlines()


_fast_request = FastHttpSession.request


class FastHttpUser(RestMixin, User):
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
                                      network_timeout=max(self.network_timeout, self.connection_timeout),
                                      max_redirects=self.max_redirects, headers=self.default_headers)


__all__ = ["BadStatusCode", "FastHttpSession", "FastHttpUser", "FastResponse", "LocustBadStatusCode", "LocustError",
           "ResponseContextManager", "RestResponseContextManager"]
