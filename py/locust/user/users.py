"""Users: what a virtual user is, and which of them speak HTTP."""

import logging
import time

import _brunt
from locust.exception import LocustError, StopTest, StopUser
from locust.rest import RestMixin
from locust.user.task import (LOCUST_STATE_RUNNING, LOCUST_STATE_STOPPING, LOCUST_STATE_WAITING, DefaultTaskSet,
                              get_tasks_from_base_classes, old_wait)
from locust.wait_time import constant

logger = logging.getLogger(__name__)


class NoClientWarningRaiser:
    def __getattr__(self, _):
        raise LocustError("a User has no client: derive from HttpUser or FastHttpUser, or make one of your own")


class UserGreenlet:
    """What is asked of a user's greenlet: its name, its number, whether it is over."""

    def __init__(self, user):
        self.args = (user,)
        self.minimal_ident = user._number
        self.name = f"{type(user).__name__}-{user._number}"

    @property
    def dead(self):
        return self.args[0]._state == LOCUST_STATE_STOPPING


class UserMeta(type):
    def __new__(mcs, name, bases, class_dict):
        class_dict["tasks"] = get_tasks_from_base_classes(bases, class_dict)
        class_dict.setdefault("abstract", False)
        if not class_dict.get("wait_time") and {"min_wait", "wait_function"} & class_dict.keys():
            class_dict["wait_time"] = old_wait
        return super().__new__(mcs, name, bases, class_dict)


class User(metaclass=UserMeta):
    """A virtual user: does its tasks one after the other, waiting between them, until the test ends."""

    host = None
    min_wait = max_wait = None
    wait_time = constant(0)
    wait_function = None
    tasks = []
    weight = 1
    fixed_count = 0
    abstract = True
    client = NoClientWarningRaiser()

    def __init__(self, environment):
        super().__init__()
        self.environment = environment
        self._state = None  # until its on_start is called
        self._number = None  # as the engine counts users; None: nobody runs it
        self._greenlet = None
        self._taskset_instance = None
        self._cp_last_run = time.perf_counter()
        self._cp_last_wait_time = 0

    def on_start(self):
        """Before the first task."""

    def on_stop(self):
        """After the last."""

    def wait(self):
        self._taskset_instance.wait()

    def start(self, group=None):
        raise LocustError("users are started by the command: -u, -r, -t, or a LoadTestShape")

    def stop(self, force=False):
        """
        The user ends: after its task, or at once when it is the one that asks and `force` is true. Gives whether it
        is over already.
        """
        is_mine = self._number is not None and _brunt.user() is not None and _brunt.user()[0] == self._number
        was, self._state = self._state, LOCUST_STATE_STOPPING
        if force and is_mine:
            raise StopUser()
        return was in (None, LOCUST_STATE_WAITING)

    @property
    def greenlet(self):
        """Users are no greenlets: the name is there for those who log it."""
        if self._greenlet is None:
            self._greenlet = UserGreenlet(self)
        return self._greenlet

    @property
    def group(self):
        return None

    def context(self):
        """Goes with each request to listeners of events.request."""
        return {}

    @classmethod
    def json(cls):
        return {"host": cls.host, "weight": cls.weight, "fixed_count": cls.fixed_count,
                "tasks": [t.__name__ for t in cls.tasks]}

    @classmethod
    def fullname(cls):
        return ".".join(filter(lambda x: x != "<locals>", (cls.__module__ + "." + cls.__qualname__).split(".")))


class HttpUser(RestMixin, User):
    """A user with `client`, an HttpSession as that of requests."""

    abstract = True
    pool_manager = None

    def __init__(self, *args, **kwargs):
        from locust.clients import HttpSession
        super().__init__(*args, **kwargs)
        if self.host is None:
            raise StopTest("You must specify the base host: --host on the command line, or host in the User class.")
        self.client = HttpSession(base_url=self.host, request_event=self.environment.events.request, user=self,
                                  pool_manager=self.pool_manager)
