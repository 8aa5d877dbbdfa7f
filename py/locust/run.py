"""From a locustfile to a run: its classes, its options as a plan, and the life of a user."""

import inspect
import json
import logging
import time

import _brunt
from brunt_script import ScriptError
from locust import check, event, files, front, runners, web
from locust.argument_parser import parse
from locust.dispatch import Order
from locust.env import Environment
from locust.exception import LocustError, StopTest, StopUser
from locust.shape import LoadTestShape
from locust.user.task import drive, filter_tasks_by_tags, leave_all
from locust.user.users import User

logger = logging.getLogger(__name__)

_FOREVER = 365 * 24 * 3600
_SHAPE_MAX = 24 * 3600


def _classes_of(module, base):
    """Those that a file has defined or imported, but for abstract ones."""
    found = {}
    for name, value in vars(module).items():
        if inspect.isclass(value) and issubclass(value, base) and value is not base and not value.abstract:
            found.setdefault(name, value)
    return found


# ---- the plan ----


class _Clock:
    """perf_counter() for the time in which a shape is asked in advance."""

    now = 0.0


def _ticks(shape):
    """(second, users, rate) as tick() says it, until it says None."""
    begun = time.perf_counter
    time.perf_counter = lambda: _Clock.now
    try:
        _Clock.now = 0.0
        shape.reset_time()
        for second in range(_SHAPE_MAX):
            _Clock.now = float(second)
            said = shape.tick()
            if said is None:
                return
            yield second, int(said[0]), float(said[1])
        logger.warning("the LoadTestShape goes on after a day: it is cut there")
    finally:
        time.perf_counter = begun


def _stages_of_shape(shape, runner):
    """The users of each second; seconds that go on alike are one stage."""
    users, curve = 0.0, []
    for _, target, rate in _ticks(shape):
        step = max(rate, 0.0)
        users = min(users + step, target) if users < target else max(users - step, target)
        runner.target_user_count = target
        curve.append(round(users))
    if not curve:
        raise ScriptError("tick() of the LoadTestShape says at once that the test is over", 107)
    stages, at = [], curve[0]
    for n in curve[1:] + [curve[-1]]:
        slope = n - at
        if stages and stages[-1][2] == slope:
            stages[-1][0] += 1
            stages[-1][1] = n
        else:
            stages.append([1, n, slope])
        at = n
    return curve[0], [{"duration": f"{s}s", "target": n} for s, n, _ in stages]


def _stages(options):
    users = options.users if options.users is not None else 1
    rate = options.spawn_rate if options.spawn_rate is not None else 1
    if users < 1:
        raise ScriptError(f"there must be a user at least, not {users}", 104)
    if rate <= 0:
        raise ScriptError(f"the spawn rate must be above 0, not {rate:g}", 104)
    start = min(users, max(1, int(rate)))
    ramp = (users - start) / rate
    total = options.run_time if options.run_time else _FOREVER
    stages = []
    if ramp > 0:
        shown = min(ramp, total)
        stages.append({"duration": f"{round(shown * 1000)}ms", "target": round(start + (users - start) * shown / ramp)})
    if total > ramp:
        stages.append({"duration": f"{round((total - ramp) * 1000)}ms", "target": users})
    return start, stages


# ---- a user ----


class Life:
    """One virtual user: an iteration is one task and the wait after it."""

    def __init__(self, script, number):
        self.script = script
        self.user = None
        self.stack = []
        self.is_over = False
        self.cls = script.order(number - 1)

    def _begin(self):
        environment = self.script.environment
        self.user = user = self.cls(environment)
        environment.runner.user_classes_count[self.cls.__name__] += 1
        try:
            user.on_start()
        except (StopUser, StopTest):
            raise
        except Exception as e:
            environment.events.user_error.fire(user_instance=user, exception=e, tb=e.__traceback__)
            _brunt.exception(e)
            self._count_out()
            return
        self.stack.append(user._taskset_instance)
        user._taskset_instance.on_start()

    def _count_out(self):
        self.is_over = True
        self.script.environment.runner.user_classes_count[self.cls.__name__] -= 1

    def _end(self):
        if self.is_over:
            return
        self._count_out()
        try:
            leave_all(self.stack)
            self.user.on_stop()
        except Exception as e:
            _brunt.exception(e)

    def run(self, index):
        if self.is_over:
            _brunt.sleep(_FOREVER)
        try:
            if self.user is None:
                self._begin()
            if self.stack:
                drive(self.stack)
            if self.user._state == "stopping":
                raise StopUser
        except StopUser:
            self._end()
        except StopTest as e:
            if self.user is not None:
                self._end()
            self.is_over = True
            _brunt.stop(str(e) or "a user raised StopTest")
        except LocustError as e:
            _brunt.exception(e)
            self._count_out()

    def leave(self):
        if self.user is not None:
            self._end()
        self.script.left(self)


# ---- the script ----


class Script:
    exports = ["default"]
    vocab = "locust,brunt"

    def __init__(self, job, classes):
        name = job.path
        self.text = job.text
        self.plan = None
        options = parse(job.args, event.events, name)
        self.environment = self._environment(job, options, classes)
        self.order = Order(self.environment.user_classes, options.equal_weights)
        self.environment.runner = runner = runners.LocalRunner(self.environment)
        self._fire("init", environment=self.environment, runner=runner, web_ui=None)
        check.classes(self.environment.user_classes,
                      bool(options.tags or options.exclude_tags or event.events.test_start._handlers))
        self.options = self._options(options, runner)
        self.web = web.about(self.environment, options)
        self.front = front.wishes(options)
        self._n_alive = 0
        self._has_begun = False

    @staticmethod
    def _fire(name, **kwargs):
        before = event.Events.n_failed
        getattr(event.events, name).fire(**kwargs)
        if name == "init" and event.Events.n_failed > before:
            raise ScriptError("a listener of events.init failed", 107)

    def _environment(self, job, options, classes):
        wanted = options.user_classes
        unknown = [n for n in wanted if n not in classes]
        if unknown:
            raise ScriptError(f"there is no User class '{unknown[0]}'; there are: {', '.join(sorted(classes))}",
                              1 if options.brunt_locust else 104)
        chosen = [c for n, c in classes.items() if not wanted or n in wanted]
        front.prepare(options, classes, chosen)
        shapes = files.merge(job, lambda module: _classes_of(module, LoadTestShape))
        host = options.host or job.target
        for cls in chosen:
            if host:
                cls.host = host
            if options.tags or options.exclude_tags:
                filter_tasks_by_tags(cls, set(options.tags or ()), set(options.exclude_tags or ()))
        return Environment(user_classes=chosen, shape_class=next(iter(shapes.values()))() if shapes else None,
                           tags=options.tags, exclude_tags=options.exclude_tags, locustfile=job.path, events=event.events,
                           host=host, stop_timeout=options.stop_timeout, parsed_options=options,
                           available_user_classes=dict(classes), profile=options.profile)

    def _options(self, options, runner):
        shape = self.environment.shape_class
        if shape is not None:
            shape.runner = runner
            start, stages = _stages_of_shape(shape, runner)
        else:
            start, stages = _stages(options)
        stop = f"{options.stop_timeout}s"
        return json.dumps({"scenarios": {"locust": {
            "executor": "ramping-vus", "startVUs": start, "stages": stages, "gracefulRampDown": stop, "gracefulStop": stop,
            "exec": "default"}}, "noCookiesReset": True})

    def user(self, number):
        if not self._has_begun:
            self._has_begun = True
            self.environment.runner.state = runners.STATE_RUNNING
            self._fire("test_start", environment=self.environment)
        self._n_alive += 1
        return Life(self, number)

    def left(self, life):
        self._n_alive -= 1
        if self._n_alive == 0:
            self.environment.runner.state = runners.STATE_STOPPED
            self._fire("test_stopping", environment=self.environment)
            self._fire("test_stop", environment=self.environment)

    def over(self, stats_json):
        return front.over(self, stats_json)


def load(job):
    files.load_others(job)
    classes = files.merge(job, lambda module: _classes_of(module, User))
    if not classes:
        check.none_found(job.module, User)
    return Script(job, classes) if classes else None
