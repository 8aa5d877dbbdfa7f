"""Locustfiles with greenlets, and with what helper threads measure; blocking.py runs them."""
import ctypes
import json
import multiprocessing
import os
import socket
import ssl
import threading
import time
import urllib.request

import gevent
from brunt import blocking
from gevent import monkey
from gevent.event import AsyncResult, Event
from gevent.lock import BoundedSemaphore, RLock, Semaphore
from gevent.pool import Group, Pool
from gevent.queue import Empty, Full, JoinableQueue, LifoQueue, PriorityQueue, Queue
from locust import FastHttpUser, HttpUser, User, constant, events, task
from locust.exception import StopUser

monkey.patch_all()
seen, ended = [], []


@events.init.add_listener
def start_checker(environment, **_):
    gevent.spawn(checker, environment)


def checker(environment):
    gevent.sleep(0.05)
    seen.append(environment.runner.state)


def raises(kind, func, *args, **kwargs):
    try:
        func(*args, **kwargs)
    except kind as e:
        return e
    raise AssertionError(f"no {kind.__name__}")


def end(user):
    """The user has done all; the last one ends the test."""
    environment = user.environment
    ended.append(user)
    if len(ended) == environment.parsed_options.users:
        environment.runner.quit()
    raise StopUser


class Once(User):
    """Does its task once, and ends."""

    abstract = True
    wait_time = constant(0)

    @task
    def all(self):
        self.do()
        print(f"{type(self).__name__.upper()} DONE", flush=True)
        end(self)


class Greenlets(Once):
    def do(self):
        order = []
        one = gevent.spawn(order.append, 1)
        assert not order and one.started and not one.ready()
        assert gevent.joinall([one]) == [one] and order == [1] and one.successful() and not one
        assert gevent.spawn(lambda a, b=0: (a, b), 1, b=2).get() == (1, 2)
        # Each has its own local values and place, and a killed one ends well.
        mine = threading.local()
        mine.x = "user"
        assert gevent.spawn(lambda: hasattr(mine, "x")).get() is False and mine.x == "user"
        sleeper = gevent.spawn(gevent.sleep, 1000)
        gevent.sleep(0)
        sleeper.kill()
        assert sleeper.dead and sleeper.successful() and isinstance(sleeper.value, gevent.GreenletExit)
        early = gevent.spawn(order.append, 2)
        early.kill()
        gevent.sleep(0.01)
        assert early.dead and order == [1], "killed before it began"
        late = gevent.spawn_later(1000, order.append, 3)
        gevent.sleep(0)
        late.kill()
        assert late.dead and order == [1]
        cleaned = []

        def cleans():
            try:
                gevent.sleep(1000)
            finally:
                cleaned.append(gevent.getcurrent())

        one = gevent.spawn(cleans)
        gevent.sleep(0)
        gevent.killall([one])
        assert cleaned == [one]
        # Links, subclasses, and waiting for the first.
        result = AsyncResult()
        gevent.spawn(lambda: 5).link(result)
        assert result.get(timeout=10) == 5

        class Ten(gevent.Greenlet):
            def _run(self):
                return 10

        assert Ten.spawn().get() == 10
        first = gevent.wait([gevent.spawn_later(500, len, ""), gevent.spawn(len, "abc")], count=1)
        assert [g.value for g in first] == [3]
        assert gevent.joinall([gevent.spawn_later(500, len, "")], timeout=0.01) == []


class Pools(Once):
    def do(self):
        pool, now = Pool(3), [0, 0]

        def work(i):
            now[0] += 1
            now[1] = max(now)
            gevent.sleep(0.002)
            now[0] -= 1
            return i * i

        assert pool.map(work, range(10)) == [i * i for i in range(10)] and now == [0, 3]
        assert sorted(pool.imap_unordered(work, range(5))) == [0, 1, 4, 9, 16] and list(pool.imap(work, [3])) == [9]
        for i in range(4):
            pool.spawn(gevent.sleep, 0.05 if i else 0)
        assert len(pool) == 3 and pool.full() and pool.free_count() == 0
        pool.join()
        assert len(pool) == 0 and pool.free_count() == 3 and now == [0, 3]
        assert pool.apply(work, (4,)) == 16
        group = Group()
        group.spawn(gevent.sleep, 1000)
        group.spawn(gevent.sleep, 1000)
        gevent.sleep(0)
        group.kill()
        assert len(group) == 0
        assert gevent.get_hub().threadpool.apply(threading.current_thread).name.startswith("brunt helper")


class Waits(Once):
    def do(self):
        queue = Queue(2)

        def produce():
            for i in range(6):
                queue.put(i)
            queue.put(StopIteration)

        gevent.spawn(produce)
        assert list(queue) == list(range(6))
        raises(Empty, queue.get, timeout=0.005)
        raises(Empty, queue.get_nowait)
        queue.put(1)
        queue.put(2)
        raises(Full, queue.put, 3, timeout=0.005)
        assert queue.peek() == 1 and queue.full()
        last, least = LifoQueue(), PriorityQueue()
        for i in (2, 3, 1):
            last.put(i)
            least.put(i)
        assert [last.get() for _ in range(3)] == [1, 3, 2] and [least.get() for _ in range(3)] == [1, 2, 3]
        jobs = JoinableQueue(items=[1, 2])

        def consume():
            for _ in range(2):
                jobs.get()
                jobs.task_done()

        gevent.spawn(consume)
        assert jobs.join(10)
        event = Event()
        assert event.wait(0.002) is False
        gevent.spawn(event.set)
        assert event.wait() and event.wait(0)
        lock, n = Semaphore(1), []

        def guarded():
            with lock:
                n.append(len(n))
                before = len(n)
                gevent.sleep(0.001)
                assert len(n) == before, "two were inside"

        gevent.joinall([gevent.spawn(guarded) for _ in range(5)], raise_error=True)
        assert len(n) == 5 and not lock.locked()
        raises(ValueError, BoundedSemaphore(1).release)
        again = RLock()
        with again, again:
            assert gevent.spawn(again.acquire, blocking=False).get() is False
        # One of Python's own belongs to a greenlet, too.
        plain = threading.RLock()
        with plain, plain:
            assert gevent.spawn(plain.acquire, blocking=False).get() is False
        # From a thread of the script's, and a helper.
        event.clear()
        threading.Timer(0.01, event.set).start()
        assert event.wait(20)
        result = AsyncResult()
        blocking(result.set)(8)
        assert result.get(timeout=20) == 8
        assert gevent.spawn(blocking(max), 1, 2).get() == 2


class Timeouts(Once, HttpUser):
    abstract = False

    def do(self):
        assert raises(gevent.Timeout, self.times_out, 0.01).seconds == 0.01
        with gevent.Timeout(0.01, False) as quiet:
            gevent.sleep(1000)
            raise AssertionError("not reached")
        assert not quiet.pending
        assert str(raises(KeyError, self.times_out, 0.01, KeyError("own"))) == "'own'"
        with gevent.Timeout(1000):
            assert self.client.get("/fast").status_code == 200
        assert gevent.with_timeout(0.01, gevent.sleep, 1000, timeout_value="late") == "late"
        with gevent.Timeout(0.05, False):  # within a request
            self.client.get("/delay/30")
            raise AssertionError("not reached")
        assert self.client.get("/fast").status_code == 200, "the client is as good as before"
        raises(gevent.Timeout, gevent.spawn(gevent.sleep, 1000).get, timeout=0.01)
        # One that is over in time does not hit what comes after.
        for _ in range(20):
            with gevent.Timeout(0.001, False):
                gevent.sleep(0.001)
            gevent.sleep(0.002)

    def times_out(self, *args):
        with gevent.Timeout(*args):
            gevent.sleep(1000)


class Background(Once):
    def on_start(self):
        self.ticks = 0
        self.poller = gevent.spawn(self.poll)

    def poll(self):
        while True:
            gevent.sleep(0.005)
            self.ticks += 1

    def do(self):
        gevent.sleep(0.3)
        assert self.ticks >= 3 and not self.poller.dead
        print("CHECKER SAW", *seen)


class AtOnce(FastHttpUser):
    """Requests beside each other, of one user."""

    wait_time = constant(0)

    @task
    def all(self):
        now = [0, 0]

        def get():
            now[0] += 1
            now[1] = max(now)
            assert self.client.get("/delay/0.2", name="at once").status_code == 200
            now[0] -= 1

        pool = Pool(10)
        for _ in range(20):
            pool.spawn(get)
        pool.join()
        print("MOST", now[1], flush=True)
        end(self)


class Fails(Once):
    def do(self):
        def fail():
            raise ValueError("boom")

        one = gevent.spawn(fail)
        assert raises(ValueError, one.get).args == ("boom",) and not one.successful() and one.exc_info[0] is ValueError


class Measures(User):
    """What is no HTTP, measured where it runs."""

    wait_time = constant(0)
    rounds = 0

    @blocking
    def query(self):
        with self.environment.events.request.measure("DB", "query"):
            time.sleep(0.01)
        self.environment.events.request.fire(request_type="DB", name="fired", response_time=1, response_length=0, exception=None)

    def fire(self, name):
        self.environment.events.request.fire(request_type="DB", name=name, response_time=1, response_length=0, exception=None)

    @task
    def measure(self):
        self.query()
        gevent.spawn(self.fire, "greenlet").join()
        thread = threading.Thread(target=self.fire, args=("thread",))
        thread.start()
        while thread.is_alive():
            gevent.sleep(0.01)
        self.rounds += 1
        if self.rounds == 2:
            end(self)


class Sockets(HttpUser):
    """Libraries of Python on sockets, as they are: who waits lets the others go on."""

    wait_time = constant(0)
    now = [0, 0]

    @task
    def all(self):
        self.now[0] += 1
        self.now[1] = max(self.now)
        with urllib.request.urlopen(self.host + "/delay/0.3") as answer:
            assert answer.status == 200 and json.load(answer)["method"] == "GET"
        self.now[0] -= 1
        trust = ssl.create_default_context()
        trust.check_hostname, trust.verify_mode = False, ssl.CERT_NONE
        with urllib.request.urlopen(os.environ["BRUNT_TEST_TLS"] + "/delay/0.05", context=trust) as answer:
            assert json.load(answer)["method"] == "GET"
        with urllib.request.urlopen(self.host.replace("127.0.0.1", "localhost") + "/fast") as answer:
            assert answer.status == 200, "a name is resolved"
        self.edges()
        self.from_a_thread()
        print("SOCKETS DONE", self.now[1], flush=True)
        end(self)

    def edges(self):
        with socket.socket() as closed:
            closed.bind(("127.0.0.1", 0))
            assert raises(ConnectionRefusedError, socket.create_connection, closed.getsockname()).errno
        here, there = socket.socketpair()
        raises(BlockingIOError, self.never_blocking(there).recv, 1)
        there.setblocking(True)
        gevent.spawn(here.sendall, bytes(3_000_000))
        n = 0
        while n < 3_000_000:
            n += len(there.recv(100_000))
        there.settimeout(0.01)
        raises(socket.timeout, there.recv, 1)
        assert there.gettimeout() == there.timeout == 0.01 and there.getblocking()
        # Two wait for one descriptor, each for its own.
        reader = gevent.spawn(here.recv, 3)
        gevent.sleep(0)
        gevent.spawn(here.sendall, bytes(3_000_000))
        gevent.sleep(0)
        there.sendall(b"abc")
        assert reader.get(timeout=20) == b"abc"
        there.settimeout(20)
        while n < 6_000_000:
            n += len(there.recv(100_000))
        here.close()
        assert there.recv(1) == b""
        one, other = multiprocessing.Pipe()  # takes the descriptors of a pair of sockets
        threading.Timer(0.02, other.send, args=("x",)).start()
        assert one.recv() == "x"
        with socket.create_server(("127.0.0.1", 0)) as server:
            caller = gevent.spawn(socket.create_connection, server.getsockname())
            with server.accept()[0] as one, caller.get() as other, one.makefile("rb") as lines:
                gevent.spawn_later(0.01, other.sendall, b"a line\nmore")
                assert lines.readline() == b"a line\n"

    def never_blocking(self, one):
        one.setblocking(False)
        return one

    def from_a_thread(self):
        answers = []
        thread = threading.Thread(target=lambda: answers.append(urllib.request.urlopen(self.host + "/fast").status))
        thread.start()
        while thread.is_alive():
            gevent.sleep(0.01)
        answers.append(blocking(urllib.request.urlopen)(self.host + "/fast").status)
        assert answers == [200, 200]


class WholeTask(HttpUser):
    """The client of Locust on a helper thread."""

    wait_time = constant(0)

    @task
    @blocking
    def all(self):
        assert threading.current_thread().name.startswith("brunt helper")
        for _ in range(3):
            assert self.client.get("/fast").status_code == 200
        with self.client.get("/status/404", name="fine", catch_response=True) as response:
            response.success()
        assert self.client.post("/anything", json={"a": 1}).json()["json"] == {"a": 1}
        self.client.cookies.set("k", "v")
        assert self.client.cookies.get("k") == "v"
        print("WHOLETASK DONE", flush=True)
        end(self)


class Never(HttpUser):
    """A call that does not come back before the run is over."""

    wait_time = constant(0)

    @task
    def hang(self):
        self.client.get("/fast")
        blocking(ctypes.CDLL(None).usleep)(900_000_000)
