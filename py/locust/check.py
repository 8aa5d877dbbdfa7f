"""What is wrong with a locustfile's classes, in a sentence with the place, before the first user is made."""

from brunt_script import ScriptError, check
from locust.user.task import SequentialTaskSet, TaskSet

# A class that has one of these may give itself tasks, or need none.
_MAKES_TASKS = ("__init__", "__new__", "on_start", "run")


def _is_set(one):
    return isinstance(one, type) and issubclass(one, TaskSet)


def _task(owner, one, kind):
    name = getattr(one, "__name__", repr(one))
    what = f"the task '{name}'"
    if not callable(one):
        raise ScriptError(f"{check.at_class(owner, 'tasks')}: `tasks` of {owner.__name__} has {one!r:.80}, which cannot be "
                          "called: list functions and TaskSet classes, without calling them")
    if isinstance(one, staticmethod):
        one = one.__func__
    if check.is_async(one):
        raise ScriptError(f"{check.at_function(one)}: {what} is async: a task is a plain function, requests in it let other "
                          "users run by themselves")
    if getattr(one, "__self__", None) is None:  # a bound method is called without anything
        check.function(one, what, kind)


def _wait_time(cls):
    wait = check.theirs(cls, "wait_time")
    if wait is None:
        return
    if not callable(wait) and not isinstance(wait, (staticmethod, classmethod)):
        hint = f": constant({wait})" if isinstance(wait, (int, float)) else ", such as between(1, 5)"
        raise ScriptError(f"{check.at_class(cls, 'wait_time')}: wait_time of {cls.__name__} is {wait!r:.80}, which cannot be "
                          f"called: it must be a function{hint}")
    check.method(cls, "wait_time", f"wait_time of {cls.__name__}")


def _class(cls, seen, may_lack):
    """A User or a TaskSet, and the sets below it."""
    if cls in seen:
        return
    seen.add(cls)
    is_set = _is_set(cls)
    check.method(cls, "__init__", f"__init__ of {cls.__name__}", "parent" if is_set else "environment")
    for hook in ("on_start", "on_stop"):
        check.method(cls, hook, f"{hook} of {cls.__name__}")
    _wait_time(cls)
    for one in cls.tasks:
        if _is_set(one):
            _class(one, seen, may_lack)
        else:
            _task(cls, one, "self")
    chooses = is_set and cls.get_next_task not in (TaskSet.get_next_task, SequentialTaskSet.get_next_task)
    if not cls.tasks and not may_lack and not chooses and not any(check.theirs(cls, name) for name in _MAKES_TASKS):
        raise ScriptError(f"{check.at_class(cls)}: {cls.__name__} has no tasks: decorate its methods with @task, or list "
                          "functions in `tasks`")


def classes(users, may_lack):
    """Refuses what could not run. `may_lack`: there may be none, as tags have dropped them, or a listener adds them."""
    seen = set()
    for cls in users:
        _class(cls, seen, may_lack)


def none_found(module, base):
    """Why there are no users, where that can be told."""
    abstract = [c for c in vars(module).values() if isinstance(c, type) and issubclass(c, base) and c.__module__ == module.__name__]
    if abstract:
        cls = abstract[0]
        raise ScriptError(f"{check.at_class(cls, 'abstract')}: there is no user to run: {cls.__name__} is abstract; derive a "
                          "class from it, or drop `abstract = True`")
