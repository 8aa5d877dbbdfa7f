"""From a locustfile to a run: its classes, its options, its hooks, and the life of a user."""

import inspect
import json
import logging
import os
import sys
import threading
import time

import _brunt
from brunt_script import ScriptError
from locust import check, debug, event, files, front, link, plan, runners, web
from locust.argument_parser import parse
from locust.dispatch import Order
from locust.env import Environment
from locust.exception import LocustError, StopTest, StopUser
from locust.shape import LoadTestShape
from locust.user.task import LOCUST_STATE_RUNNING, LOCUST_STATE_STOPPING, DefaultTaskSet, drive, leave_all
from locust.user.users import User

logger = logging.getLogger(__name__)


def _classes_of(module, base):
    """Those that a file has defined or imported, but for abstract ones."""
    found = {}
    for name, value in vars(module).items():
        if inspect.isclass(value) and issubclass(value, base) and value is not base and not value.abstract:
            found.setdefault(name, value)
    return found


def _speaks_of_stats(job):
    """Whether the file, or a module beside it, may look at statistics: then requests are counted from the start."""
    folder = os.path.dirname(os.path.abspath(job.path)) + os.sep
    if "stats" in job.text:
        return True
    for module in list(sys.modules.values()):
        path = getattr(module, "__file__", None) or ""
        if path.startswith(folder) and path.endswith(".py") and os.sep + "site-packages" + os.sep not in path:
            with open(path, encoding="utf-8", errors="replace") as file:
                if "stats" in file.read():
                    return True
    return False


# ---- a user ----


class Life:
    """One virtual user: an iteration is one task and the wait after it."""

    def __init__(self, script, number):
        self.script, self.number = script, number
        self._be(script.class_of(number))

    def _be(self, cls):
        self.cls = cls
        self.user = None
        self.stack = []
        self.is_over = False
        self.script.count(cls, 1)

    def _begin(self):
        environment = self.script.environment
        self.user = user = self.cls(environment)
        user._number = self.number
        user._state = LOCUST_STATE_RUNNING
        user._taskset_instance = DefaultTaskSet(user)
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

    def _count_out(self):
        self.is_over = True
        if self.user is not None:
            self.user._state = LOCUST_STATE_STOPPING
        self.script.count(self.cls, -1)

    def _end(self):
        if self.is_over:
            return
        self._count_out()
        leave_all(self.stack)
        try:
            self.user.on_stop()
        except (StopUser, StopTest):
            pass
        except Exception as e:
            _brunt.exception(e)

    def run(self, _):
        script = self.script
        if script.has_classes and script.class_of(self.number) is not self.cls:
            self.leave_class()
        if self.is_over and _brunt.rest(plan.FOREVER):
            raise _brunt.Interrupted
        try:
            if self.user is None:
                self._begin()
            if self.stack:
                drive(self.stack)
        except StopUser:
            self._end()
        except StopTest as e:
            self._stop_test(e)
        except LocustError as e:
            _brunt.exception(e)
            self._count_out()

    def _stop_test(self, e):
        if self.user is None:  # it could not even be made: the test has shown nothing
            self._count_out()
            _brunt.stop(str(e) or "a user raised StopTest")
            return
        self._end()
        logger.error("%s", str(e) or "a user raised StopTest")
        self.script.stopping()
        _brunt.end(str(e) or "a user raised StopTest")

    def leave_class(self):
        """A shape wants users of other classes: this one ends, and one of those begins."""
        if self.user is not None:
            self._end()
        elif not self.is_over:
            self._count_out()
        self._be(self.script.class_of(self.number))

    def leave(self):
        if _brunt.run()[2]:
            self.script.stopping()
        if self.user is not None:
            self._end()
        elif not self.is_over:
            self._count_out()
        self.script.left()


# ---- the script ----


class Script:
    exports = ["default"]
    vocab = "locust,brunt"

    def __init__(self, job, classes):
        self.text = job.text
        self.plan = None  # LoadPilot's, which there is none of
        options = parse(job.args, event.events, job.path)
        self.environment = self._environment(job, options, classes)
        debug.listen(self.environment)
        self._orders = {}
        self._order = self._order_of(None)
        self._plan = self._make_plan(job, options)
        self._stage = -1  # of the plan
        self._spawned_stage = -1  # the last that all users were there for
        self._began = None  # perf_counter()
        self._lock = threading.Lock()  # of changes of the phase to "stopping"
        self._phase = "new"  # beginning, running, stopping, stopped
        self._is_closed = False
        self.n_lives = 0
        self.has_classes = any(stage.classes for stage in self._plan.stages)
        self._make_runner(job)
        self.options = self._options(options)
        self.web = web.about(self.environment, options)
        self.front = front.wishes(options)

    # ---- before the test ----

    def fire(self, name, **kwargs):
        getattr(self.environment.events, name).fire(**kwargs)

    def _environment(self, job, options, classes):
        wanted = options.user_classes
        unknown = [n for n in wanted if n not in classes]
        if unknown:
            raise ScriptError(f"there is no User class '{unknown[0]}'; there are: {', '.join(sorted(classes))}",
                              1 if options.brunt_locust else 104)
        chosen = [c for n, c in classes.items() if not wanted or n in wanted]
        twice = {c.__name__ for c in chosen if sum(o.__name__ == c.__name__ for o in chosen) > 1}
        if twice:
            raise ScriptError(f"several User classes are called {min(twice)}: give them names of their own", 107)
        front.prepare(options, classes, chosen)
        shapes = files.merge(job, lambda module: _classes_of(module, LoadTestShape))
        host = options.host or job.target
        environment = Environment(
            user_classes=chosen, shape_class=next(iter(shapes.values()))() if shapes else None, tags=options.tags,
            exclude_tags=options.exclude_tags, locustfile=os.path.basename(job.path), events=event.events, host=host,
            reset_stats=options.reset_stats, stop_timeout=options.stop_timeout, parsed_options=options,
            parsed_locustfiles=[module.__file__ for module in job.modules], available_user_classes=dict(classes),
            available_shape_classes=dict(shapes), available_user_tasks={n: list(c.tasks) for n, c in classes.items()},
            profile=options.profile)
        self._set_classes_up(environment, options)
        if _speaks_of_stats(job):
            environment.count_requests()
        return environment

    @staticmethod
    def _set_classes_up(environment, options):
        for cls in environment.user_classes:
            if environment.host:
                cls.host = environment.host
        environment.remove_unweighted()
        if not environment.user_classes:
            raise ScriptError("no User class has a weight above 0", 107)
        if options.equal_weights:
            environment.assign_equal_weights()
        environment.filter_tasks()

    def _make_plan(self, job, options):
        shape = self.environment.shape_class
        if shape is None:
            return plan.of_options(options, self._order.limit)
        if not shape.use_common_options and (options.users or options.spawn_rate or options.run_time):
            logger.warning("-u, -r and -t have no effect beside a LoadTestShape, unless it sets use_common_options")
        made = plan.of_shape(shape, self.environment, job.n_processes_least)
        if made.shape is not None:
            self.environment.shape_class = made.shape
        return made

    def _make_runner(self, job):
        environment = self.environment
        share = os.environ.get("BRUNT_SHARE")
        count = max(job.n_processes_least, min(job.n_processes, self._plan.peak))
        if share and link.Spoke.is_there():
            runner = runners.WorkerRunner(environment, int(share.split("/")[0]))
        elif count > 1 and not share:
            runner = runners.MasterRunner(environment, count)
        else:
            runner = runners.LocalRunner(environment)
        environment.runner = self.runner = runner
        runner.script = self
        runner.target_user_count = self._plan.stages[0].users if self._plan.stages else 0
        runner.spawn_rate = self._plan.rate
        if environment.shape_class is not None:
            environment.shape_class.runner = runner
        before = event.Events.n_failed
        self.fire("init", environment=environment, runner=runner, web_ui=None)
        if event.Events.n_failed > before:
            raise ScriptError("a listener of events.init failed", 107)
        options = environment.parsed_options
        check.classes(environment.user_classes,
                      bool(options.tags or options.exclude_tags or event.events.test_start._handlers))
        runner.open()
        if self._plan.shape is not None and not isinstance(runner, runners.WorkerRunner):
            threading.Thread(target=self._steer, name="locust-shape", daemon=True).start()

    def _options(self, options):
        stop = f"{round(options.stop_timeout * 1000)}ms"
        return json.dumps({"scenarios": {"locust": {
            "executor": "ramping-vus", "startVUs": self._plan.start, "stages": self._plan.executor_stages,
            "gracefulRampDown": stop, "gracefulStop": stop, "exec": "default"}}, "noCookiesReset": True})

    # ---- which class a user is of ----

    def _order_of(self, classes):
        if classes not in self._orders:
            self._orders[classes] = Order(classes or self.environment.user_classes)
        return self._orders[classes]

    def class_of(self, number):
        if self.has_classes:
            self._look_at_stage()
        return self._order(number - 1)

    def set_classes(self, names):
        """Of a shape that is asked elsewhere."""
        self.has_classes = True
        known = self.environment.user_classes_by_name
        self._plan.stages = []
        self._order = self._order_of(tuple(known[n] for n in names if n in known) if names else None)

    def _look_at_stage(self):
        """Where in the plan the test is now."""
        stages, begun = self._plan.stages, self._began
        seconds = time.perf_counter() - begun if begun is not None else 0
        while self._stage + 1 < len(stages) and stages[self._stage + 1].second <= seconds:
            self._stage += 1
            self._order = self._order_of(stages[self._stage].classes)
            self.runner.target_user_count = stages[self._stage].users

    # ---- users ----

    def user(self, number):
        if self._phase in ("new", "beginning"):
            self._begin()
        self.n_lives += 1
        return Life(self, number)

    def count(self, cls, n):
        self.runner.user_classes_count[cls.__name__] += n
        self.runner.on_users()

    def left(self):
        self.n_lives -= 1
        self.runner.on_users()
        if self.n_lives == 0 and self._phase == "stopping":
            self._stopped()

    def check_spawned(self, n):
        """Whether the users that the plan wants now are all there, for the first time."""
        self._look_at_stage()
        if self._stage == self._spawned_stage or not self._plan.stages or self._phase != "running":
            return False
        if n != self.runner.target_user_count:
            return False
        self._spawned_stage = self._stage
        self.runner.state = runners.STATE_RUNNING
        self.runner.target_user_classes_count = dict(self.runner.user_classes_count)
        if self.environment.reset_stats:
            self.environment._stats.reset_all()
        self.fire("spawning_complete", user_count=n)
        return True

    # ---- the course of the test ----

    def _begin(self):
        """Before the first user; others that would begin meanwhile wait."""
        if self._phase == "new":
            self._phase = "beginning"
            try:
                self.runner.begin()
            finally:
                self._go()
        while self._phase == "beginning":
            _brunt.sleep(0.005)

    def begun(self):
        """In the process that was started: its workers begin."""
        self._phase = "beginning"
        self.runner.begin()
        self._go()

    def _go(self):
        self._began = time.perf_counter()
        self._phase = "running"
        self.runner.state = runners.STATE_SPAWNING
        if self.environment.is_counting:
            threading.Thread(target=self._note_history, name="locust-history", daemon=True).start()

        if self.environment.stop_timeout and self.environment.events.test_stopping._handlers:
            threading.Thread(target=self._await_stopping, name="locust-stopping", daemon=True).start()

    def stopping(self):
        """Users are about to be stopped."""
        with self._lock:  # never held while a user is suspended
            if self._phase != "running":
                return
            self._phase = "stopping"
        self.runner.final_user_classes_count = dict(self.runner.user_classes_count)
        if isinstance(self.runner, runners.WorkerRunner):
            self.runner.tell_stopping()
        self.fire("test_stopping", environment=self.environment)
        self.runner.state = runners.STATE_CLEANUP

    def _stopped(self):
        self._phase = "stopped"
        self.runner.state = runners.STATE_STOPPED
        self.runner.end()

    def close(self):
        """With the run or the program, whichever comes first; on no user's thread."""
        if self._phase == "new" or self._is_closed:
            return
        self._is_closed = True
        self.stopping()
        if self._phase == "stopping":
            self._stopped()
        self.fire("quitting", environment=self.environment, reverse=True)
        self.fire("quit", exit_code=self.environment.process_exit_code or 0)

    # ---- threads of their own ----

    def _await_stopping(self):
        """While users finish what they do, nobody might say that the end has begun."""
        while self._phase == "running":
            if _brunt.run()[2]:
                self.stopping()
            time.sleep(0.1)

    def _note_history(self):
        from locust.stats import HISTORY_STATS_INTERVAL_SEC
        while self._phase == "running":
            self.environment._stats.note_history(self.runner.user_count)
            time.sleep(HISTORY_STATS_INTERVAL_SEC)

    def _steer(self):
        """Asks a shape that looks at the test, each second."""
        while not _brunt.run()[1]:
            time.sleep(0.05)
        if isinstance(self.runner, runners.LocalRunner):
            self._begin()
        shape, users, last = self.environment.shape_class, 0.0, None
        shape.reset_time()
        while not _brunt.run()[2]:
            try:
                said = shape.tick()
                target, rate, classes = plan.read_tick(said) if said is not None else (0, 0, None)
            except Exception:
                logger.exception("tick() of the LoadTestShape failed: the test ends")
                said = None
            if said is None:
                self.stopping()
                _brunt.end("the LoadTestShape has said so")
                return
            if last != (target, classes):
                last = (target, classes)
                self.runner.shape_last_tick = said
                self._change(target, classes)
            users = plan.step(users, target, rate)
            _brunt.want(round(users))
            time.sleep(1)

    def _change(self, target, classes):
        self.has_classes = self.has_classes or classes is not None
        self.runner.target_user_count = target
        self._plan.stages.append(plan.Stage(time.perf_counter() - self._began if self._began else 0, target, classes))
        if self.has_classes and isinstance(self.runner, runners.MasterRunner):
            self.runner.tell_classes([c.__name__ for c in classes] if classes else None)

    def over(self, stats_json):
        return front.over(self, stats_json)


def load(job):
    files.load_others(job)
    classes = files.merge(job, lambda module: _classes_of(module, User))
    if not classes:
        check.none_found(job.module, User)
    return Script(job, classes) if classes else None
