"""Files of settings, as Locust reads them: ~/.locust.conf, ./locust.conf, pyproject.toml, and that of --config.

A line is `key = value`, `key: value`, `key value`, or a key alone for a flag that is set; # and ; begin a comment. Keys are
options by their long names.
"""

import os

from brunt_script import ScriptError

_USUAL = ("~/.locust.conf", "locust.conf")
_PROJECT = "pyproject.toml"
_BYTES_MAX = 1 << 20


def _named(args):
    """The file of --config, or None."""
    for i, arg in enumerate(args):
        if arg == "--config" and i + 1 < len(args):
            return args[i + 1]
        if arg.startswith("--config="):
            return arg[len("--config="):]
    return None


def _read(path, must_exist, exit_code):
    try:
        with open(path, "rb") as file:
            data = file.read(_BYTES_MAX + 1)
    except OSError as e:
        if must_exist:
            raise ScriptError(f"--config: cannot read '{path}': {e.strerror}", exit_code) from None
        return None
    if len(data) > _BYTES_MAX:
        raise ScriptError(f"'{path}' is too big for a file of settings", exit_code)
    return data.decode("utf-8", "replace")


def split_line(line):
    """(key, value) of a line; None of one that says nothing."""
    line = line.strip()
    if not line or line[0] in "#;[" or line.startswith("---"):
        return None
    ends = [i for i, c in enumerate(line) if c in "=: \t"]
    if not ends:
        return line, "true"
    key, value = line[:ends[0]], line[ends[0]:].lstrip()
    if value[:1] in ("=", ":"):
        value = value[1:].strip()
    for mark in (" #", " ;", "\t#"):
        value = value.split(mark)[0].rstrip()
    if len(value) > 1 and value[0] == value[-1] and value[0] in "\"'":
        value = value[1:-1]
    elif value.startswith("[") and value.endswith("]"):
        value = " ".join(part.strip().strip("\"'") for part in value[1:-1].split(","))
    return key, value


def _lines(path, text):
    for number, line in enumerate(text.splitlines(), 1):
        said = split_line(line)
        if said:
            yield path, said[0].lstrip("-"), said[1], number


def _as_text(value):
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, list):
        return " ".join(map(str, value))
    return str(value)


def _of_project(path, text, exit_code):
    """The table [tool.locust]; Python reads TOML from 3.11 on."""
    if "[tool.locust" not in text:
        return
    try:
        import tomllib
        table = tomllib.loads(text).get("tool", {}).get("locust", {})
    except ImportError:
        return
    except ValueError as e:
        raise ScriptError(f"{path}: {e}", exit_code) from None
    for key, value in table.items():
        yield path, key, _as_text(value), 0


def read_all(args, exit_code):
    """(path, key, text, line) of all that they say, the weakest first."""
    for path in _USUAL:
        text = _read(os.path.expanduser(path), False, exit_code)
        if text:
            yield from _lines(path, text)
    text = _read(_PROJECT, False, exit_code)
    if text:
        yield from _of_project(_PROJECT, text, exit_code)
    path = _named(args)
    if path:
        text = _read(path, True, exit_code)
        if path.endswith(".toml"):
            yield from _of_project(path, text, exit_code)
        else:
            yield from _lines(path, text)
