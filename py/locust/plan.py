"""From users, spawn rate and time, or from a LoadTestShape, to what the engine is told: stages of an executor."""

import time

from brunt_script import ScriptError

FOREVER = 365 * 24 * 3600
_SHAPE_MAX = 24 * 3600  # seconds for which a shape is asked in advance


class Stage:
    """From `second` on there are to be so many users, of these classes (None: all)."""

    def __init__(self, second, users, classes=None):
        self.second, self.users, self.classes = second, users, classes


class Plan:
    """What is known before the test."""

    def __init__(self, start, executor_stages, stages, rate=1, shape=None):
        self.start = start  # users at once
        self.executor_stages = executor_stages  # [{"duration", "target"}]
        self.stages = stages  # [Stage], of changes
        self.rate = rate
        self.shape = shape  # to be asked while the test runs; None: all is known

    @property
    def peak(self):
        return max([self.start] + [stage["target"] for stage in self.executor_stages])


def _milliseconds(seconds):
    return f"{round(seconds * 1000)}ms"


def of_options(options, limit=None):
    """`limit`: users that there can be, because classes have fixed counts."""
    users = options.users if options.users is not None else 1
    users = users if limit is None else min(users, limit)
    rate = options.spawn_rate if options.spawn_rate is not None else 1
    if users < 1:
        raise ScriptError(f"there must be a user at least, not {users}", 104)
    if rate <= 0:
        raise ScriptError(f"the spawn rate must be above 0, not {rate:g}", 104)
    start = min(users, max(1, int(rate)))
    ramp = (users - start) / rate
    total = options.run_time if options.run_time else FOREVER
    stages = []
    if ramp > 0:
        shown = min(ramp, total)
        stages.append({"duration": _milliseconds(shown), "target": round(start + (users - start) * shown / ramp)})
    if total > ramp:
        stages.append({"duration": _milliseconds(total - ramp), "target": users})
    return Plan(start, stages, [Stage(0, users)], rate)


# ---- shapes ----


class LooksAtRun(BaseException):
    """A shape has asked for what only the running test knows."""


class _NotYet:
    """The runner of a shape that is asked in advance: knows the options, and nothing of the test."""

    def __init__(self, environment):
        self.environment = environment

    def __getattr__(self, name):
        raise LooksAtRun


class _Clocks:
    """In place of the clocks of module time while a shape is asked in advance: it is `now` seconds later."""

    _NAMES = ("perf_counter", "monotonic", "time")

    def __init__(self):
        self._plain = {name: getattr(time, name) for name in self._NAMES}
        self._begun = {name: clock() for name, clock in self._plain.items()}
        self.now = 0.0

    def __enter__(self):
        for name in self._NAMES:
            setattr(time, name, lambda begun=self._begun[name]: begun + self.now)
        return self

    def __exit__(self, *_):
        for name, clock in self._plain.items():
            setattr(time, name, clock)


def read_tick(said):
    """(users, rate, classes) of what tick() gives."""
    try:
        users, rate, *classes = said
        return int(users), max(float(rate), 0.0), tuple(classes[0]) if classes and classes[0] else None
    except (TypeError, ValueError):
        raise ScriptError(f"tick() of a LoadTestShape gives (users, spawn_rate) or None, not {said!r}", 107) from None


def step(users, target, rate):
    """Users a second later."""
    return min(users + rate, target) if users < target else max(users - rate, target)


def _ask(shape):
    """What tick() says for each second, until it says None; None: it goes on for days."""
    said = []
    with _Clocks() as clocks:
        shape.reset_time()
        for second in range(_SHAPE_MAX):
            clocks.now = float(second)
            one = shape.tick()
            if one is None:
                return said
            said.append(read_tick(one))
    return None


def _jumps(curve):
    """
    Users come at the second that wants them, not on the way to it: which classes they are of depends on when they come.
    """
    stages, at = [], curve[0]
    for n in curve[1:] + [curve[-1]]:
        if stages and stages[-1][1] == at and stages[-1][0]:
            stages[-1][0] += 1
        else:
            stages.append([1, at])
        if n != at:
            stages.append([0, n])
        at = n
    return [{"duration": f"{s}s", "target": n} for s, n in stages]


def _plan_of(said):
    users, curve, stages, last = 0.0, [], [], None
    for second, (target, rate, classes) in enumerate(said):
        users = step(users, target, rate)
        curve.append(round(users))
        if last != (target, classes):
            last = (target, classes)
            stages.append(Stage(second, target, classes))
    if any(stage.classes for stage in stages):
        return Plan(curve[0], _jumps(curve), stages, said[0][1])
    executor, at = [], curve[0]
    for n in curve[1:] + [curve[-1]]:
        if executor and executor[-1][2] == n - at:
            executor[-1][0] += 1
            executor[-1][1] = n
        else:
            executor.append([1, n, n - at])
        at = n
    return Plan(curve[0], [{"duration": f"{s}s", "target": n} for s, n, _ in executor], stages, said[0][1])


def of_shape(shape, environment, n_processes):
    """
    A shape is asked in advance for each second, so that the curve is known before the test; one that looks at the test,
    or goes on for days, is asked each second while it runs.
    """
    # Users are asked for while it runs; those at the end of time are there because a plan without any is none.
    live = Plan(0, [{"duration": f"{FOREVER}s", "target": 0}, {"duration": "1s", "target": max(1, n_processes)}], [])
    shape.runner = environment.runner = _NotYet(environment)
    try:
        said = _ask(shape)
    except LooksAtRun:
        said = None
    finally:
        environment.runner = shape.runner = None
    if said is None:
        live.shape = type(shape)()  # as it was before it was asked
        return live
    if not said:
        raise ScriptError("tick() of the LoadTestShape says at once that the test is over", 107)
    return _plan_of(said)
