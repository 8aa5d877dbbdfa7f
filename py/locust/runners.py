"""
The runner of a script: what it asks about the test, and how it ends it. Users are brunt's.

One process has a LocalRunner. With workers (docs/workers.md), the process that was started has a MasterRunner and no users,
and each worker a WorkerRunner.
"""

import logging
import os
import socket
import threading
import time
import traceback
from types import SimpleNamespace

import _brunt
from locust import link
from locust.exception import LocustError

logger = logging.getLogger(__name__)

STATE_INIT, STATE_SPAWNING, STATE_RUNNING, STATE_CLEANUP = "ready", "spawning", "running", "cleanup"
STATE_STOPPING, STATE_STOPPED, STATE_MISSING = "stopping", "stopped", "missing"
WORKER_REPORT_INTERVAL = 3.0
HEARTBEAT_INTERVAL = 1
CPU_WARNING_THRESHOLD = 90
CPU_MONITOR_INTERVAL = 10.0

_COUNT_INTERVAL = 0.2  # at which a worker tells how many users it has, when that changes
_EXCEPTIONS_MAX = 1000


class Runner:
    def __init__(self, environment):
        self.environment = environment
        self.state = STATE_INIT
        self.exceptions = {}
        self.greenlet = self.user_greenlets = None
        self.user_classes_count = {c.__name__: 0 for c in environment.user_classes}
        self.target_user_classes_count = {}
        self.final_user_classes_count = {}
        self.target_user_count = 0
        self.spawn_rate = 0
        self.shape_last_tick = None
        self.current_cpu_usage = 0.0
        self.current_memory_usage = 0
        self.cpu_warning_emitted = self.worker_cpu_warning_emitted = False
        self.custom_messages = {}
        self.script = None  # set by it
        environment.events.user_error.add_listener(self._on_user_error)

    @property
    def user_count(self):
        return sum(self.user_classes_count.values())

    @property
    def stats(self):
        return self.environment.stats

    @property
    def errors(self):
        return self.stats.errors

    @property
    def user_classes(self):
        return self.environment.user_classes

    @property
    def user_classes_by_name(self):
        return self.environment.user_classes_by_name

    def update_state(self, new_state):
        self.state = new_state

    # ---- the end ----

    def stop(self):
        """The test ends: users may finish their tasks within --stop-timeout."""
        self.script.stopping()
        _brunt.end("the script asked for it")

    def quit(self):
        self.stop()

    def start(self, user_count, spawn_rate, wait=False, user_classes=None):
        raise LocustError("users are started by the command: -u, -r, -t, or a LoadTestShape")

    start_shape = start

    # ---- exceptions ----

    def _on_user_error(self, user_instance, exception, tb, **_):
        self.log_exception(self.client_id, str(exception), "".join(traceback.format_tb(tb)))

    def log_exception(self, node_id, msg, formatted_tb):
        key = hash(formatted_tb)
        if key not in self.exceptions and len(self.exceptions) >= _EXCEPTIONS_MAX:
            return
        row = self.exceptions.setdefault(key, {"count": 0, "msg": msg, "traceback": formatted_tb, "nodes": set()})
        row["count"] += 1
        row["nodes"].add(node_id)

    # ---- messages ----

    def register_message(self, msg_type, listener, concurrent=False):
        """listener(environment, msg) for messages of that type: msg has type, data and node_id."""
        if msg_type in self.custom_messages:
            raise LocustError(f"messages of type '{msg_type}' have a listener already")
        self.custom_messages[msg_type] = (listener, concurrent)

    def deliver(self, msg_type, data, node_id):
        if msg_type not in self.custom_messages:
            logger.warning("a message of type '%s' has no listener", msg_type)
            return
        listener, concurrent = self.custom_messages[msg_type]
        arguments = {"environment": self.environment, "msg": SimpleNamespace(type=msg_type, data=data, node_id=node_id)}
        if concurrent:
            threading.Thread(target=listener, kwargs=arguments, name=f"locust-{msg_type}", daemon=True).start()
        else:
            listener(**arguments)

    # ---- what the script tells ----

    def open(self):
        """After events.init."""

    def begin(self):
        """Before the first user of this process."""
        self.script.fire("test_start", environment=self.environment)

    def on_users(self):
        """Users came or went."""

    def on_counting(self):
        """The script looks at statistics."""

    def end(self):
        """There are no more users, and none will come."""
        self.script.fire("test_stop", environment=self.environment)


class LocalRunner(Runner):
    def __init__(self, environment):
        self.client_id = f"{socket.gethostname()}_{os.getpid()}"
        self.worker_index, self.worker_count = 0, 1
        super().__init__(environment)

    def send_message(self, msg_type, data=None, client_id=None):
        """To this process itself: there are no others."""
        self.deliver(msg_type, data, "local")

    def on_users(self):
        self.script.check_spawned(self.script.n_lives)


class DistributedRunner(Runner):
    pass


class WorkerNode:
    def __init__(self, id, state=STATE_INIT):
        self.id, self.state = id, state
        self.cpu_usage = self.memory_usage = 0
        self.cpu_warning_emitted = False
        self.user_classes_count = {}
        self.n_begun = 0  # users, and those that have ended by themselves

    @property
    def user_count(self):
        return sum(self.user_classes_count.values())


class WorkerNodes(dict):
    """By their ids."""

    def get_by_state(self, state):
        return [node for node in self.values() if node.state == state]

    all = property(lambda self: list(self.values()))
    ready = property(lambda self: self.get_by_state(STATE_INIT))
    spawning = property(lambda self: self.get_by_state(STATE_SPAWNING))
    running = property(lambda self: self.get_by_state(STATE_RUNNING))
    missing = property(lambda self: self.get_by_state(STATE_MISSING))


class MasterRunner(DistributedRunner):
    """Of the process that was started: it has no users, and hears from those that do."""

    def __init__(self, environment, count):
        self.client_id = "master"
        self.clients = WorkerNodes()
        self.worker_indexes = {}
        self._count = count  # workers that there will be
        self._has_begun = self._is_counting = False
        self._lock = threading.Lock()
        super().__init__(environment)

    def open(self):
        self._hub = link.Hub(self._take, self._gone)

    @property
    def worker_count(self):
        return sum(node.state not in (STATE_STOPPED, STATE_MISSING) for node in self.clients.values())

    @property
    def user_count(self):
        return sum(node.user_count for node in self.clients.values())

    def get_worker_index(self, client_id):
        return self.worker_indexes.get(client_id, -1)

    def send_message(self, msg_type, data=None, client_id=None):
        self._hub.send("message", (msg_type, data), client_id)

    def tell_classes(self, names):
        """Of a shape: the classes that users are of from now on; None: all."""
        self._hub.send("classes", names)

    def on_counting(self):
        self._is_counting = True
        self._hub.send("count", None)

    # ---- what workers tell ----

    def _take(self, kind, data, sender):
        handle = getattr(self, f"_on_{kind}", None)
        if handle:
            handle(data, sender)

    def _gone(self, sender):
        if self.clients[sender].state != STATE_STOPPED:
            self.clients[sender].state = STATE_MISSING
            self.clients[sender].user_classes_count = {}

    def _on_ready(self, index, sender):
        self.worker_indexes[sender] = index
        self.clients[sender] = WorkerNode(sender)
        if self._is_counting:
            self._hub.send("count", None, sender)
        self.script.fire("worker_connect", client_id=sender)

    def _on_begin(self, _, sender):
        with self._lock:
            if not self._has_begun:
                self._has_begun = True
                self._wait_for_all()
                self.script.begun()
        self.clients[sender].state = STATE_SPAWNING
        self._hub.send("start", self.target_user_count, sender)

    def _wait_for_all(self):
        """All are there before the first of them begins, but one may have died."""
        for _ in range(100):
            if len(self.clients) >= self._count:
                return
            time.sleep(0.05)

    def _on_users(self, counts, sender):
        self.clients[sender].user_classes_count, self.clients[sender].n_begun = counts
        for name in self.user_classes_count:
            self.user_classes_count[name] = sum(n.user_classes_count.get(name, 0) for n in self.clients.values())
        if self.script.check_spawned(sum(node.n_begun for node in self.clients.values())):
            for node in self.clients.spawning:
                node.state = STATE_RUNNING
            self._hub.send("spawned", self.user_count)

    def _on_report(self, data, sender):
        if "stats" in data:
            self.environment._stats.take_part(sender, data)
        self.script.fire("worker_report", client_id=sender, data=data)

    def _on_message(self, message, sender):
        self.deliver(*message, sender)

    def _on_exception(self, exception, sender):
        self.log_exception(sender, *exception)

    def _on_stopping(self, _, sender):
        self.clients[sender].state = STATE_STOPPING
        with self._lock:
            self.script.stopping()

    def _on_stopped(self, _, sender):
        self.clients[sender].state = STATE_STOPPED
        self.clients[sender].user_classes_count = {}

    def end(self):
        """With the run, when the workers have said their last: they themselves may end later."""
        due = time.monotonic() + 2
        while time.monotonic() < due and any(node.state not in (STATE_STOPPED, STATE_MISSING) for node in self.clients.values()):
            time.sleep(0.01)
        self._hub.finish(0)
        super().end()


class WorkerRunner(DistributedRunner):
    """Of a worker: its users, and the way to the process that was started."""

    def __init__(self, environment, index):
        self.worker_index = index
        self.client_id = f"{socket.gethostname()}_{os.getpid()}"
        self._is_started = threading.Event()
        self._is_over = False
        super().__init__(environment)

    def open(self):
        self._link = link.Spoke(self.client_id, self._take)
        self._link.send("ready", self.worker_index)
        self._link.listen()

    def send_message(self, msg_type, data=None, client_id=None):
        self._link.send("message", (msg_type, data))

    def _on_user_error(self, user_instance, exception, tb, **_):
        super()._on_user_error(user_instance, exception, tb)
        self._link.send("exception", (str(exception), "".join(traceback.format_tb(tb))))

    # ---- what it is told ----

    def _take(self, kind, data, _):
        if kind == "start":
            self.target_user_count = data
            self._is_started.set()
        elif kind == "message":
            self.deliver(*data, "master")
        elif kind == "count":
            self.environment.count_requests()
        elif kind == "spawned":
            self.state = STATE_RUNNING
            self.script.fire("spawning_complete", user_count=data)
        elif kind == "classes":
            self.script.set_classes(data)

    # ---- what the script tells ----

    def begin(self):
        self._link.send("begin", None)
        while not self._is_started.is_set() and self._link.is_open:
            time.sleep(0.005)  # other users of this process wait as well: they can't begin before
        super().begin()
        threading.Thread(target=self._tell, name="locust-report", daemon=True).start()

    def _tell(self):
        told, due = None, time.monotonic() + WORKER_REPORT_INTERVAL
        while not self._is_over:
            now = dict(self.user_classes_count), self.script.n_lives
            if told != now:
                told = now
                self._link.send("users", told)
            if time.monotonic() >= due:
                due += WORKER_REPORT_INTERVAL
                self._report()
            time.sleep(_COUNT_INTERVAL)

    def _report(self):
        data = {"user_count": self.user_count, "user_classes_count": dict(self.user_classes_count)}
        if self.environment.is_counting:
            stats = self.environment._stats
            data.update(stats=stats.serialize_stats(), stats_total=stats.total.serialize(), errors=stats.serialize_errors())
        self.script.fire("report_to_master", client_id=self.client_id, data=data)
        self._link.send("report", data)

    def end(self):
        self._is_over = True
        self._report()
        super().end()
        self._link.send("stopped", None)

    def tell_stopping(self):
        self._link.send("stopping", None)
