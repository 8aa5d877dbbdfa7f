"""What Locust's web API needs of a locustfile: options, what is shown of it, and the form of /swarm."""

import argparse
import inspect
import json
import os
import re

from brunt_script import ScriptError
from locust import stats
from locust.util.timespan import parse_timespan

PORT = 8089

fields = []  # of the form, for options that the script has added


def add_options(add):
    """`add` is the add_argument of a parser."""
    add("--web-host", default="", env_var="LOCUST_WEB_HOST", metavar="IP",
        help="where the web page and API are served; * is all addresses (this machine only)")
    add("-P", "--web-port", type=int, env_var="LOCUST_WEB_PORT", metavar="PORT",
        help=f"at which port ({PORT}); 0 is a free one. With --headless only when it is given")
    add("--web-base-path", default="", env_var="LOCUST_WEB_BASE_PATH", metavar="/PATH", help="what its paths begin with")
    add("--autoquit", type=float, default=-1, env_var="LOCUST_AUTOQUIT", metavar="SECONDS",
        help="with --autostart: end so long after the test")
    add("--class-picker", action="store_true", env_var="LOCUST_USERCLASS_PICKER", help="let the web page choose classes")
    add("--swarm", help=argparse.SUPPRESS)  # the fields of the form that asked for this test, JSON


def settle(options, own_actions, exit_code):
    """After the options were read: those of the web are checked, and the form that asked for the test goes over them."""
    options.has_web_port = options.web_port is not None
    if not options.has_web_port:
        options.web_port = PORT
    base = options.web_base_path
    if base and not base.startswith("/"):
        raise ScriptError(f"--web-base-path '{base}': it begins with a slash, such as /{base}", 1)
    if not re.fullmatch(r"[A-Za-z0-9/_.~-]*", base):
        raise ScriptError(f"--web-base-path '{base}': letters, digits and / _ . ~ - only", 1)
    if options.autoquit >= 0 and not options.autostart:
        raise ScriptError("--autoquit is only meaningful in combination with --autostart", 1)
    if not 0 <= options.web_port <= 65535:
        raise ScriptError(f"--web-port: a port is 0 to 65535, not {options.web_port}", exit_code)
    if not options.headless and (options.web_login or options.tls_cert or options.tls_key):
        raise ScriptError("--web-login, --tls-cert and --tls-key are not there: serve on this machine only, which is the default, "
                          "behind a proxy that asks for a login and speaks TLS", exit_code)
    if options.swarm:
        _apply_swarm(options, {a.dest for a in own_actions})
    fields[:] = _shown_fields(own_actions, options)


# ---- the form ----


def _values(given, name):
    return [v for n, v in given if n == name]


def _typed(name, have, given):
    """The text of a field as the type that the option has."""
    text = given[0]
    if isinstance(have, bool):
        return text == "true"
    if have is None or isinstance(have, str):
        return text
    if isinstance(have, list):
        texts = text.split(",") if "," in text else given
        return [int(t) for t in texts] if have and all(isinstance(x, int) for x in have) else texts
    return type(have)(text)


def _apply_swarm(options, own):
    """`own` are the names of options that the script has added: of all others a form says what Locust's does."""
    given = [(str(n), str(v)) for n, v in json.loads(options.swarm)]
    first = {n: v for n, v in reversed(given)}
    if "user_count" in first:
        options.users = options.num_users = int(first["user_count"])
    if "spawn_rate" in first:
        options.spawn_rate = float(first["spawn_rate"])
    options.run_time = parse_timespan(first["run_time"]) if first.get("run_time") else None
    if first.get("host"):
        options.host = first["host"]
    if "profile" in first:
        options.profile = first["profile"] or None
    options.config_users = [*(options.config_users or ()), *_values(given, "config_users")]
    classes = [c for c in _values(given, "user_classes") if c]
    if classes:
        options.user_classes = classes
    for name in first:
        if name not in own:
            continue
        try:
            setattr(options, name, _typed(name, getattr(options, name), _values(given, name)))
        except ValueError as e:
            raise ScriptError(f"the field '{name}': {e}", 104) from None


# ---- what is shown ----


def _shares(tasks, total, share):
    """The tasks of a class with their parts; of the whole, or of their class."""
    share = share if total else 1.0
    shares = {}
    for one in tasks:
        shares[one] = shares.get(one, 0) + share / len(tasks)
    shown = {}
    for one, part in shares.items():
        entry = shown[getattr(one, "__name__", str(one))] = {"ratio": part}
        if inspect.isclass(one) and hasattr(one, "tasks"):
            entry["tasks"] = _shares(one.tasks, total, part)
    return shown


def _class_shares(classes, users):
    """How many of the users are of which class, as parts of 1."""
    fixed = {c: c.fixed_count for c in classes if c.fixed_count}
    free = [c for c in classes if not c.fixed_count]
    weight = sum(c.weight for c in free)
    left = max((users or 0) - sum(fixed.values()), 0) or (weight if not fixed else 0)
    counts = {c: fixed.get(c) or (left * c.weight / weight if weight else 0) for c in classes}
    whole = sum(counts.values()) or 1
    return {c: n / whole for c, n in counts.items()}


def task_ratios(classes, users):
    """The answer to /tasks."""
    shares = _class_shares(classes, users)
    return {key: {c.__name__: {"ratio": r, "tasks": _shares(c.tasks or [], total, r)} for c, r in shares.items()}
            for key, total in (("per_class", False), ("total", True))}


def _shown_fields(actions, options):
    shown = []
    for action in actions:
        value = getattr(options, action.dest, None)
        is_secret = getattr(action, "is_secret", False)
        shown.append({"name": action.dest, "value": "" if value is None or is_secret else str(value),
                      "help": action.help or "", "choices": [str(c) for c in action.choices or []],
                      "is_secret": is_secret, "is_flag": isinstance(value, bool)})
    return shown


def about(environment, options):
    """What the program reads (src/web/web_locust_about.h), as JSON."""
    host = environment.host or next((c.host for c in environment.user_classes if c.host), None)
    shape = environment.shape_class
    return json.dumps({
        "host": host, "locustfile": os.path.basename(environment.locustfile or ""),
        "shape": type(shape).__name__ if shape is not None else None,
        "classes": sorted(environment.available_user_classes), "has_picker": options.class_picker,
        "tasks": task_ratios(environment.user_classes, options.users),
        "web_host": options.web_host, "web_port": options.web_port, "has_port": options.has_web_port,
        "base_path": options.web_base_path.rstrip("/"), "headless": options.headless, "autostart": options.autostart, "autoquit": options.autoquit,
        "users": options.users, "spawn_rate": options.spawn_rate, "run_time": options.run_time,
        "report": list(stats.PERCENTILES_TO_REPORT), "statistics": list(stats.PERCENTILES_TO_STATISTICS),
        "chart": list(stats.PERCENTILES_TO_CHART), "fields": fields,
    }, default=str)
