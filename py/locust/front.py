"""What a locustfile's command line asks for beside a run: lists, ratios, and what the program is told of it."""

import json
import logging
import os
import sys

from brunt_script import ScriptError
from locust import web
from locust.event import Events
from locust.final_stats import FinalStats
from locust.log import setup_logging

logger = logging.getLogger(__name__)


# ---- what only shows something ----


def _leave():
    """Nothing has begun that would have to end."""
    sys.stdout.flush()
    os._exit(0)


def _print_tree(tree, level=0):
    for name, node in tree.items():
        indent = "    " * level
        print(f" {indent + format(node['ratio'] * 100, '<6.1f'):<10} {indent + name:<50}")
        _print_tree(node.get("tasks", {}), level + 1)


def show(options, classes):
    """--list and the task ratios end the program."""
    if options.list_commands:
        print("Available Users:")
        for cls in classes:
            print(f"    {cls.__name__}")
        _leave()
    if options.show_task_ratio:
        ratios = web.task_ratios(classes, options.num_users)
        for title, key in (("Task ratio per User class", "per_class"), ("Total task ratio", "total")):
            print(f"\n {title}")
            print("-" * 80)
            _print_tree(ratios[key])
        _leave()
    if options.show_task_ratio_json:
        print(json.dumps(web.task_ratios(classes, options.num_users), indent=4))
        _leave()


# ---- --config-users ----


def _user_settings(texts, exit_code):
    for text in texts:
        source = text
        if not text.lstrip().startswith(("{", "[")):
            try:
                with open(text, encoding="utf-8") as file:
                    source = file.read(1 << 20)
            except OSError as e:
                raise ScriptError(f"--config-users: cannot read '{text}': {e.strerror}", exit_code) from None
        try:
            said = json.loads(source)
        except ValueError as e:
            raise ScriptError(f"--config-users: '{text[:100]}' is no JSON: {e}", exit_code) from None
        yield from said if isinstance(said, list) else [said]


def update_user_class(classes, tasks, wanted):
    """Puts what an object of --config-users says on its class; KeyError for an unknown one."""
    cls = classes[wanted.get("user_class_name")]
    for key, value in wanted.items():
        if key == "tasks":
            cls.tasks = [t for t in tasks[cls.__name__] if t.__name__ in value]
        elif key != "user_class_name":
            setattr(cls, key, value)


def config_users(options, classes, exit_code):
    """--config-users; classes by name, with all tasks that they have."""
    tasks = {name: list(cls.tasks) for name, cls in classes.items()}
    for wanted in _user_settings(options.config_users or (), exit_code):
        if not isinstance(wanted, dict):
            raise ScriptError("--config-users: an object is wanted for each class", exit_code)
        try:
            update_user_class(classes, tasks, wanted)
        except KeyError:
            raise ScriptError(f"--config-users: there is no User class '{wanted.get('user_class_name')}'; there are: "
                              f"{', '.join(sorted(classes))}", exit_code) from None


# ---- what the program is told ----


def _number(value):
    return str(int(value)) if float(value).is_integer() else str(value)


def _html(options):
    name = options.html_file
    for mark, value in (("{u}", options.num_users), ("{r}", options.spawn_rate), ("{t}", options.run_time)):
        if name and value is not None:
            name = name.replace(mark, _number(value))
    return name


def wishes(options):
    """For script.front_json (src/cli/locust_front.h)."""
    from locust import stats
    return json.dumps({
        "csv": options.csv_prefix, "csv_full_history": options.stats_history_enabled, "html": _html(options),
        "json": options.json, "json_file": options.json_file, "headless": options.headless or options.autostart,
        "print_stats": options.print_stats,
        "only_summary": options.only_summary, "reset_stats": options.reset_stats,
        "exit_code_on_error": options.exit_code_on_error if options.has_exit_code_on_error else None,
        "processes": options.processes or 0,
        "percentiles": list(stats.PERCENTILES_TO_REPORT)})


# ---- before and after the run ----


def prepare(options, classes, chosen):
    """What is to be done once the options and the classes are known."""
    if not options.skip_log_setup:
        folder = os.path.dirname(options.logfile or "")
        if folder:
            os.makedirs(folder, exist_ok=True)
        setup_logging(options.loglevel, options.logfile)
    config_users(options, classes, 104)
    show(options, chosen)


def over(script, stats_json):
    """The run is over: environment.stats becomes that of all workers, and listeners of quitting say how to end.

    Without statistics it is the end of a worker, whose own stay. Gives the exit code that the script wishes, or None, whether
    a listener of any event has failed, and how many had before.
    """
    environment = script.environment
    n_failed = Events.n_failed
    if stats_json is not None:
        environment._stats = FinalStats(json.loads(stats_json))
        environment.is_counting = True
    script.close()
    code = environment.process_exit_code
    return None if code is None else int(code), Events.n_failed > 0, n_failed
