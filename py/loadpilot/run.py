"""Running a scenario: what the host asks for."""

import itertools
import json
import math

import _brunt
import brunt_script
from loadpilot import check
from loadpilot.client import LoadClient
from loadpilot.plan import Plan, choose, target_of

_judge, _check = _brunt.judge, _brunt.check


def mix(tasks):
    """The order in which tasks take their turns: as often as their weights say, evenly spread.

    Each round, all gain their weight, and the one that has most is taken and pays the total. After
    each run through the list, shares are exact.
    """
    unit = math.gcd(*(t.weight for t in tasks))
    weights = [t.weight // unit for t in tasks]
    total, credit, order = sum(weights), [0] * len(tasks), []
    for _ in range(total):
        for i, w in enumerate(weights):
            credit[i] += w
        best = max(range(len(tasks)), key=lambda i: credit[i])
        credit[best] -= total
        order.append(tasks[best])
    return order


_scan = json.JSONDecoder().scan_once  # what json.loads() comes to, without the calls around it


def body_of(response):
    """What a check is given: parsed JSON if the text looks like an object or array, else None."""
    text = response.text
    if not text.startswith(("{", "[")):
        return None
    try:
        body, end = _scan(text, 0)
    except (ValueError, StopIteration):
        return None
    return body if end == len(text) or not text[end:].strip(" \t\r\n") else None


def step(coroutine):
    """Runs a coroutine that needs no loop: it ends with its first step."""
    try:
        coroutine.send(None)
    except StopIteration:
        return
    coroutine.close()
    raise RuntimeError("a coroutine without 'await' has waited")


class User:
    """One VUser."""

    def __init__(self, script, number):
        self.script = script
        self.number = number
        self.vuser = None
        self.client = LoadClient(script.target)
        self.loop = None

    def _finish(self, result):
        """Of what may be async."""
        if not hasattr(result, "__await__"):
            return result
        from brunt_script import aio
        if self.loop is None:
            self.loop = aio.Loop()
        return aio.drive(self.loop, result)

    def _hook(self, name):
        hook = getattr(self.vuser, name, None)
        if hook is None:
            return
        self.client._name = name
        self.client._last = None
        try:
            result = hook(self.client)
            if result is not None:
                self._finish(result)
        except Exception as e:
            _judge(None, True)
            if self.client._last is None:
                _brunt.fail(name)
            _brunt.exception(e)
        else:
            _judge(None, False)

    def _start(self):
        self.vuser = self.script.cls()
        self._hook("on_start")

    def run(self, index):
        """One iteration: the next task, and its check."""
        if self.vuser is None:
            self._start()
        script = self.script
        task = next(script.turns)
        client = self.client
        client._name = task.name
        client._last = None
        try:
            result = task.func(self.vuser, client)
            if task.is_simple:
                step(result)
            elif result is not None:
                self._finish(result)
        except Exception:
            if client._last is None:
                _brunt.fail(task.name)
            raise
        if client._last is None:
            script.say_idle(task)
        elif task.check is not None:
            self._run_check(task, client._last)

    def _run_check(self, task, response):
        try:
            result = task.check(self.vuser, response.status_code, body_of(response))
            if result is not None:
                self._finish(result)
        except Exception as e:
            _judge(None, True)
            _check(task.check_name, False)
            text = brunt_script.remark(e)
            if text:
                _brunt.log(2, f"{task.check_name}: {text}")
        else:
            _check(task.check_name, True)

    def leave(self):
        if self.vuser is not None:
            self._hook("on_stop")
        if self.loop is not None:
            from brunt_script import aio
            aio.close(self.loop)
            self.loop = None


class Script:
    """A scenario that was chosen, for the host."""

    def __init__(self, job, scenarios):
        scenario = choose(scenarios, job.scenario)
        plan = Plan(scenario, target_of(job.target))
        check.scenario(scenario)
        self.text = job.text
        # By both names: -u, -d and --rate replace the scenario by one of `default`.
        self.exports = [plan.name, "default"] if plan.name != "default" else ["default"]
        self.options = plan.options()
        self.plan = plan.as_loadpilot(job.path) if job.wants_plan else None
        self.vocab = "loadpilot,brunt"
        self.title = plan.name
        self.n_steps = plan.steps if plan.mode == "step" else 0
        self.target = plan.target
        self.cls = scenario.cls
        self.turns = itertools.cycle(mix(scenario.tasks))
        self._idle = set()

    def say_idle(self, task):
        if task.name not in self._idle:
            self._idle.add(task.name)
            _brunt.log(2, f"the task '{task.name}' ended without a request: there is nothing to measure")

    def user(self, number):
        return User(self, number)
