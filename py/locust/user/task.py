"""Tasks, and the sets that choose among them."""

import logging
import random
import sys
import time
from collections import deque

import _brunt
from locust.exception import (InterruptTaskSet, MissingWaitTimeError, NoTaskError, RescheduleTask,
                              RescheduleTaskImmediately, StopTest, StopUser)

_random = random.random
logger = logging.getLogger(__name__)

LOCUST_STATE_RUNNING, LOCUST_STATE_WAITING, LOCUST_STATE_STOPPING = "running", "waiting", "stopping"


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


def _as_often(found, listed):
    """Adds tasks of a list or dict, each as often as its weight says."""
    for item in listed.items() if isinstance(listed, dict) else listed:
        one, weight = item if isinstance(item, tuple) else (item, 1)
        found += [one] * weight
    return found


def get_tasks_from_base_classes(bases, class_dict):
    """Tasks of base classes, then the list `tasks`, then decorated methods in their order; each as
    often as its weight says."""
    found = []
    for base in bases:
        found += getattr(base, "tasks", None) or []
    listed = class_dict.get("tasks")
    if listed is not None:
        _as_often(found, listed)
    for item in class_dict.values():
        if "locust_task_weight" in dir(item):
            found += [item] * int(item.locust_task_weight)
    return found


def _is_walk(one):
    """A MarkovTaskSet, whose tasks have no tags."""
    return type(one).__name__ == "MarkovTaskSetMeta"


def filter_tasks_by_tags(cls, tags=None, exclude_tags=None, checked=None):
    """Drops tasks that were not asked for, and sets that are empty then."""
    kept, seen = [], {} if checked is None else checked
    for one in cls.tasks:
        if one in seen:
            kept += [one] if seen[one] else []
            continue
        if hasattr(one, "tasks"):
            filter_tasks_by_tags(one, tags, exclude_tags, seen)
            wanted = bool(one.tasks) or _is_walk(one)
        else:
            names = getattr(one, "locust_tag_set", set())
            wanted = (tags is None or bool(names & tags)) and not (exclude_tags and names & exclude_tags)
        seen[one] = wanted
        kept += [one] if wanted else []
    cls.tasks = kept
    if not kept and not _is_walk(cls):
        logger.warning("%s has no tasks left after --tags and --exclude-tags", cls.__name__)


def any_of(tasks):
    """One of a list that is not empty, each as likely as the others; random.choice() takes its time."""
    return tasks[int(_random() * len(tasks))] if len(tasks) > 1 else tasks[0]


class TaskSetMeta(type):
    def __new__(mcs, name, bases, class_dict):
        class_dict["tasks"] = get_tasks_from_base_classes(bases, class_dict)
        return super().__new__(mcs, name, bases, class_dict)


def old_wait(one):
    """min_wait, max_wait and wait_function, in milliseconds, as long ago; seconds, or None: there are none."""
    if one.wait_function is not None:
        return one.wait_function() / 1000.0
    if one.min_wait is not None and one.max_wait is not None:
        return random.uniform(one.min_wait, one.max_wait) / 1000.0
    return None


class TaskSet(metaclass=TaskSetMeta):
    """Tasks of which a user does one after the other, chosen by weight, until interrupt()."""

    tasks = []
    min_wait = max_wait = None
    wait_function = None
    _user = _parent = None

    def __init__(self, parent):
        self._task_queue = deque()
        self._user = parent.user if isinstance(parent, TaskSet) else parent
        self._parent = parent
        self._cp_last_run = time.perf_counter()
        self._cp_last_wait_time = 0

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
            raise NoTaskError(_no_tasks(self))
        return any_of(self.tasks)

    def schedule_task(self, task_callable, first=False):
        if first:
            self._task_queue.appendleft(task_callable)
        else:
            self._task_queue.append(task_callable)

    def execute_task(self, one):
        """A method of this set that is bound already is called as it is; others get the set."""
        if getattr(one, "__self__", None) is self:
            one()
        else:
            one(self)

    def interrupt(self, reschedule=True):
        raise InterruptTaskSet(reschedule)

    # ---- waiting ----

    def wait_time(self):
        """That of the set, if it has one; else that of its user."""
        if self.wait_function is not None or self.min_wait is not None:
            seconds = old_wait(self)
            if seconds is not None:
                return seconds
        if self._user.wait_time:
            return self._user.wait_time()
        raise MissingWaitTimeError(f"{type(self._user).__name__} has no wait_time")

    def wait(self):
        user = self._user
        if user._state == LOCUST_STATE_STOPPING:
            raise StopUser()
        seconds = self.wait_time()
        if not seconds or seconds < 0:
            return
        user._state = LOCUST_STATE_WAITING
        self._sleep(seconds)
        if user._state == LOCUST_STATE_STOPPING:
            raise StopUser()
        user._state = LOCUST_STATE_RUNNING

    def _sleep(self, seconds):
        _brunt.rest(seconds)

    # ---- the loop ----

    def next_task(self):
        """Takes what is to be done next."""
        return self._task_queue.popleft() if self._task_queue else self.get_next_task()

    def run(self):
        """Until interrupted; for tasks that call it, as the engine steps through nested sets by itself."""
        stack = []
        _enter(stack, self)
        try:
            while True:
                drive(stack)
        except (StopUser, StopTest, _brunt.Interrupted):
            leave_all(stack)
            raise


class DefaultTaskSet(TaskSet):
    """The tasks of a User, which are called with the user."""

    def get_next_task(self):
        if not self._user.tasks:
            raise NoTaskError(_no_tasks(self._user))
        return any_of(self._user.tasks)

    def execute_task(self, one):
        if getattr(one, "__self__", None) is self._user:
            one()
        else:
            one(self._user)


def _no_tasks(one):
    hint = ", but an attribute 'task': is it to be 'tasks'?" if getattr(one, "task", None) else \
        ": decorate methods with @task, or set its attribute 'tasks'"
    return f"{type(one).__name__} has no tasks{hint}"


def _rescheduled(e):
    return RescheduleTaskImmediately() if e.reschedule else RescheduleTask()


def _enter(stack, inner):
    """A set that says in its on_start that it is not for now was never entered, and has no on_stop."""
    try:
        inner.on_start()
    except InterruptTaskSet as e:
        raise _rescheduled(e) from e
    stack.append(inner)


def _stop_set(one):
    try:
        one.on_stop()
    except (StopUser, StopTest):
        raise
    except Exception as e:
        _brunt.exception(e)


def _leave(stack, e):
    """From a set to its parent: at once, or after the wait of it."""
    _stop_set(stack.pop())
    if not stack:
        raise _rescheduled(e) from e
    if not e.reschedule:
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
    if user._state == LOCUST_STATE_STOPPING:
        raise StopUser()
    try:
        one = top._task_queue.popleft() if top._task_queue else top.get_next_task()
        if isinstance(one, type) and issubclass(one, TaskSet):
            _enter(stack, one(user if isinstance(top, DefaultTaskSet) else top))
            return
        top.execute_task(one)
    except RescheduleTaskImmediately:
        return
    except RescheduleTask:
        pass
    except InterruptTaskSet as e:
        _leave(stack, e)
        return
    except (StopUser, StopTest, NoTaskError):
        raise
    except Exception as e:
        _fail(user, top, e)
    top.wait()


def leave_all(stack):
    """on_stop of all sets, the innermost first, whatever one of them raises."""
    while stack:
        try:
            _stop_set(stack.pop())
        except (StopUser, StopTest):
            pass


class SequentialTaskSetMeta(TaskSetMeta):
    """Tasks in the order of the file, those of `tasks = [...]` where that stands."""

    def __new__(mcs, name, bases, class_dict):
        in_order = []
        for base in bases:
            in_order += getattr(base, "tasks", None) or []
        for key, value in class_dict.items():
            if key == "tasks":
                if not isinstance(value, (list, tuple, dict)):
                    raise ValueError(f"{name}.tasks: tasks in order are a list or a dict, not a {type(value).__name__}")
                in_order += _as_often([], value)
            elif "locust_task_weight" in dir(value):
                in_order += [value] * int(value.locust_task_weight)
        class_dict["tasks"] = in_order
        return type.__new__(mcs, name, bases, class_dict)


class SequentialTaskSet(TaskSet, metaclass=SequentialTaskSetMeta):
    """Tasks in the order of the file, again and again."""

    def __init__(self, parent):
        super().__init__(parent)
        self._next_task = 0

    def get_next_task(self):
        if not self.tasks:
            raise NoTaskError(_no_tasks(self))
        one = self.tasks[self._next_task % len(self.tasks)]
        self._next_task += 1
        return one
