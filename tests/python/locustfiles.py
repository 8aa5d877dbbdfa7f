"""Locust users whose requests are countable: each does what it has to do, and ends with StopUser."""

import logging
import os
import time

from locust import (FastHttpUser, HttpUser, LoadTestShape, MarkovTaskSet, SequentialTaskSet, TaskSet, User, between, constant,
                    constant_pacing, events, tag, task, transition, transitions)
from locust.exception import RescheduleTask, RescheduleTaskImmediately, ResponseError, StopTest, StopUser


@events.init_command_line_parser.add_listener
def on_parser(parser):
    parser.add_argument("--greeting", default="hello", env_var="GREETING", help="a word")


@events.init.add_listener
def on_init(environment, **_):
    environment.seen = []


@events.test_start.add_listener
def on_start(environment, **_):
    print("TEST START", environment.parsed_options.greeting, environment.host, flush=True)


@events.test_stop.add_listener
def on_stop(environment, **_):
    print("TEST STOP", environment.runner.user_count, flush=True)


class Once(HttpUser):
    """Ends after as many tasks as `rounds`."""

    abstract = True
    rounds = 5
    wait_time = constant(0.001)

    def on_start(self):
        self.done = 0

    def tick(self):
        self.done += 1
        if self.done >= self.rounds:
            raise StopUser()


class Plain(Once):
    @task
    def both(self):
        self.client.get("/fast", name="named")
        self.client.get("/anything?a=1", params={"b": 2})
        base = self.client.base_url
        self.client.base_url = base + "/anything"
        self.client.get("/fast", name="elsewhere") if self.done == 0 else None
        self.client.base_url = base
        self.tick()


class Methods(Once):
    rounds = 1

    @task
    def all(self):
        c = self.client
        for send in (c.get, c.options, c.head, c.post, c.put, c.patch, c.delete):
            send("/anything", name="anything")
        r = c.post("/anything", json={"a": [1]}, headers={"X-Mine": "1"}, name="json")
        assert r.json()["json"] == {"a": [1]} and r.json()["headers"]["X-Mine"], r.text
        r = c.post("/anything", data={"a": "b c"}, name="form")
        assert r.json()["form"] == {"a": "b c"}, r.text
        c.headers["X-All"] = "yes"
        assert c.get("/anything", name="header").json()["headers"]["X-All"] == "yes"
        assert c.get("/status/200", name="ok").ok and bool(c.get("/status/200", name="ok"))
        r = c.get("/redirect/2", name="redirected")
        assert r.status_code == 200
        assert c.get("/redirect/1", name="stays", allow_redirects=False).status_code == 302
        c.get("/cookies/set?k=v", name="cookie")
        assert c.get("/cookies", name="cookie").json()["cookies"] == {"k": "v"}
        with c.rename_request("renamed"):
            c.get("/fast")
        c.request_name = "by attribute"
        c.get("/fast")
        c.request_name = None
        r = c.get("/status/404", name="missing")
        assert not r.ok and r.status_code == 404
        try:
            r.raise_for_status()
        except IOError as e:
            print("RAISED", e, flush=True)
        self.tick()


class Verdicts(Once):
    """What a block says of a response counts, whatever its status."""

    rounds = 3

    @task
    def all(self):
        with self.client.get("/status/404", catch_response=True, name="404 is fine") as r:
            r.success()
        with self.client.get("/fast", catch_response=True, name="200 is not") as r:
            r.failure("no")
        with self.client.get("/fast", catch_response=True, name="200") as r:
            pass
        with self.client.get("/status/500", catch_response=True, name="500") as r:
            pass
        with self.client.get("/fast", catch_response=True, name="raised") as r:
            raise_it(r)
        with self.client.get("/fast", catch_response=True, name="last word") as r:
            r.failure("first")
            r.success()
        try:
            with self.client.get("/fast", catch_response=True, name="left") as r:
                raise KeyError("elsewhere")
        except KeyError:
            pass
        self.tick()


def raise_it(response):
    raise ResponseError("as said")


class Fast(FastHttpUser):
    wait_time = constant(0.001)
    default_headers = {"X-Default": "d"}

    @task
    def all(self):
        r = self.client.get("/anything?x=1")
        assert r.json()["headers"]["X-Default"] == "d"
        with self.rest("GET", "/users") as r:
            assert r.js[0]["id"] == 1
        with self.rest("GET", "/users") as r:
            assert r.js == [], "not empty,"
        with self.rest("GET", "/html", name="no json") as r:
            pass
        with self.rest_("GET", "/fast") as r:
            assert r.js["ok"] is True
        self.client.get("/status/404", name="404")
        self.client.get("/status/302", name="302", allow_redirects=False)
        raise StopUser()


class Sets(Once):
    """A nested set goes on until it interrupts itself; then the parent goes on."""

    rounds = 2

    def on_start(self):
        super().on_start()
        self.trace = []

    @task
    class Inner(TaskSet):
        def on_start(self):
            self.n = 0
            self.client.get("/fast", name="inner start")

        def on_stop(self):
            self.client.get("/fast", name="inner stop")

        @task
        def step(self):
            assert isinstance(self.parent, Sets) and self.user is self.parent
            self.n += 1
            self.client.get("/fast", name="inner step")
            if self.n == 3:
                self.user.done += 1
                if self.user.done >= self.user.rounds:
                    raise StopUser()
                self.interrupt(reschedule=self.user.done % 2 == 0)

    def on_stop(self):
        self.client.get("/fast", name="user stop")


class InOrder(Once):
    @task
    class Steps(SequentialTaskSet):
        @task
        def first(self):
            self.client.get("/fast", name="1")

        @task(2)
        def second(self):
            self.client.get("/fast", name="2")

        @task
        class Third(TaskSet):
            @task
            def only(self):
                self.client.get("/fast", name="3")
                self.interrupt()

        @task
        def last(self):
            self.client.get("/fast", name="4")
            self.user.tick()


class Chain(Once):
    @task
    class Walk(MarkovTaskSet):
        @transition("b")
        def a(self):
            self.client.get("/fast", name="a")

        @transitions({"c": 1})
        def b(self):
            self.client.get("/fast", name="b")

        @transitions(["a"])
        def c(self):
            self.client.get("/fast", name="c")
            self.user.tick()


class Tagged(Once):
    @task
    @tag("yes", "both")
    def wanted(self):
        self.client.get("/fast", name="wanted")
        self.tick()

    @task
    @tag("no", "both")
    def unwanted(self):
        self.client.get("/fast", name="unwanted")
        self.tick()

    @task
    def untagged(self):
        self.client.get("/fast", name="untagged")
        self.tick()


class Raises(Once):
    """An exception is counted, and the user goes on; what is rescheduled is not one."""

    rounds = 4

    @task
    def fails(self):
        self.client.get("/fast", name="before")
        self.done += 1
        if self.done == 1:
            raise ValueError("boom")
        if self.done == 2:
            raise RescheduleTask()
        if self.done == 3:
            raise RescheduleTaskImmediately()
        raise StopUser()


class DiesAtStart(HttpUser):
    def on_start(self):
        raise OSError("no login")

    def on_stop(self):
        self.client.get("/fast", name="never")

    @task
    def never(self):
        self.client.get("/fast", name="never")


class Other(User):
    """No HTTP at all."""

    wait_time = between(0.001, 0.002)

    @task
    def call(self):
        fire = self.environment.events.request.fire
        fire(request_type="RPC", name="good", response_time=12.5, response_length=7, exception=None, context={})
        fire(request_type="RPC", name="bad", response_time=1, response_length=0, exception=ValueError("nope"))
        with self.environment.events.request.measure("RPC", "measured") as meta:
            time.sleep(0.01)
            meta["response_length"] = 3
        with self.environment.events.request.measure("RPC", "broken"):
            raise RuntimeError("inside")
        raise StopUser()


class Heavy(Once):
    weight = 5
    rounds = 1

    @task
    def one(self):
        self.client.get("/fast", name="heavy")
        self.tick()


class Light(Once):
    weight = 1
    rounds = 1

    @task
    def one(self):
        self.client.get("/fast", name="light")
        self.tick()


class Fixed(Once):
    fixed_count = 2
    rounds = 1

    @task
    def one(self):
        self.client.get("/fast", name="fixed")
        self.tick()


class Ends(HttpUser):
    @task
    def stop(self):
        self.client.get("/fast", name="one")
        raise StopTest("that was all")


class Listens(Once):
    """A listener hears of every request, with the context of the user and of the call."""

    rounds = 2

    def context(self):
        return {"who": "me"}

    @task
    def one(self):
        heard = []

        def hear(**kwargs):
            heard.append(kwargs)

        events.request.add_listener(hear)
        self.client.get("/fast", name="heard", context={"what": 1})
        with self.client.get("/status/404", catch_response=True, name="caught") as r:
            r.failure("gone")
        events.request.remove_listener(hear)
        mine = [h for h in heard if h["context"].get("who") == "me"]
        first, second = mine[0], mine[-1]
        assert first["context"] == {"who": "me", "what": 1} and first["exception"] is None, first
        assert first["request_type"] == "GET" and first["response_time"] > 0 and first["response"].status_code == 200
        assert str(second["exception"]) == "gone" and second["name"] == "caught", second
        self.tick()


class Paced(Once):
    wait_time = constant_pacing(0.2)
    rounds = 3

    @task
    def one(self):
        self.client.get("/fast", name="paced")
        self.tick()


class Unreachable(HttpUser):

    @task
    def one(self):
        r = self.client.get("http://127.0.0.1:1/x", name="away")
        assert r.status_code == 0 and r.error is not None and not r.ok
        raise StopUser()


if os.environ.get("WITH_SHAPE"):
    class Stages(LoadTestShape):
        def tick(self):
            t = self.get_run_time()
            return (6, 3) if t < 2 else (2, 2) if t < 3 else None


logging.getLogger("locustfiles").info("loaded")
