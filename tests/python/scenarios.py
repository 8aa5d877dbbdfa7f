"""Scenarios whose counts are known beforehand; loadpilot.py runs each of them and counts."""
import asyncio
import itertools
import subprocess
import threading
import time

from loadpilot import LoadClient, VUser, scenario, task


@scenario(rps=60, duration="2s", mode="constant")
class Mix(VUser):
    """120 iterations by weights 3 : 2 : 1."""

    @task(weight=3)
    def often(self, client: LoadClient):
        client.get("/fast")

    @task(weight=2)
    def sometimes(self, client: LoadClient):
        client.get("/fast")

    @task
    def seldom(self, client: LoadClient):
        client.get("/fast")


@scenario(rps=30, duration="9s", mode="step", steps=3, thresholds={"p99_ms": 60000, "error_rate": 10})
class Stairs(VUser):
    """30, 60 and 90 iterations; the last step fails."""

    numbers = itertools.count()

    @task
    def climb(self, client):
        client.get("/fast" if next(self.numbers) < 90 else "/status/500")


@scenario(rps=4, duration="3s", mode="constant")
class Slow(VUser):
    """12 iterations, 3 : 1: fewer than LoadPilot needs to leave its first task."""

    @task(weight=1)
    def a(self, client):
        client.get("/fast")

    @task(weight=3)
    def b(self, client):
        client.get("/fast")


@scenario(rps=20, duration="2s", mode="constant")
class Checks(VUser):
    """40 iterations, a quarter each: what counts as a failure."""

    @task
    def bad_check(self, client):
        client.get("/fast")
        client.get("/json")

    def check_bad_check(self, status_code, body):
        assert status_code == 200 and body["slideshow"], "the check sees the last response, parsed"
        raise AssertionError("never good enough")

    @task
    def bad_status(self, client):
        client.get("/status/503")

    def check_bad_status(self, status_code, body):
        assert status_code == 503 and body is None

    @task
    def good(self, client):
        client.get("/fast")

    def check_good(self, status_code, body):
        assert status_code == 200

    @task
    def raises(self, client):
        client.get("/fast")
        client.get("/fast").missing_field


class Base(VUser):
    """Hooks are inherited."""

    def on_start(self, client):
        client.get("/cookies/set", params={"session": "abc"}, follow_redirects=False)
        self.token = client.get("/uuid").json()["uuid"]

    def on_stop(self, client):
        client.get("/fast", headers={"X-Token": self.token})


@scenario(rps=20, duration="2s", mode="constant")
class Hooks(Base):
    @task
    def work(self, client):
        assert client.get("/cookies").json()["cookies"] == {"session": "abc"}, "the cookie of on_start is gone"
        assert len(self.token) == 36


@scenario(rps=10, duration="2s", mode="constant")
class Batches(VUser):
    @task
    def five(self, client):
        started = time.monotonic()
        delays = [0.4, 0.3, 0.2, 0.1, 0]
        answers = client.batch([{"path": f"/delay/{s}?at={i}"} for i, s in enumerate(delays[:-1])] +
                               [{"method": "POST", "path": "/post", "json": {"at": 4}}])
        assert [str(a.json()["json"]["at"] if i == 4 else a.json()["args"]["at"]) for i, a in enumerate(answers)] == \
            ["0", "1", "2", "3", "4"], "the order of the answers is not that of the requests"


@scenario(rps=50, duration="2s", mode="constant")
class Sleeps(VUser):
    """100 iterations that wait 20 s together, by both kinds of sleep."""

    @task
    def plain(self, client):
        time.sleep(0.2)
        client.get("/fast")

    @task
    async def awaited(self, client):
        await asyncio.gather(asyncio.sleep(0.2), asyncio.sleep(0.15))
        answer = await client.get("/fast")
        assert answer.status_code == 200
        assert await asyncio.get_running_loop().run_in_executor(None, lambda: 7) == 7


@scenario(rps=20, duration="1s", mode="constant")
class AsyncHooks(VUser):
    async def on_start(self, client):
        await asyncio.sleep(0.01)
        self.ready = True

    @task
    async def work(self, client):
        assert self.ready
        client.get("/fast")

    async def check_work(self, status_code, body):
        await asyncio.sleep(0.001)
        assert status_code == 200

    async def on_stop(self, client):
        client.get("/fast")


@scenario(rps=10, duration="2s", mode="constant")
class Requests(VUser):
    """What arguments become on the wire."""

    @task
    def arguments(self, client):
        echo = client.get("/anything/x?a=1", params={"b": [2, 3], "c": None, "d": True}).json()
        assert echo["args"] == {"a": "1", "b": ["2", "3"], "d": "true"}, echo["args"]
        echo = client.post("/post", data={"k": "v w", "n": 1}).json()
        assert echo["form"] == {"k": "v w", "n": "1"}, echo
        echo = client.put("/put", data="raw text", headers={"Content-Type": "text/x-own"}).json()
        assert echo["data"] == "raw text" and echo["headers"]["Content-Type"] == "text/x-own", echo
        echo = client.patch("/patch", json=[1, "ä"]).json()
        assert echo["json"] == [1, "ä"] and echo["headers"]["Content-Type"] == "application/json", echo
        echo = client.post("/post", files={"f": ("a.txt", b"inside", "text/plain")}, data={"k": "v"}).json()
        assert echo["files"] == {"f": "inside"} and echo["form"] == {"k": "v"}, echo
        assert client.get("/basic-auth/me/secret", auth=("me", "secret")).ok
        assert client.get("/redirect/2").url.endswith("/get")
        assert client.get("/redirect/2", follow_redirects=False).status_code == 302
        assert client.delete("/delete").status_code == 200
        answer = client.get("/response-headers", params={"X-Of-Mine": "yes"})
        assert answer.headers["X-OF-MINE"] == "yes" and answer.elapsed_ms > 0
        echo = client.get("/headers", headers={"X-N": 7, "X-None": None, b"X-B": b"bytes"}).json()["headers"]
        assert echo["X-N"] == "7" and echo["X-B"] == "bytes" and "X-None" not in echo, echo
        try:
            client.get("/fast", headers={"X-Bad": "a\r\nb"})
        except ValueError as e:
            assert "line breaks" in str(e)
        else:
            raise AssertionError("a line break in a header is not refused")
        try:
            client.get("/fast", nonsense=1)
        except TypeError as e:
            assert "nonsense" in str(e)
        else:
            raise AssertionError("an unknown argument is not refused")
        try:
            client.get("/status/404").raise_for_status()
        except ValueError as e:
            assert str(e) == "HTTP error 404"


@scenario(rps=10, duration="1s", mode="constant")
class Unreachable(VUser):
    """10 requests that get no answer: each raises."""

    @task
    def close(self, client):
        try:
            client.get("/chaos/close")
        except RuntimeError as e:
            self.text = str(e)
            raise
        raise AssertionError("no exception for a request without an answer")


kept = []  # outlives the run


@scenario(rps=40, duration="2s", mode="constant")
class Locked(VUser):
    """80 iterations: what is locked is one user's, also across requests; an RLock is not every user's."""

    lock, again, shared, inside = threading.Lock(), threading.RLock(), None, 0
    changed = threading.Condition()

    def on_start(self, client):
        with Locked.lock:
            if Locked.shared is None:
                Locked.shared = client.get("/delay/0.2").status_code
        with self.again, self.again:
            Locked.inside += 1
            client.get("/delay/0.02")
            assert Locked.inside == 1, f"{Locked.inside} users at once"
            Locked.inside -= 1

    @task
    def use(self, client):
        assert Locked.shared == 200
        with Locked.changed:
            Locked.changed.notify_all()
        client.get("/fast")


@scenario(rps=10, duration="1s", mode="constant")
class Threads(VUser):
    """Threads of the script run while users wait, and cannot send."""

    @task
    def work(self, client):
        found, last = [], [client.get("/fast")]

        def other():
            assert last[0].status_code == 200
            last.clear()  # a response that goes on a thread which is not its loop's
            try:
                client.get("/fast")
            except RuntimeError as e:
                found.append(str(e))

        thread = threading.Thread(target=other)
        thread.start()
        client.get("/delay/0.05")
        thread.join(10)
        kept.append(client.get("/fast"))
        assert found and "needs a running user" in found[0], found


@scenario(rps=10, duration="1s", mode="constant", thresholds={"error_rate": 1})
class Early(VUser):
    """10 exceptions before any request: no run without failures."""

    @task
    def early(self, client):
        raise ValueError("before the first request")


@scenario(rps=2, duration="1s", mode="constant")
class Blocks(VUser):
    """A call that blocks the loop, as a database driver does."""

    @task
    def work(self, client):
        client.get("/fast")
        subprocess.run(["sleep", "1.7"])


@scenario(rps=5, duration="60s", mode="constant")
class Endless(VUser):
    """Never waits and never ends."""

    @task
    def spin(self, client):
        client.get("/fast")
        while True:
            pass


@scenario(rps=60, duration="9s", ramp_up="3s", mode="ramp")
class Ramp(VUser):
    @task
    def go(self, client):
        client.get("/fast")


@scenario(rps=7, duration="10s", mode="step", steps=3)
class Steps(Ramp):
    pass


@scenario(rps=12, duration="9s", mode="spike")
class Spike(Ramp):
    pass


@scenario(rps=60, duration="60s", mode="constant")
class Long(Mix):
    """Mix, to be looked at meanwhile."""


@scenario(rps=100, duration="1s", mode="constant", thresholds={"p99_ms": 60000, "error_rate": 0})
class Limits(VUser):
    @task
    def go(self, client):
        client.get("/status/500")
