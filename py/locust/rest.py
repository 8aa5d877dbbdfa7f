"""rest(): requests to JSON APIs, whose blocks may assert and stumble without ending the task."""

import re
import time
import traceback
from contextlib import contextmanager

_place = re.compile(r'  File "(/.[^"]*)", line (\d*),(.*)')
_home = re.compile(r"/((?:home|Users)/\w*)/")


def _parse(r):
    r.js = None
    if r.content is None:
        r.failure(str(r.error))
    elif r.text:
        try:
            r.js = r.json()
        except ValueError as e:
            r.failure(f"Could not parse response as JSON. {r.text[:250]}, response code {r.status_code}, error {e}")


def _short(r):
    return r.text[:200] if r.text else r.text


def _of_assertion(e, r):
    if not e.args:
        return "Assertion failed"
    text = e.args[0]
    if isinstance(text, str) and text.endswith(","):
        return f"{text[:-1]}, response was {_short(r)}"
    return text


def _of_exception(e, r):
    at = [_home.sub("~/", m.group(1)) + ":" + m.group(2) + m.group(3)
          for m in map(_place.match, traceback.format_exc().split("\n")) if m and not m.group(1).startswith(__file__)]
    return f"{type(e).__name__}: {e} at {', '.join(at)}. Response was {_short(r)}"


class RestMixin:
    """For users whose client speaks HTTP."""

    @contextmanager
    def rest(self, method, url, headers=None, **kwargs):
        """A request to a JSON API: yields a response whose `js` is the parsed body, or None."""
        headers = dict(headers or ())
        names = {name.lower() for name in headers}
        for name in ("Content-Type", "Accept"):
            if name.lower() not in names:
                headers[name] = "application/json"
        with self.client.request(method, url, catch_response=True, headers=headers, **kwargs) as r:
            _parse(r)
            try:
                yield r
            except AssertionError as e:
                r.failure(_of_assertion(e, r))
            except Exception as e:
                r.failure(_of_exception(e, r))

    @contextmanager
    def rest_(self, method, url, name=None, **kwargs):
        """The same, past caches."""
        mark = "&" if "?" in url else "?"
        if name is None:
            name = f"{url}{mark}_=..."
        with self.rest(method, f"{url}{mark}_={int(time.time() * 1000)}", name=name, **kwargs) as r:
            yield r
