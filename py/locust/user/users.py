"""Users: what a virtual user is, and which of them speak HTTP."""

import logging
import random

import _brunt
from locust.exception import LocustError, StopTest
from locust.rest import RestMixin
from locust.user.task import DefaultTaskSet, get_tasks_from_base_classes
from locust.wait_time import constant

logger = logging.getLogger(__name__)


class NoClientWarningRaiser:
    def __getattr__(self, _):
        raise LocustError("a User has no client: derive from HttpUser or FastHttpUser, or make one of your own")


class UserMeta(type):
    def __new__(mcs, name, bases, class_dict):
        class_dict["tasks"] = get_tasks_from_base_classes(bases, class_dict)
        class_dict.setdefault("abstract", False)
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
        self.environment = environment
        self._state = "running"
        self._taskset_instance = DefaultTaskSet(self)

    def on_start(self):
        """Before the first task."""

    def on_stop(self):
        """After the last."""

    def wait(self):
        self._taskset_instance.wait()

    def stop(self, force=False):
        """The user ends: after its task, or at once."""
        self._state = "stopping"

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


def _wait_of(cls):
    """min_wait, max_wait and wait_function, in milliseconds, as long ago."""
    if cls.wait_function is not None:
        return lambda self: cls.wait_function(self) / 1000.0
    if cls.min_wait is not None and cls.max_wait is not None:
        return lambda self: random.randint(cls.min_wait, cls.max_wait) / 1000.0
    return None


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
