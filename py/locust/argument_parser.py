"""Options of Locust that concern a run without its web page, from arguments and the environment."""

import argparse
import os
import sys

from brunt_script import ScriptError
from locust import web
from locust.util.timespan import parse_timespan


class LocustArgumentParser(argparse.ArgumentParser):
    """Takes env_var, is_secret and the rest that Locust's parser takes beside argparse's."""

    is_scripts = False  # what is added now comes from the script

    def __init__(self, *args, **kwargs):
        super().__init__(*args, **kwargs)
        self.from_environment = []
        self.own_actions = []  # that the script has added, and that its web page shows

    def add_argument(self, *args, env_var=None, include_in_web_ui=True, is_secret=False, is_required=False, is_multiple=False,
                     **kwargs):
        action = super().add_argument(*args, **kwargs)
        if env_var:
            self.from_environment.append((env_var, action))
        action.is_secret = is_secret
        if self.is_scripts and include_in_web_ui:
            self.own_actions.append(action)
        return action

    def exit(self, status=0, message=None):
        """After --help: nothing has begun that would have to end."""
        sys.stdout.flush()
        os._exit(status)

    def error(self, message):
        raise ScriptError(f"{message}; `brunt run FILE.py -- --help` lists what a locustfile takes", 104)


def _span(text):
    try:
        return parse_timespan(text)
    except ValueError:
        raise argparse.ArgumentTypeError(f"'{text}' is no time such as 20s, 3m or 1h20m") from None


def _options(parser):
    add = parser.add_argument
    add("-u", "--users", type=int, env_var="LOCUST_USERS", help="users at the peak (1)")
    add("-r", "--spawn-rate", type=float, env_var="LOCUST_SPAWN_RATE", help="users that begin each second (1)")
    add("-t", "--run-time", type=_span, env_var="LOCUST_RUN_TIME", help="how long: 20, 20s, 3m, 1h20m (until stopped)")
    add("-H", "--host", env_var="LOCUST_HOST", help="what paths are added to: http://10.0.0.1")
    add("-T", "--tags", nargs="*", env_var="LOCUST_TAGS", help="only tasks with any of these tags")
    add("-E", "--exclude-tags", nargs="*", env_var="LOCUST_EXCLUDE_TAGS", help="no tasks with any of these")
    add("-s", "--stop-timeout", type=_span, default=0, env_var="LOCUST_STOP_TIMEOUT",
        help="how long tasks may go on when the test ends (0)")
    add("--equal-weights", action="store_true", help="classes of users are equally many")
    add("--reset-stats", action="store_true", env_var="LOCUST_RESET_STATS", help=argparse.SUPPRESS)
    add("--profile", env_var="LOCUST_PROFILE", help="a label")
    for name in ("headless", "autostart", "only-summary", "print-stats", "skip-log-setup"):
        add(f"--{name}", action="store_true", help=argparse.SUPPRESS)
    web.add_options(add)
    add("-L", "--loglevel", default="INFO", env_var="LOCUST_LOGLEVEL", help="of Python's logging (INFO)")
    add("--logfile", env_var="LOCUST_LOGFILE", help="where that goes")
    add("user_classes", nargs="*", metavar="UserClass", help="only these classes (all)")


def _convert(action, text):
    if action.nargs == "*":
        return text.split()
    if isinstance(action, argparse._StoreTrueAction):
        return text.lower() in ("1", "true", "yes")
    return action.type(text) if action.type else text


def parse(args, events, name):
    """The options; a ScriptError for what they can't be."""
    parser = LocustArgumentParser(prog=f"brunt run {name} --", add_help=True, allow_abbrev=False)
    _options(parser)
    parser.is_scripts = True
    events.init_command_line_parser.fire(parser=parser)
    for variable, action in parser.from_environment:
        text = os.environ.get(variable)
        if text:
            try:
                parser.set_defaults(**{action.dest: _convert(action, text)})
            except (ValueError, TypeError) as e:
                raise ScriptError(f"{variable}: {e}", 104) from None
    options = parser.parse_args(args)
    web.check(options)
    web.apply_swarm(options, parse_timespan)
    web.fields = web.custom_fields(parser, options)
    return options
