"""The words in which a scenario is written."""

import re

_CO_COROUTINE = 0x80  # inspect.CO_COROUTINE, without all that inspect takes along
MODES = ("ramp", "constant", "step", "spike")

# In the order of the file; cleared before each load.
_scenarios = []


def is_async(func):
    code = getattr(func, "__code__", None)
    return code is not None and bool(code.co_flags & _CO_COROUTINE)


def _needs_loop(func):
    from brunt_script import aio  # which takes asyncio along: only where something is async
    return aio.needs_loop(func)


class TaskDef:
    """One @task of a scenario, with the check that belongs to it."""

    def __init__(self, name, func, weight, check):
        self.name = name
        self.func = func
        self.weight = weight
        self.check = check  # check_<name>, or None
        self.check_name = f"check_{name}"
        self.is_async = is_async(func)
        self.is_simple = self.is_async and not _needs_loop(func)

    def __repr__(self):
        return f"TaskDef({self.name!r}, weight={self.weight})"


class ScenarioDef:
    """One class with @scenario."""

    def __init__(self, cls, rps, duration, ramp_up, mode, steps, thresholds):
        self.cls = cls
        self.name = cls.__name__
        self.rps = rps
        self.duration = duration
        self.ramp_up = ramp_up
        self.mode = mode
        self.steps = steps
        self.thresholds = dict(thresholds or {})
        self.tasks = _tasks_of(cls)

    def __repr__(self):
        return f"ScenarioDef({self.name!r}, {self.rps} rps, {self.mode})"


def _tasks_of(cls):
    """Tasks in alphabetical order, inherited ones too."""
    tasks = []
    for name in dir(cls):
        func = getattr(cls, name, None)
        weight = getattr(func, "_loadpilot_weight", None)
        if weight is not None and callable(func):
            tasks.append(TaskDef(name, func, weight, getattr(cls, f"check_{name}", None)))
    return tasks


def scenario(rps=10, duration="1m", ramp_up="10s", mode="ramp", steps=5, thresholds=None):
    """Makes a class a scenario: how many requests a second, for how long, in which shape."""
    if isinstance(rps, type):  # @scenario without parentheses
        return scenario()(rps)
    if mode not in MODES:
        raise ValueError(f"mode must be one of {', '.join(MODES)}, not {mode!r}")

    def decorate(cls):
        if not isinstance(cls, type):
            raise TypeError("@scenario belongs on a class")
        _scenarios.append(ScenarioDef(cls, rps, duration, ramp_up, mode, steps, thresholds))
        return cls

    return decorate


def task(func=None, *, weight=1):
    """Makes a method a task; `weight` is its share of the calls."""

    def decorate(f):
        f._loadpilot_weight = weight
        return f

    return decorate(func) if func is not None else decorate


class VUser:
    """Base of scenarios: a virtual user. One object each, made without arguments."""

    def on_start(self, client):
        """Once before the first task."""

    def on_stop(self, client):
        """Once after the last."""


_PART = re.compile(r"(\d+)([ms])")


def seconds(text):
    """Whole seconds of a duration such as 30s, 2m, 2m30s or 90."""
    text = str(text).strip()
    if text.isdigit():
        return int(text)
    if not text or _PART.sub("", text):
        raise ValueError(f"'{text}' is no duration such as 30s, 2m or 2m30s")
    return sum(int(n) * (60 if unit == "m" else 1) for n, unit in _PART.findall(text))
