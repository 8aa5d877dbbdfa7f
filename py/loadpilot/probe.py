"""What a task's first request is, without sending it: for --dry-run alone. Runs send what tasks do."""

import json


class _Answer:
    """A good response without content."""

    status_code, ok, text, content, elapsed_ms, error = 200, True, "", b"", 0.0, ""
    headers = {}

    def json(self, **kwargs):
        return {}

    def raise_for_status(self):
        return self

    def __await__(self):
        return self
        yield  # noqa: makes this a generator


class _Mock:
    """A client that notes the first call."""

    def __init__(self):
        self.first = None

    def _note(self, method, path, kwargs):
        if self.first is None:
            body = kwargs.get("json")
            headers = {str(k): str(v) for k, v in (kwargs.get("headers") or {}).items()}
            self.first = (method, path, headers, None if body is None else json.dumps(body))
        return _Answer()

    def request(self, method, path, **kwargs):
        return self._note(method.upper(), path, kwargs)

    def batch(self, requests):
        return [self._note(str(r.get("method", "GET")).upper(), r["path"], r) for r in requests]

    def __getattr__(self, name):
        if name not in ("get", "post", "put", "patch", "delete", "head", "options"):
            raise AttributeError(name)
        return lambda path, **kwargs: self._note(name.upper(), path, kwargs)


def first_call(cls, task):
    """(method, path, headers, body) of the task's first request; GET / when it fails before one."""
    mock = _Mock()
    try:
        result = task.func(cls(), mock)
        if task.is_async:
            result.send(None)
    except Exception:  # what comes after the first call is of no interest
        pass
    return mock.first or ("GET", "/", {}, None)
