"""From a file to something the host can run, and exceptions in words.

The host (src/script/py) calls load() once, then the script's user() for each virtual user and that
user's run() for each iteration. What a file is, the package it imports decides: each such package
has a function brunt_load(job) that gives a script, or None when the file is not for it.
"""

import atexit
import gc
import importlib.util
import os
import sys

import _brunt

HERE = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))
# The packages that know kinds of scripts, in this order.
FLAVOURS = ("loadpilot", "locust")


class ScriptError(Exception):
    """A sentence for whoever wrote the file or the command line; the program ends with exit_code."""

    def __init__(self, text, exit_code=107):
        super().__init__(text)
        self.exit_code = exit_code


class Job:
    """What is to be loaded: the file as a module, and what the command line adds to it."""

    def __init__(self, path, target, scenario, wants_plan, args=(), n_processes=0, n_processes_least=0):
        self.path = path
        self.target = target  # --target, or None
        self.scenario = scenario  # --scenario, or None
        self.wants_plan = wants_plan  # --dry-run
        self.args = list(args)  # what stands behind `--`
        self.n_processes = n_processes  # that users will be dealt out to, at most one per user; 0: none but this
        self.n_processes_least = n_processes_least  # however few users there are
        self.module = None
        self.text = ""  # of the file


def short(path):
    """The path as people write it: relative where that is shorter."""
    try:
        relative = os.path.relpath(path)
    except ValueError:
        return path
    return relative if len(relative) < len(path) else path


def printable(text):
    """The text with what is no character written out."""
    return text.encode("utf-8", "backslashreplace").decode("utf-8")


# ---- exceptions ----


def _is_ours(filename):
    return filename.startswith(HERE + os.sep) or filename.startswith("<frozen importlib")


def _place(trace):
    """(file, line) of the innermost frame that is the user's, or of the innermost one."""
    ours = theirs = None
    while trace is not None:
        at = (trace.tb_frame.f_code.co_filename, trace.tb_lineno)
        if _is_ours(at[0]):
            ours = at
        else:
            theirs = at
        trace = trace.tb_next
    return theirs or ours


def _last_line(exc):
    import traceback
    return "".join(traceback.format_exception_only(type(exc), exc)).strip().splitlines()[-1]


_VERSION = f"{sys.version_info[0]}.{sys.version_info[1]}"


def _remedy():
    venv = os.environ.get("VIRTUAL_ENV")
    if venv and not os.path.isdir(os.path.join(venv, "lib", f"python{_VERSION}")):
        return f"the environment {venv} (VIRTUAL_ENV) is of another version"
    return "install it, or set VIRTUAL_ENV to the environment that has it"


def _sentence(exc, path):
    """One sentence on why a file could not be loaded, with the place."""
    if isinstance(exc, SyntaxError):
        return f"{short(exc.filename or path)}:{exc.lineno or 0}: {exc.msg}"
    place = _place(exc.__traceback__)
    # Of an exception below another file, what matters to the reader is their own line.
    where = f"{short(place[0])}:{place[1]}" if place else short(path)
    if isinstance(exc, ModuleNotFoundError) and exc.name:
        return f"{where}: there is no module '{exc.name}' for Python {_VERSION}: {_remedy()}"
    if isinstance(exc, SystemExit):
        return f"{where}: the file ends the program while it is imported"
    return f"{where}: {_last_line(exc)}"


class _Seen:
    """One kind of exception at one place."""

    __slots__ = ("kind", "place", "count", "next_line", "number", "last")

    def __init__(self, kind, place):
        self.kind = kind
        self.place = place  # as it is shown
        self.count = 0
        self.next_line = 10
        self.number = 0  # by which the host knows it
        self.last = None


_SEEN_MAX = 1000
_seen = {}


def _format(exc):
    """The exception with its traceback, but for the frames of our packages where others are left."""
    import traceback  # not needed while all goes well
    told = traceback.TracebackException(type(exc), exc, exc.__traceback__, lookup_lines=False, compact=True)
    theirs = [frame for frame in told.stack if not _is_ours(frame.filename)]
    if theirs:
        told.stack = traceback.StackSummary.from_list(theirs)
    return printable("".join(told.format()).rstrip())


def _message(exc):
    try:
        return printable(str(exc))
    except Exception:
        return "it cannot be shown as text"


def _trail(exc):
    """What is kept of the last one: its message and its lines, but no frame, which would hold on to what it has."""
    lines = []
    trace = exc.__traceback__
    while trace is not None and len(lines) < 100:
        lines.append((trace.tb_frame.f_code, trace.tb_lineno))
        trace = trace.tb_next
    return _message(exc), lines


def _format_trail(seen):
    import traceback
    message, lines = seen.last
    frames = [(code.co_filename, number, code.co_name, None) for code, number in lines]
    frames = [frame for frame in frames if not _is_ours(frame[0])] or frames
    text = "".join(traceback.StackSummary.from_list(frames).format())
    last = f"{seen.kind}: {message}" if message else seen.kind
    return printable(f"Traceback (most recent call last):\n{text}{last}")


def _see(exc, kind):
    """Notes that it came: what is known of its kind, or None when there is no place for it; and what is to be said now."""
    place = _place(exc.__traceback__) or ("?", 0)
    seen = _seen.get((kind, place))
    if seen is None:
        if len(_seen) >= _SEEN_MAX:
            return None, None
        seen = _seen[kind, place] = _Seen(kind, f"{short(place[0])}:{place[1]}")
    seen.count += 1
    seen.last = _trail(exc)
    if seen.count == 1:
        return seen, _format(exc)
    if seen.count < seen.next_line:
        return seen, None
    seen.next_line *= 10
    return seen, f"{kind} at {seen.place}: {seen.count} times so far"


def remark(exc):
    """What is to be said of one that is no failure of the script, such as a check's, or None.

    The first of a kind and place is told with its traceback, then the tenth, hundredth and so on in
    a line; farewells() has the rest.
    """
    return _see(exc, type(exc).__name__)[1]


def report(exc):
    """An exception that ends what ran: told as remark() does, and counted by the host. Gives the name of its type."""
    kind = type(exc).__name__
    seen, line = _see(exc, kind)
    if seen is None:
        _brunt.note(0, None, kind, _message(exc), "elsewhere", "")
        return kind
    if seen.number:
        if _brunt.note(seen.number, line):
            return kind
        line = None  # it has been said
    stack = line if seen.count == 1 else _format(exc)
    seen.number = _brunt.note(0, line, kind, _message(exc), seen.place, stack)
    return kind


def farewells():
    """What is to be said at the end of a run: how often each exception came, and the last of it."""
    lines = [f"{seen.kind} at {seen.place}: {seen.count} times in all; the last one:\n{_format_trail(seen)}"
             for seen in _seen.values() if seen.count > 1]
    _seen.clear()
    return lines


_told_places = set()
_LIBRARY = os.path.dirname(os.__file__) + os.sep  # Python's own, and what is installed below it


def place(frame):
    """What is to be said of code that holds up the loop: its place; None when that was told."""
    inner, at = frame, frame
    while at is not None and (_is_ours(at.f_code.co_filename) or at.f_code.co_filename.startswith(_LIBRARY)):
        at = at.f_back
    at = at or inner
    where = f"{short(at.f_code.co_filename)}:{at.f_lineno}"
    if where in _told_places or len(_told_places) >= 10:
        return None
    _told_places.add(where)
    return (f"{where}: all users stood still for more than a second while this ran: use the client and time.sleep, which "
            "let others go on, or mark it with brunt.blocking (docs/blocking.md)")


# ---- users, and who works for them ----

_waiting = []  # functions that wait for the first user


def when_begun(func):
    """Has a function called in the first user that runs, for what a file starts before there is one."""
    _waiting.append(func)


def begun():
    """The first user of a loop runs."""
    waiting, _waiting[:] = list(_waiting), []
    for func in waiting:
        func()


def route(name, args):
    """A call of the engine by a thread that runs no user."""
    from brunt_script import helpers
    return helpers.route(name, args)


def set_helpers(most, names):
    """--helper-threads and --blocking."""
    if most or names:
        from brunt_script import helpers
        helpers.configure(most, names)


# ---- loading ----


def _import(job):
    """Runs the file as a module of its name."""
    path = os.path.abspath(job.path)
    try:
        with open(path, encoding="utf-8", errors="replace") as file:
            job.text = file.read()
    except OSError as e:
        raise ScriptError(f"cannot read '{job.path}': {e.strerror}", 255) from None
    folder = os.path.dirname(path)
    if folder not in sys.path:
        sys.path.insert(1, folder)  # after our packages, so that `import loadpilot` means ours
    if "threading" in job.text:
        from brunt_script import locks
        locks.install()
    name = os.path.splitext(os.path.basename(path))[0]
    if name in sys.modules or name in FLAVOURS or name in sys.stdlib_module_names:
        name = f"{name}_script"
    spec = importlib.util.spec_from_file_location(name, path)
    module = importlib.util.module_from_spec(spec)
    sys.modules[name] = module
    spec.loader.exec_module(module)
    return module


def _script_of(job):
    for flavour in FLAVOURS:
        package = sys.modules.get(flavour)
        hook = getattr(package, "brunt_load", None)
        script = hook(job) if hook else None
        if script is not None:
            return script
    raise ScriptError(f"{short(job.path)} has nothing to run: no class in it is decorated with LoadPilot's @scenario, and none "
                      "derives from Locust's HttpUser, FastHttpUser or User")


def load(path, target, scenario, wants_plan, args=(), n_processes=0, n_processes_least=0):
    """The script of a file; raises ScriptError and nothing else."""
    sys.argv = [path]
    job = Job(path, target, scenario, wants_plan, args, n_processes, n_processes_least)
    for flavour in FLAVOURS:
        reset = getattr(sys.modules.get(flavour), "brunt_reset", None)
        if reset:
            reset()
    try:
        job.module = _import(job)
        script = _script_of(job)
    except ScriptError:
        raise
    except BaseException as e:  # whatever the file does, SystemExit included
        raise ScriptError(_sentence(e, path)) from None
    # What is loaded stays for the run: collections need not look at it.
    gc.collect()
    gc.freeze()
    _loaded.append(script)
    return script


_loaded = []


def ending():
    """The script is done with: what it has left for the end of the program, for the program will not wait for Python."""
    while _loaded:
        close = getattr(_loaded.pop(), "close", None)
        if close:
            close()
    atexit._run_exitfuncs()
    for stream in (sys.stdout, sys.stderr):
        if stream is not None:
            stream.flush()
