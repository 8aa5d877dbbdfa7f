"""Scenarios whose code blocks its thread; blocking.py runs them."""
import contextvars
import ctypes
import sqlite3
import threading
import time
import traceback
import urllib.request

from brunt import blocking
from loadpilot import VUser, scenario, task

libc = ctypes.CDLL(None)
number = contextvars.ContextVar("number", default=0)
HELPER = "brunt helper"


def on_helper():
    return threading.current_thread().name.startswith(HELPER)


class Crowd:
    """How many are inside at once, at most."""

    def __init__(self):
        self.lock, self.n, self.most = threading.Lock(), 0, 0

    def __enter__(self):
        with self.lock:
            self.n += 1
            self.most = max(self.most, self.n)

    def __exit__(self, *exc):
        with self.lock:
            self.n -= 1


crowd = Crowd()


@blocking
def wait_in_c(ms):
    assert on_helper(), threading.current_thread()
    with crowd:
        libc.usleep(ms * 1000)
    return ms


@scenario(rps=1, duration="1s")
class Fifty(VUser):
    """Each blocks for a tenth of a second, four times in all, with a request in between."""

    @task
    def block(self, client):
        assert not on_helper()
        assert wait_in_c(100) == 100
        assert client.get("/fast").ok

    def on_stop(self, client):
        if crowd.n == 0 and crowd.most:
            print(f"AT ONCE {crowd.most}", flush=True)


@scenario(rps=1, duration="1s")
class Crosses(VUser):
    """Values, exceptions with where they came from, context variables."""

    def fails(self):
        raise KeyError("from a helper")

    def counts(self):
        number.set(number.get() + 1)

    @task
    def cross(self, client):
        number.set(41)
        blocking(self.counts)()
        assert number.get() == 42
        assert blocking(max)(3, 7) == 7, "a function in C"
        assert blocking(sorted)([2, 1], key=lambda x: -x) == [2, 1]
        try:
            blocking(self.fails)()
        except KeyError as e:
            assert "in fails" in "".join(traceback.format_tb(e.__traceback__))
        else:
            raise AssertionError("the exception is lost")
        assert wait_in_c.__name__ == "wait_in_c"
        client.get("/fast")


@scenario(rps=1, duration="1s")
class Escapes(VUser):
    """What nobody catches is told with the line that raised it."""

    @blocking
    def deep(self):
        raise OSError("nobody catches this")  # the line

    @task
    def escape(self, client):
        client.get("/fast")
        self.deep()


@scenario(rps=1, duration="1s")
class Whole(VUser):
    """A task that runs on a helper as a whole, and one hook."""

    @blocking
    def on_start(self, client):
        assert on_helper()
        self.began = client.get("/fast").ok

    @task
    @blocking
    def whole(self, client):
        assert on_helper() and self.began
        assert client.get("/anything").json()["method"] == "GET"
        time.sleep(0.005)
        assert [r.status_code for r in client.batch([{"path": "/fast"}, {"path": "/status/404"}])] == [200, 404]
        assert on_helper()

    def check_whole(self, status_code, body):
        assert status_code == 404



@scenario(rps=1, duration="1s")
class Locked(VUser):
    """One user holds a lock of the database and sends a request before it lets go, for which the others wait."""

    def __init__(self):
        self.db = sqlite3.connect(store.name, timeout=60, isolation_level=None, check_same_thread=False)

    @task
    def write(self, client):
        execute = blocking(self.db.execute)
        execute("CREATE TABLE IF NOT EXISTS t(n)")
        execute("BEGIN IMMEDIATE")
        assert client.get("/delay/0.02").ok
        execute("INSERT INTO t VALUES (1)")
        execute("COMMIT")


@scenario(rps=1, duration="1s")
class Library(VUser):
    """A library as its own documentation uses it; the command line says that it blocks."""

    @task
    def fetch(self, client):
        with urllib.request.urlopen(client.get("/fast").url) as answer:
            assert answer.status == 200
        assert getattr(urllib.request.urlopen, "brunt_blocking", False)


@scenario(rps=1, duration="1s")
class Unmarked(VUser):
    @task
    def stall(self, client):
        client.get("/fast")
        libc.usleep(2_500_000)  # the stall


@scenario(rps=1, duration="1s")
class Wrong(VUser):
    """What cannot be marked is refused in words."""

    async def waits(self):
        pass

    @task
    def refused(self, client):
        for what, words in ((self.waits, "is async"), (VUser, "of a class"), (7, "function or method")):
            try:
                blocking(what)
            except TypeError as e:
                assert words in str(e), e
            else:
                raise AssertionError(what)
        try:
            blocking.patch(sqlite3.Connection, "execute")
        except TypeError as e:
            assert "written in C" in str(e)
        else:
            raise AssertionError("a class in C was changed")
        client.get("/fast")


def _store():
    import tempfile
    return tempfile.NamedTemporaryFile(prefix="brunt-test-")


store = _store()
