"""From @scenario to a plan: what is validated, and options in the words of brunt."""

import json
import os
import urllib.parse

from brunt_script import ScriptError
from loadpilot.dsl import seconds

# LoadPilot's thresholds: the metric of ours, and the expression that holds while it is kept.
_THRESHOLDS = {
    "p50_ms": ("http_req_duration", "p(50)<={}", 1),
    "p95_ms": ("http_req_duration", "p(95)<={}", 1),
    "p99_ms": ("http_req_duration", "p(99)<={}", 1),
    "max_ms": ("http_req_duration", "max<={}", 1),
    "error_rate": ("http_req_failed", "rate<={}", 100),
}


def _env_file(name):
    """The value of a line NAME=VALUE of .env in the current folder, or None."""
    try:
        with open(".env", encoding="utf-8") as file:
            lines = file.read().splitlines()
    except (OSError, UnicodeDecodeError):
        return None
    for line in lines:
        key, mark, value = line.strip().removeprefix("export ").partition("=")
        if mark and key.strip() == name:
            return value.strip().strip("\"'")
    return None


def number(value):
    """As people write it: 500, not 500.0."""
    return str(int(value)) if value == int(value) else repr(value)


def target_of(given):
    """--target, else what the environment says, else LoadPilot's default."""
    return (given or os.environ.get("LOADPILOT_TARGET") or _env_file("LOADPILOT_TARGET") or "http://localhost:8000")


def choose(scenarios, wanted):
    """The scenario of that name, or the only one."""
    names = ", ".join(s.name for s in scenarios)
    if wanted is None and len(scenarios) == 1:
        return scenarios[0]
    if wanted is None:
        raise ScriptError(f"there are several scenarios: {names}; choose one with --scenario NAME", 104)
    for s in scenarios:
        if s.name == wanted:
            return s
    raise ScriptError(f"there is no scenario '{wanted}'; there are: {names}", 104)


class Plan:
    """A scenario with its numbers read; `problems` says what is wrong with them."""

    def __init__(self, scenario, target):
        self.scenario = scenario
        self.name = scenario.name
        self.problems = []
        self.target = target
        self.mode = scenario.mode
        self.rps = self._whole("rps", scenario.rps)
        self.steps = max(self._whole("steps", scenario.steps), 1)
        self.duration = self._seconds("duration", scenario.duration)
        self.ramp_up = self._seconds("ramp_up", scenario.ramp_up)
        self.thresholds = scenario.thresholds
        self._check()

    def _whole(self, field, value):
        if isinstance(value, bool) or not isinstance(value, (int, float)) or value != int(value):
            self.problems.append(f"{field}: must be a whole number, got {value!r}")
            return 1
        return int(value)

    def _seconds(self, field, value):
        try:
            return seconds(value)
        except ValueError as e:
            self.problems.append(f"{field}: {e}")
            return 1

    def _problem_if(self, wrong, field, text):
        if wrong:
            self.problems.append(f"{field}: {text}")

    def _check(self):
        url = urllib.parse.urlsplit(self.target)
        self._problem_if(self.rps <= 0, "rps", f"rps must be > 0, got {self.rps}")
        self._problem_if(self.duration <= 0, "duration", f"duration must be > 0, got {self.duration}s")
        self._problem_if(url.scheme not in ("http", "https"), "target_url",
                         f"target_url must start with http:// or https://, got '{self.target}'")
        self._problem_if(url.scheme in ("http", "https") and not url.netloc, "target_url",
                         f"target_url has no host: '{self.target}'")
        self._problem_if(not self.scenario.tasks, "tasks", "scenario has no @task methods — add at least one @task")
        for task in self.scenario.tasks:
            weight = task.weight
            self._problem_if(isinstance(weight, bool) or not isinstance(weight, int) or weight <= 0, "tasks",
                             f"the weight of '{task.name}' must be a whole number > 0, got {weight!r}")
        for key, value in self.thresholds.items():
            self._problem_if(key not in _THRESHOLDS, "thresholds",
                             f"unknown threshold '{key}'; there are {', '.join(_THRESHOLDS)}")
            self._problem_if(not isinstance(value, (int, float)), "thresholds",
                             f"the limit of '{key}' must be a number, got {value!r}")
        if self.problems:
            raise ScriptError("Scenario validation failed:" + "".join(f"\n  • {p}" for p in self.problems), 104)

    # ---- users ----

    @property
    def has_hooks(self):
        cls = self.scenario.cls
        from loadpilot.dsl import VUser
        return (getattr(cls, "on_start", VUser.on_start) is not VUser.on_start or
                getattr(cls, "on_stop", VUser.on_stop) is not VUser.on_stop or
                any(t.check for t in self.scenario.tasks))

    @property
    def n_vusers(self):
        return min(max(5, self.rps // 100), 100)

    @property
    def max_vusers(self):
        return max(self.n_vusers, min(max(self.rps // 5, 50), 2000))

    # ---- the rate over time ----

    def _stages(self):
        """(start rate, time unit in seconds, [(seconds, rate)]): rates are whole numbers per unit."""
        r, d = self.rps, self.duration
        if self.mode == "ramp":
            ramp = [(self.ramp_up, r)] if self.ramp_up else []
            return 0 if ramp else r, 1, ramp + [(d, r)]
        if self.mode == "step":
            # r·(k+1)/steps a second is r·(k+1) in `steps` seconds.
            each = d / self.steps
            stages = []
            for k in range(self.steps):
                stages += [(0, r * (k + 1))] * (k > 0) + [(each, r * (k + 1))]
            return r, self.steps, stages
        if self.mode == "spike":
            base = max(r, 5)  # a fifth of the rate and at least 1, in fifths
            third = d / 3
            return base, 5, [(third, base), (0, 5 * r), (third, 5 * r), (0, base), (third, base)]
        return r, 1, [(d, r)]

    def options(self):
        """The options of the script as JSON text."""
        start, unit, stages = self._stages()
        scenario = {
            "executor": "ramping-arrival-rate",
            "exec": self.name,
            "startRate": start,
            "timeUnit": f"{unit}s",
            "stages": [{"duration": f"{round(t * 1000)}ms", "target": rate} for t, rate in stages],
            "preAllocatedVUs": self.n_vusers,
            "maxVUs": self.max_vusers,
            "whenBusy": "queue",
            "gracefulStop": "30s",
        }
        thresholds = {}
        for key, value in self.thresholds.items():
            metric, text, divisor = _THRESHOLDS[key]
            thresholds.setdefault(metric, []).append(text.format(number(value / divisor)))
        return json.dumps({
            "scenarios": {self.name: scenario},
            "thresholds": thresholds,
            "noCookiesReset": True,
            "batch": 0,
            "batchPerHost": 0,
            "summaryTrendStats": ["avg", "min", "med", "max", "p(95)", "p(99)"],
        })

    # ---- --dry-run ----

    def as_loadpilot(self, path):
        """The plan as LoadPilot prints it."""
        from loadpilot.probe import first_call
        tasks = []
        for task in self.scenario.tasks:
            method, url, headers, body = first_call(self.scenario.cls, task)
            tasks.append({"name": task.name, "weight": task.weight, "url": url, "method": method,
                          "headers": headers, "body_template": body})
        return json.dumps({
            "name": self.name,
            "rps": self.rps,
            "duration_secs": self.duration,
            "ramp_up_secs": self.ramp_up,
            "mode": self.mode,
            "steps": self.steps,
            "target_url": self.target,
            "tasks": tasks,
            "data_pool": [],
            "scenario_file": os.path.abspath(path) if self.has_hooks else None,
            "scenario_class": self.name if self.has_hooks else None,
            "n_vusers": self.n_vusers if self.has_hooks else None,
            "vuser_configs": [],
            "thresholds": {k: float(v) for k, v in self.thresholds.items()},
        }, indent=2)
