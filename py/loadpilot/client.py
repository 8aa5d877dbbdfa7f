"""The client that hooks and tasks get."""

import _brunt
from brunt_script.http import Response, encode

_request, _batch = _brunt.request, _brunt.batch
_METHODS = ("GET", "POST", "PUT", "PATCH", "DELETE")
_PLAIN = {"method", "path", "headers"}  # of a request of batch()
_TIMEOUT = 10.0
_REDIRECTS = 10
_HOLD = 1  # the verdict on the last response waits for the end of the task


class ResponseWrapper(Response):
    """A response. `ok`: a status below 400."""

    __slots__ = ()

    @property
    def ok(self):
        return 0 < self.status_code < 400

    def raise_for_status(self):
        if self.status_code >= 400:
            raise ValueError(f"HTTP error {self.status_code}")
        return self


class LoadClient:
    """Requests to the target, measured under the name of the task that makes them."""

    __slots__ = ("_base", "_name", "_last", "__dict__")

    def __init__(self, base_url):
        self._base = base_url.rstrip("/")
        self._name = None
        self._last = None

    def get(self, path, headers=None, **kwargs):
        if kwargs or path[:1] != "/" or type(headers) is not dict and headers is not None:
            return self._send("GET", path, {"headers": headers, **kwargs})
        url = self._base + path  # the most frequent, and so straight
        r = self._last = _request("GET", url, headers, None, self._name, _TIMEOUT, _REDIRECTS, _HOLD, ResponseWrapper)
        if r.status_code:
            return r
        raise RuntimeError(f"GET {url}: {r.error}")

    def post(self, path, **kwargs):
        return self._send("POST", path, kwargs)

    def put(self, path, **kwargs):
        return self._send("PUT", path, kwargs)

    def patch(self, path, **kwargs):
        return self._send("PATCH", path, kwargs)

    def delete(self, path, **kwargs):
        return self._send("DELETE", path, kwargs)

    def head(self, path, **kwargs):
        return self._send("HEAD", path, kwargs)

    def options(self, path, **kwargs):
        return self._send("OPTIONS", path, kwargs)

    def request(self, method, path, **kwargs):
        return self._send(method.upper(), path, kwargs)

    def _url(self, path):
        if path.startswith("/"):
            return self._base + path
        if path.startswith(("http://", "https://")):
            return path
        return f"{self._base}/{path}"

    def _send(self, method, path, kwargs):
        url = self._url(path)
        if kwargs:
            url, headers, body, timeout, redirects = encode(url, kwargs, _TIMEOUT, _REDIRECTS)
        else:
            headers, body, timeout, redirects = None, None, _TIMEOUT, _REDIRECTS
        r = self._last = _request(method, url, headers, body, self._name, timeout, redirects, _HOLD, ResponseWrapper)
        if not r.status_code:
            raise RuntimeError(f"{method} {url}: {r.error}")
        return r

    def batch(self, requests):
        """Sends all at once; the responses in the order of the requests.

        Each is a dict: path, and as wanted method ("GET"), headers, json, data. When one gets no
        response, RuntimeError is raised after all are over.
        """
        items = [self._item(r) for r in requests]
        responses = _batch(items, self._name, _TIMEOUT, _REDIRECTS, _HOLD, ResponseWrapper)
        if responses:
            self._last = responses[-1]
        for item, r in zip(items, responses):
            if not r.status_code:
                raise RuntimeError(f"{item[0]} {item[1]}: {r.error}")
        return responses

    def _item(self, r):
        """What _brunt.batch() takes, of one dict."""
        method, path, headers = r.get("method", "GET"), r.get("path"), r.get("headers")
        if path is None:
            raise ValueError("a request of batch() has no path")
        if method not in _METHODS:
            method = str(method).upper()
        if method not in _METHODS:
            raise ValueError(f"a request of batch() has the unknown method '{method}'")
        url = self._url(path)
        if (headers is None or type(headers) is dict) and r.keys() <= _PLAIN:  # the most frequent
            return method, url, headers, None
        more = {k: v for k, v in r.items() if k not in ("method", "path")}
        url, headers, body, _, _ = encode(url, more, _TIMEOUT, _REDIRECTS)
        return method, url, headers, body

    def close(self):
        """Nothing: connections are the engine's."""

    def __enter__(self):
        return self

    def __exit__(self, *exc):
        return None
