"""Locust's command line: from arguments, the environment and files of settings."""

import argparse
import difflib
import os
import sys

from brunt_script import ScriptError
from locust import settings, web
from locust.util.timespan import parse_timespan


_MORE = ("env_var", "include_in_web_ui", "is_secret", "is_required", "is_multiple")


class LocustArgumentParser(argparse.ArgumentParser):
    """Takes env_var, is_secret and the rest that Locust's parser takes beside argparse's."""

    is_scripts = False  # what is added now comes from the script

    def __init__(self, *args, **kwargs):
        super().__init__(*args, **kwargs)
        self.from_environment = []
        self.own_actions = []  # that the script has added, and that its web page shows
        self.exit_code = 104

    def _note(self, action, env_var=None, include_in_web_ui=True, is_secret=False, is_required=False, is_multiple=False):
        """What Locust's parser knows of an option beside argparse's."""
        action.is_secret, action.is_required, action.is_multiple = is_secret, is_required, is_multiple
        if env_var:
            self.from_environment.append((env_var, action))
        if self.is_scripts and include_in_web_ui:
            self.own_actions.append(action)
        return action

    def add_argument(self, *args, **kwargs):
        more = {k: kwargs.pop(k) for k in _MORE if k in kwargs}
        return self._note(super().add_argument(*args, **kwargs), **more)

    def add_argument_group(self, *args, **kwargs):
        group = super().add_argument_group(*args, **kwargs)
        plain = group.add_argument

        def add_argument(*names, **rest):
            more = {k: rest.pop(k) for k in _MORE if k in rest}
            return self._note(plain(*names, **rest), **more)

        group.add_argument = add_argument
        return group

    def action_of(self, key):
        """The option of a long name without dashes, or None."""
        return self._option_string_actions.get(f"--{key.replace('_', '-')}") or self._option_string_actions.get(f"--{key}")

    def nearest(self, name):
        """What a misspelt option may have meant, as a phrase."""
        known = [s for s in self._option_string_actions if s.startswith("--")]
        near = difflib.get_close_matches(name, known, n=1, cutoff=0.6)
        return f"; did you mean {near[0]}?" if near else ""

    def parse_args(self, args=None, namespace=None):
        options, unknown = self.parse_known_args(args, namespace)
        if unknown:
            first = unknown[0].split("=")[0]
            self.error(f"there is no option {first}{self.nearest(first)}" if first.startswith("-")
                       else f"'{first}' is one argument too many: names of User classes stand together, at the end")
        return options

    def exit(self, status=0, message=None):
        """After --help and what else only shows something: nothing has begun that would have to end."""
        if message:
            sys.stderr.write(message)
        sys.stdout.flush()
        sys.stderr.flush()
        os._exit(status)

    def error(self, message):
        hint = "brunt locust --help" if self.exit_code == 2 else "brunt run FILE.py -- --help"
        raise ScriptError(f"{message}; `{hint}` lists what a locustfile takes", self.exit_code)


def _span(text):
    try:
        return parse_timespan(text)
    except ValueError:
        raise argparse.ArgumentTypeError(f"'{text}' is no time such as 20s, 3m or 1h20m") from None


def _above_zero(text):
    try:
        value = float(text)
    except ValueError:
        value = 0
    if value <= 0:
        raise argparse.ArgumentTypeError(f"'{text}' is no number above 0")
    return value


class _Version(argparse.Action):
    def __call__(self, parser, namespace, values, option_string=None):
        from locust import __file__ as file, __version__
        print(f"locust {__version__} from {os.path.dirname(file)} (Python {sys.version.split()[0]}, on brunt)")
        parser.exit()


class _Gone(argparse.Action):
    """An option that Locust has done away with, or that brunt does otherwise; `const` says how."""

    def __call__(self, parser, namespace, values, option_string=None):
        parser.error(f"{option_string}: {self.const}")


_DISTRIBUTED = ("brunt has no master that other machines' workers connect to; --processes N (or brunt's own --workers N) sends "
                "the load from N processes of this one")


def _common(add):
    add("-f", "--locustfile", env_var="LOCUST_LOCUSTFILE", metavar="FILE,...", help="files, or a folder of them")
    add("--config", metavar="FILE", help="a file of settings: users = 10")
    add("-H", "--host", env_var="LOCUST_HOST", metavar="URL", help="what paths are added to: http://10.0.0.1")
    add("-u", "--users", type=int, dest="num_users", env_var="LOCUST_USERS", metavar="N", help="users at the peak (1)")
    add("-r", "--spawn-rate", type=_above_zero, env_var="LOCUST_SPAWN_RATE", metavar="N", help="users that begin each second (1)")
    add("-t", "--run-time", type=_span, env_var="LOCUST_RUN_TIME", metavar="TIME",
        help="how long: 20, 20s, 3m, 1h20m (until stopped)")
    add("-l", "--list", action="store_true", dest="list_commands", help="show the User classes and end")
    add("--config-users", nargs="*", env_var="LOCUST_CONFIG_USERS", metavar="JSON",
        help="""what classes get: '{"user_class_name": "X", "weight": 2}', a list of such, or a file with it""")
    add("--equal-weights", action="store_true", help="classes of users are equally many")


def _web(add):
    add("--headless", action="store_true", env_var="LOCUST_HEADLESS", help="no web page: begin at once")
    add("--headful", action="store_true", env_var="LOCUST_HEADFUL", help=argparse.SUPPRESS)
    add("--autostart", action="store_true", env_var="LOCUST_AUTOSTART", help="begin at once, with the web page")
    web.add_options(add)
    add("--web-host-display-name", env_var="LOCUST_WEB_HOST_DISPLAY_NAME", help=argparse.SUPPRESS)
    add("--web-login", action="store_true", env_var="LOCUST_WEB_LOGIN", help=argparse.SUPPRESS)
    add("--tls-cert", default="", env_var="LOCUST_TLS_CERT", help=argparse.SUPPRESS)
    add("--tls-key", default="", env_var="LOCUST_TLS_KEY", help=argparse.SUPPRESS)
    add("--web-auth", action=_Gone, nargs="?", const="Locust has replaced it by --web-login", help=argparse.SUPPRESS)


def _tags(add):
    add("-T", "--tags", nargs="*", env_var="LOCUST_TAGS", metavar="TAG", help="only tasks with any of these tags")
    add("-E", "--exclude-tags", nargs="*", env_var="LOCUST_EXCLUDE_TAGS", metavar="TAG", help="no tasks with any of these")


def _statistics(add):
    add("--csv", dest="csv_prefix", env_var="LOCUST_CSV", metavar="PREFIX",
        help="write PREFIX_stats.csv, PREFIX_stats_history.csv, PREFIX_failures.csv and PREFIX_exceptions.csv")
    add("--csv-full-history", action="store_true", dest="stats_history_enabled", env_var="LOCUST_CSV_FULL_HISTORY",
        help="a line for each name in the history, not only for all together")
    add("--html", dest="html_file", env_var="LOCUST_HTML", metavar="FILE",
        help="write a report; {u}, {r} and {t} in the name become users, spawn rate and run time")
    add("--json", action="store_true", help="print the statistics as JSON at the end")
    add("--json-file", metavar="NAME", help="write them to NAME.json")
    add("--print-stats", action="store_true", env_var="LOCUST_PRINT_STATS", help="show Locust's table while the test runs")
    add("--only-summary", action="store_true", env_var="LOCUST_ONLY_SUMMARY", help="show it at the end only")
    add("--reset-stats", action="store_true", env_var="LOCUST_RESET_STATS", help="start over once all users are there")


def _logging(add):
    add("-L", "--loglevel", default="INFO", type=str.upper, choices=["DEBUG", "INFO", "WARNING", "ERROR", "CRITICAL"],
        env_var="LOCUST_LOGLEVEL", metavar="LEVEL", help="of Python's logging: DEBUG, INFO, WARNING, ERROR, CRITICAL (INFO)")
    add("--logfile", env_var="LOCUST_LOGFILE", metavar="FILE", help="where that goes (standard error)")
    add("--skip-log-setup", action="store_true", env_var="LOCUST_SKIP_LOG_SETUP", help="leave logging to the file")


def _processes(add):
    add("--processes", type=int, env_var="LOCUST_PROCESSES", metavar="N", help="send the load from N processes (-1: one for each "
        "processor)")
    add("--master", action=_Gone, nargs=0, const=_DISTRIBUTED, help=argparse.SUPPRESS)
    add("--worker", action=_Gone, nargs=0, const=_DISTRIBUTED, help=argparse.SUPPRESS)
    for name in ("master-host", "master-port", "master-bind-host", "master-bind-port", "expect-workers",
                 "expect-workers-max-wait"):
        add(f"--{name}", action=_Gone, nargs="?", const=_DISTRIBUTED, help=argparse.SUPPRESS)
    add("--enable-rebalancing", action="store_true", help=argparse.SUPPRESS)


def _other(add):
    add("-s", "--stop-timeout", type=_span, default=0, env_var="LOCUST_STOP_TIMEOUT", metavar="TIME",
        help="how long tasks may go on when the test ends (0)")
    add("--exit-code-on-error", type=int, env_var="LOCUST_EXIT_CODE_ON_ERROR", metavar="N",
        help="what to end with when a request failed or a task raised (1)")
    add("--show-task-ratio", action="store_true", help="show how often each task is chosen, and end")
    add("--show-task-ratio-json", action="store_true", help="the same as JSON")
    add("--profile", env_var="LOCUST_PROFILE", metavar="TEXT", help="a label")
    add("--otel", action="store_true", env_var="LOCUST_ENABLE_OPENTELEMETRY", help=argparse.SUPPRESS)
    add("-V", "--version", action=_Version, nargs=0, help="show the version of Locust's API, and end")
    add("--brunt-locust", action="store_true", help=argparse.SUPPRESS)  # `brunt locust` says that it is it


GROUPS = (("Common options", _common), ("Web options", _web), ("Processes", _processes), ("Tags", _tags),
          ("Statistics", _statistics), ("Logging", _logging), ("Other options", _other))


def make_parser(name, events):
    parser = LocustArgumentParser(prog=name, add_help=True, allow_abbrev=False)
    for title, fill in GROUPS:
        fill(parser.add_argument_group(title).add_argument)
    parser.add_argument_group("User classes").add_argument("user_classes", nargs="*", metavar="UserClass",
                                                           help="only these classes (all)")
    parser.is_scripts = True
    events.init_command_line_parser.fire(parser=parser)
    return parser


def _convert(action, text):
    if action.nargs in ("*", "+"):
        return [action.type(t) if action.type else t for t in text.split()]
    if isinstance(action, argparse._StoreTrueAction):
        return text.lower() in ("1", "true", "yes", "on")
    value = action.type(text) if action.type else text
    if action.choices is not None and value not in action.choices:
        raise ValueError(f"'{text}' is none of {', '.join(map(str, action.choices))}")
    return value


def _take(parser, action, text, where):
    try:
        parser.set_defaults(**{action.dest: _convert(action, text)})
    except (ValueError, TypeError, argparse.ArgumentTypeError) as e:
        raise ScriptError(f"{where}: {e}", parser.exit_code) from None


def _take_settings(parser, args):
    """Files of settings, the later ones over the earlier."""
    for path, key, text, line in settings.read_all(args, parser.exit_code):
        action = parser.action_of(key)
        where = f"{path}:{line}" if line else path
        if action is None:
            raise ScriptError(f"{where}: there is no option '{key}'{parser.nearest('--' + key)}", parser.exit_code)
        if isinstance(action, _Gone) and _convert_flag(text):
            parser.error(f"{where}: {key}: {action.const}")
        if not isinstance(action, _Gone):
            _take(parser, action, text, where)


def _convert_flag(text):
    return text.lower() not in ("false", "0", "no", "off", "")


def _settle(parser, options):
    """What one option says about another."""
    if options.stats_history_enabled and not options.csv_prefix:
        raise ScriptError("--csv-full-history needs --csv: it says what that writes", 2)
    if options.html_file and not options.html_file.lower().endswith((".html", ".htm")):
        raise ScriptError(f"--html: '{options.html_file}' is no name that ends in .html", parser.exit_code)
    if options.headful:
        options.headless = False
    if not options.user_classes:
        options.user_classes = os.environ.get("LOCUST_USER_CLASSES", "").split()
    options.has_exit_code_on_error = options.exit_code_on_error is not None
    if not options.has_exit_code_on_error:
        options.exit_code_on_error = 1
    options.users = options.num_users


def parse(args, events, name):
    """The options; a ScriptError for what they can't be."""
    is_locust = "--brunt-locust" in args
    parser = make_parser("brunt locust" if is_locust else f"brunt run {name} --", events)
    parser.exit_code = 2 if is_locust else 104
    _take_settings(parser, args)
    for variable, action in parser.from_environment:
        text = os.environ.get(variable)
        if text:
            _take(parser, action, text, variable)
    options = parser.parse_args(args)
    _settle(parser, options)
    web.settle(options, parser.own_actions, parser.exit_code)
    return options
