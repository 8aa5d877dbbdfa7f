"""Tasks, and the sets that choose among them."""

import logging
import random
import sys
import time
from collections import deque

import _brunt
from locust.exception import (InterruptTaskSet, LocustError, MissingWaitTimeError, NoTaskError, RescheduleTask,
                              RescheduleTaskImmediately, StopTest, StopUser)

_random = random.random
logger = logging.getLogger(__name__)


def task(weight=1):
    """Makes a method, or a nested TaskSet, a task; `weight` is its share of the choices."""

    def decorate(func):
        if func.__name__ in ("on_start", "on_stop"):
            logger.warning("the task %s is a hook as well: it is called as both", func.__name__)
        if func.__name__ == "run":
            raise Exception("User.run is the loop of a user: a task needs another name")
        func.locust_task_weight = weight
        return func

    if callable(weight):
        func, weight = weight, 1
        return decorate(func)
    return decorate


def tag(*tags):
    """Names for --tags and --exclude-tags; on a TaskSet they go to all its tasks."""

    def decorate(decorated):
        if hasattr(decorated, "tasks"):
            decorated.tasks = [decorate(t) for t in decorated.tasks]
        else:
            decorated.locust_tag_set = set(getattr(decorated, "locust_tag_set", ())) | set(tags)
        return decorated

    if not tags or callable(tags[0]):
        raise ValueError("@tag needs names: @tag('smoke', 'read')")
    return decorate


def get_tasks_from_base_classes(bases, class_dict):
    """Tasks of base classes, then the list `tasks`, then decorated methods in their order; each as
    often as its weight says."""
    found = []
    for base in bases:
        found += getattr(base, "tasks", None) or []
    listed = class_dict.get("tasks")
    if listed is not None:
        for item in listed.items() if isinstance(listed, dict) else listed:
            one, weight = item if isinstance(item, tuple) else (item, 1)
            found += [one] * weight
    for item in class_dict.values():
        if "locust_task_weight" in dir(item):
            found += [item] * int(item.locust_task_weight)
    return found


def filter_tasks_by_tags(cls, tags, exclude_tags):
    """Drops tasks that were not asked for, and sets that are empty then."""
    kept, seen = [], {}
    for one in cls.tasks:
        if one in seen:
            kept += [one] if seen[one] else []
            continue
        if hasattr(one, "tasks"):
            filter_tasks_by_tags(one, tags, exclude_tags)
            wanted = bool(one.tasks)
        else:
            names = getattr(one, "locust_tag_set", set())
            wanted = (not tags or bool(names & tags)) and not (exclude_tags and names & exclude_tags)
        seen[one] = wanted
        kept += [one] if wanted else []
    cls.tasks = kept
    if not kept:
        logger.warning("%s has no tasks left after --tags and --exclude-tags", cls.__name__)


def any_of(tasks):
    """One of a list that is not empty, each as likely as the others; random.choice() takes its time."""
    return tasks[int(_random() * len(tasks))] if len(tasks) > 1 else tasks[0]


class TaskSetMeta(type):
    def __new__(mcs, name, bases, class_dict):
        class_dict["tasks"] = get_tasks_from_base_classes(bases, class_dict)
        return super().__new__(mcs, name, bases, class_dict)


class TaskSet(metaclass=TaskSetMeta):
    """Tasks of which a user does one after the other, chosen by weight, until interrupt()."""

    tasks = []
    min_wait = max_wait = None
    wait_function = None
    _user = _parent = None

    def __init__(self, parent):
        self._task_queue = deque()
        if isinstance(parent, TaskSet):
            self._user = parent.user
        else:
            self._user = parent
        self._parent = parent

    @property
    def user(self):
        return self._user

    @property
    def parent(self):
        return self._parent

    @property
    def client(self):
        return self._user.client

    def on_start(self):
        """When a user begins with this set."""

    def on_stop(self):
        """When it leaves it."""

    # ---- what is next ----

    def get_next_task(self):
        if not self.tasks:
            extra = ": are they decorated with @task?" if not hasattr(self, "task") else ""
            raise NoTaskError(f"{type(self).__name__} has no tasks{extra}")
        return any_of(self.tasks)

    def schedule_task(self, task_callable, first=False):
        if first:
            self._task_queue.appendleft(task_callable)
        else:
            self._task_queue.append(task_callable)

    def execute_next_task(self):
        self.execute_task(self._task_queue.popleft())

    def execute_task(self, one):
        if hasattr(one, "__self__"):
            one()
        else:
            one(self)

    def interrupt(self, reschedule=True):
        raise InterruptTaskSet(reschedule)

    # ---- waiting ----

    def wait_time(self):
        user = self._user
        if user.wait_time:
            return user.wait_time()
        if self.min_wait is not None and self.max_wait is not None:
            return random.randint(self.min_wait, self.max_wait) / 1000.0
        raise MissingWaitTimeError(f"{type(self.user).__name__} has no wait_time")

    def wait(self):
        seconds = self.wait_time()
        if seconds and seconds > 0:
            self._sleep(seconds)

    def _sleep(self, seconds):
        _brunt.sleep(seconds)

    # ---- the loop ----

    def next_task(self):
        """Takes what is to be done next."""
        return self._task_queue.popleft() if self._task_queue else self.get_next_task()

    def run(self):
        """Until interrupted; for who calls it, as the engine steps through nested sets by itself."""
        stack = [self]
        self.on_start()
        while stack:
            drive(stack)


class DefaultTaskSet(TaskSet):
    """The tasks of a User, which are called with the user."""

    def get_next_task(self):
        if not self._user.tasks:
            raise NoTaskError(f"{type(self.user).__name__} has no tasks: are they decorated with @task?")
        return any_of(self._user.tasks)

    def execute_task(self, one):
        one(self._user)


def _leave(stack, reschedule):
    """From a set to its parent: at once, or after the wait of it."""
    stack.pop().on_stop()
    if not reschedule and stack:
        stack[-1].wait()


def _fail(user, one, e):
    user.environment.events.user_error.fire(user_instance=one, exception=e, tb=sys.exc_info()[2])
    if not user.environment.catch_exceptions:
        raise e
    _brunt.exception(e)


def drive(stack):
    """One task of the set on top, and the wait after it; a task that is a set goes on top."""
    top = stack[-1]
    user = top._user
    one = top._task_queue.popleft() if top._task_queue else top.get_next_task()
    user._brunt_task_began = time.monotonic()
    try:
        if isinstance(one, type) and issubclass(one, TaskSet):
            inner = one(user if isinstance(top, DefaultTaskSet) else top)
            stack.append(inner)
            inner.on_start()
            return
        top.execute_task(one)
    except RescheduleTaskImmediately:
        return
    except RescheduleTask:
        pass
    except InterruptTaskSet as e:
        if isinstance(stack[-1], DefaultTaskSet):
            raise LocustError("interrupt() outside of a TaskSet") from None
        _leave(stack, e.reschedule)
        return
    except (StopUser, StopTest):
        raise
    except Exception as e:
        _fail(user, top, e)
    if stack:
        stack[-1].wait()


def leave_all(stack):
    """on_stop of all sets, the innermost first."""
    while stack:
        stack.pop().on_stop()


class SequentialTaskSetMeta(TaskSetMeta):
    def __new__(mcs, name, bases, class_dict):
        made = super().__new__(mcs, name, bases, class_dict)
        in_order = []
        for base in bases:
            in_order += getattr(base, "tasks", None) or []
        for key, value in class_dict.items():
            if key == "tasks":
                continue
            if "locust_task_weight" in dir(value):
                in_order += [value] * int(value.locust_task_weight)
        declared = class_dict.get("_brunt_listed")
        made.tasks = in_order if declared is None else declared
        return made

    @classmethod
    def __prepare__(mcs, name, bases):
        return _Declared()


class _Declared(dict):
    """Notes where `tasks = [...]` stands among the methods."""

    def __setitem__(self, key, value):
        if key == "tasks" and isinstance(value, (list, tuple)):
            before = [v for k, v in self.items() for _ in range(int(getattr(v, "locust_task_weight", 0) or 0))]
            super().__setitem__("_brunt_listed", before + list(value))
        elif "_brunt_listed" in self and hasattr(value, "locust_task_weight"):
            self["_brunt_listed"].extend([value] * int(value.locust_task_weight))
        super().__setitem__(key, value)


class SequentialTaskSet(TaskSet, metaclass=SequentialTaskSetMeta):
    """Tasks in the order of the file, again and again."""

    def __init__(self, parent):
        super().__init__(parent)
        self._next_task = 0

    def get_next_task(self):
        if not self.tasks:
            raise NoTaskError(f"{type(self).__name__} has no tasks: are they decorated with @task?")
        one = self.tasks[self._next_task % len(self.tasks)]
        self._next_task += 1
        return one
