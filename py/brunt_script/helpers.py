"""Helper threads: calls that block their thread, such as those of a database driver, run there while their user is suspended
and all other users go on.

A call belongs to the user that made it. What it asks of the engine (a request, a sample, a line of log) goes back to that
user, who waits for the call anyway, and is done there; so tasks may run on helper threads as a whole.
"""

import _thread
import contextvars
import functools
import importlib
import inspect
import sys
import threading
import time
from collections import deque

import _brunt

_MOST = 64
_TURN = 0.0005  # seconds


def _outcome(of):
    """The result, or the exception raised; nothing is left that would hold on to itself."""
    error, of.error = of.error, None
    if error is None:
        return of.result
    try:
        raise error
    finally:
        del error


class _Errand:
    """Something that a helper thread wants done where its user runs."""

    __slots__ = ("func", "args", "result", "error", "done")

    def __init__(self, func, args):
        self.func, self.args = func, args
        self.result = self.error = None
        self.done = _thread.allocate_lock()
        self.done.acquire()

    def run(self):
        """In the user; what is to end the user is not kept from it."""
        try:
            self.result = self.func(*self.args)
        except _brunt.Interrupted as e:
            self.error = e
            raise
        except BaseException as e:
            self.error = e
        finally:
            self.done.release()

    def give_up(self):
        self.error = _brunt.Interrupted()
        self.done.release()

    def wait(self):
        self.done.acquire()
        return _outcome(self)


class _Call:
    """A call on its way to a helper thread and back."""

    __slots__ = ("func", "args", "kwargs", "context", "strand", "result", "error", "is_done", "is_left", "errands", "began")

    def __init__(self, func, args, kwargs):
        self.func, self.args, self.kwargs = func, args, kwargs
        self.context = contextvars.copy_context()
        self.strand = _brunt.strand()
        self.result = self.error = self.began = None
        self.is_done = False
        self.is_left = False  # its user does not wait any more
        self.errands = deque()

    # ---- on the helper thread ----

    def run(self):
        self.began = time.perf_counter()
        try:
            self.result = self.context.run(self.func, *self.args, **self.kwargs)
        except BaseException as e:
            self.error = e
        self.is_done = True
        self.strand.wake()

    def ask(self, func, args):
        """Has the user call a function, and waits for what it gives."""
        errand = _Errand(func, args)
        self.errands.append(errand)
        # Either we see that it has left, or it sees the errand.
        if self.is_left:
            self._give_up()
        else:
            self.strand.wake()
        return errand.wait()

    # ---- in the user ----

    def _give_up(self):
        while self.errands:
            try:
                errand = self.errands.popleft()
            except IndexError:
                return
            errand.give_up()

    def wait(self):
        """Until it is done, running its errands meanwhile."""
        try:
            while not self.is_done:
                _brunt.park(None)
                while self.errands:
                    self.errands.popleft().run()
        except BaseException:
            self.is_left = True
            self._give_up()
            raise
        return _outcome(self)

    def adopt_context(self, before):
        """What the call has set in context variables is the user's."""
        for variable, value in self.context.items():
            if before.get(variable, self) is not value:
                variable.set(value)


class _Pool:
    """Threads that take calls in the order of their arrival; started when one is needed, and kept."""

    def __init__(self, most):
        self.most = most
        self.n_threads = self.n_idle = 0
        self._calls = deque()
        self._more = threading.Condition(_thread.allocate_lock())
        self._has_said = False

    def submit(self, call):
        """True: there was no thread free for it, and none may be started."""
        with self._more:
            self._calls.append(call)
            if self.n_idle >= len(self._calls):
                self._more.notify()
                return False
            if self.n_threads >= self.most:
                return True
            self.n_threads += 1
        # A helper that computes gives way to the users sooner than it would to a thread of its kind.
        sys.setswitchinterval(min(sys.getswitchinterval(), _TURN))
        threading.Thread(target=self._serve, name=f"brunt helper {self.n_threads}", daemon=True).start()
        return False

    def say_full(self):
        if not self._has_said:
            self._has_said = True
            _brunt.log(2, f"all {self.most} helper threads are busy: further calls that block wait for one, which the metric "
                          "script_helper_wait measures; --helper-threads N allows more")

    def _next(self):
        with self._more:
            while not self._calls:
                self.n_idle += 1
                self._more.wait()
                self.n_idle -= 1
            return self._calls.popleft()

    def _serve(self):
        while True:
            call = self._next()
            _serving.call = call
            if not call.is_left:
                call.run()
            _serving.call = None
            del call


_serving = threading.local()
_pool = _Pool(_MOST)


def n_threads():
    """Helper threads that exist: threads that are not the script's."""
    return _pool.n_threads


def run(func, args, kwargs):
    """func(*args, **kwargs) on a helper thread; where no user runs, here."""
    if _brunt.strand() is None:
        return func(*args, **kwargs)
    before = contextvars.copy_context()
    call = _Call(func, args, kwargs)
    began = time.perf_counter()
    waits = _pool.submit(call)
    if waits:
        _pool.say_full()
    try:
        result = call.wait()
    finally:
        if waits and call.began is not None:
            _brunt.waited((call.began - began) * 1000)
    call.adopt_context(before)
    return result


# ---- calls of the engine from threads that run no user ----

# What concerns the test rather than one of its users may be done by any of them.
_ANYBODY = frozenset(("record", "log", "check", "fail", "exception", "note", "stop"))


class _Borrowed:
    """A call that any user makes for a thread of the script's."""

    def __init__(self, errand):
        self.errand = errand

    def __call__(self):
        errand, self.errand = self.errand, None
        errand.run()

    def __del__(self):
        if self.errand is not None:  # there was nobody
            self.errand.error = RuntimeError("no user runs any more")
            self.errand.done.release()


def route(name, args):
    """_brunt.name(*args) for a thread that runs no user."""
    func = getattr(_brunt, name)
    call = getattr(_serving, "call", None)
    if call is not None:
        return call.ask(func, args)
    if name in _ANYBODY:
        errand = _Errand(func, args)
        if _brunt.call(_Borrowed(errand)):
            return errand.wait()
    what = {"request": "a request", "batch": "a batch"}.get(name, f"{name}()")
    raise RuntimeError(f"{what} needs a running user: call it from a task or a hook, not while the file is imported, and not "
                       "from a thread of your own (brunt.blocking runs calls on threads that may)")


# ---- marking ----


class Blocking:
    """Marks functions whose calls block their thread: as a decorator, around one call, or in place."""

    def __call__(self, func):
        if isinstance(func, type) or not callable(func):
            raise TypeError(f"blocking() takes a function or method, not {func!r}: of a class, mark the methods that block "
                            "(blocking.patch(Class, 'method'))")
        if getattr(func, "brunt_blocking", False):
            return func
        if inspect.iscoroutinefunction(func):
            raise TypeError(f"{func.__qualname__} is async: it would need a loop of its own; mark the function that it calls")

        def blocking(*args, **kwargs):
            return run(func, args, kwargs)

        # Of a method that was looked up already, or a function in C, not all names are there.
        functools.update_wrapper(blocking, func)
        blocking.brunt_blocking = True
        return blocking

    def patch(self, owner, *names):
        """Marks attributes of a module or class, for whoever calls them."""
        for name in names:
            found = inspect.getattr_static(owner, name)
            if isinstance(found, (staticmethod, classmethod)):
                marked = type(found)(self(found.__func__))
            else:
                marked = self(found)
            try:
                setattr(owner, name, marked)
            except TypeError:
                raise TypeError(f"{owner.__name__}.{name} is written in C and cannot be replaced: derive a class that marks it, "
                                "or mark the function of yours that calls it") from None


def configure(most, names):
    """What the command line says: --helper-threads, --blocking MODULE:NAME."""
    from brunt_script import ScriptError
    _pool.most = most or _MOST
    for text in names:
        module, colon, path = text.partition(":")
        if not (module and colon and path):
            raise ScriptError(f"--blocking takes MODULE:NAME, such as requests:Session.request, not '{text}'", 104)
        try:
            owner = importlib.import_module(module)
            *outer, name = path.split(".")
            for part in outer:
                owner = getattr(owner, part)
            Blocking().patch(owner, name)
        except ImportError as e:
            raise ScriptError(f"--blocking {text}: {e}", 104) from None
        except (AttributeError, TypeError) as e:
            raise ScriptError(f"--blocking {text}: {e}", 104) from None
