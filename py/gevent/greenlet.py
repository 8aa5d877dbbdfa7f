"""Greenlets: functions that run beside the user that started them, each on a strand of the user."""

import contextvars
import threading

import _brunt
import brunt_script
from gevent import _hub
from gevent.timeout import Timeout


class GreenletExit(BaseException):
    """Raised in a greenlet that is killed; it ends well."""


_here = threading.local()  # of each strand, for it has a thread state of its own


class _Main:
    """What runs when no greenlet does: a user, or a thread."""

    dead = False
    name = "MainGreenlet"

    def __init__(self):
        self._strand = _brunt.strand()

    def kill(self, exception=GreenletExit, block=True, timeout=None):
        _throw(self._strand, exception)

    throw = kill

    def __bool__(self):
        return True


def getcurrent():
    current = getattr(_here, "greenlet", None)
    if current is None:
        current = _here.greenlet = _Main()
    return current


def _made(exception):
    return exception() if isinstance(exception, type) else exception


def _throw(strand, exception):
    if strand is not None:
        strand.throw(_made(exception))


class Greenlet:
    """A function that runs beside the others from start() on. Subclasses may define _run() instead."""

    value = None
    exception = None

    def __init__(self, run=None, *args, **kwargs):
        if run is not None:
            if not callable(run):
                raise TypeError("The run argument must be callable")
            self._run = run
        self.args, self.kwargs = args, kwargs
        self.name = f"Greenlet-{id(self):x}"
        self._context = contextvars.copy_context()
        self._strand = None
        self._state = "new"  # started, running, over
        self._has_begun = False
        self._joined = _hub.Line()
        self._links = []
        self._delay = 0

    def _run(self):
        """What a subclass does."""

    # ---- states ----

    @property
    def started(self):
        return self._state in ("started", "running")

    @property
    def dead(self):
        return self._state == "over"

    def ready(self):
        return self._state == "over"

    def successful(self):
        return self._state == "over" and self.exception is None

    def __bool__(self):
        return self.started

    @property
    def exc_info(self):
        e = self.exception
        return (None, None, None) if e is None else (type(e), e, e.__traceback__)

    def __repr__(self):
        what = getattr(self._run, "__qualname__", repr(self._run))
        return f"<{type(self).__name__} {self.name}: {what}, {self._state}>"

    # ---- beginning ----

    def start(self):
        if self._state != "new":
            return
        self._state = "started"
        if _brunt.strand() is not None:
            self._strand = _brunt.spawn(self._life)
        elif not _brunt.call(self._in_user):
            brunt_script.when_begun(self._in_user)

    def start_later(self, seconds):
        self._delay = seconds
        self.start()

    def _in_user(self):
        if self._state == "started":
            self._strand = _brunt.spawn(self._life)

    @classmethod
    def spawn(cls, *args, **kwargs):
        made = cls(*args, **kwargs)
        made.start()
        return made

    @classmethod
    def spawn_later(cls, seconds, *args, **kwargs):
        made = cls(*args, **kwargs)
        made.start_later(seconds)
        return made

    # ---- the course of it ----

    def _life(self):
        if self._state != "started":
            return  # killed before
        self._has_begun = True
        _here.greenlet = self
        try:
            if self._delay:
                _brunt.sleep(self._delay)
            self._state = "running"
            self._end(self._context.run(self._run, *self.args, **self.kwargs), None)
        except GreenletExit as e:
            self._end(e, None)
        except _brunt.Interrupted:
            self._end(GreenletExit(), None)
            raise
        except BaseException as e:
            self._end(None, e)
            if not isinstance(e, Timeout):
                _brunt.exception(e)

    def _end(self, value, exception):
        self.value, self.exception = value, exception
        self._state = "over"
        self._joined.wake_all()
        links, self._links = self._links, []
        for link in links:
            self._tell(link)

    def _tell(self, link):
        callback, spawns = link
        if not spawns:
            callback(self)
        elif self._strand is not None and _brunt.strand() is not None:
            _brunt.spawn(lambda: callback(self))

    # ---- waiting for it ----

    def join(self, timeout=None):
        if self._state != "over" and self._state != "new":
            _hub.wait_until(self._joined, self.ready, timeout)

    def get(self, block=True, timeout=None):
        if block:
            self.join(timeout)
        if self._state != "over":
            raise Timeout(timeout)
        if self.exception is not None:
            raise self.exception
        return self.value

    # ---- ending it ----

    def kill(self, exception=GreenletExit, block=True, timeout=None):
        if self._state != "over" and not self._has_begun:
            made = _made(exception)
            self._end(*((made, None) if isinstance(made, GreenletExit) else (None, made)))
        elif self._state != "over":
            _throw(self._strand, exception)
            if block:
                self.join(timeout)

    def throw(self, *args):
        self.kill(*args[:1] or (GreenletExit,), block=False)

    # ---- who is told ----

    def rawlink(self, callback):
        self._add_link(callback, False)

    def link(self, callback):
        self._add_link(callback, True)

    def link_value(self, callback):
        self.link(lambda g: callback(g) if g.successful() else None)

    def link_exception(self, callback):
        self.link(lambda g: None if g.successful() else callback(g))

    def unlink(self, callback):
        self._links = [link for link in self._links if link[0] is not callback]

    def _add_link(self, callback, spawns):
        if self._state == "over":
            self._tell((callback, spawns))
        else:
            self._links.append((callback, spawns))


def spawn(function, *args, **kwargs):
    return Greenlet.spawn(function, *args, **kwargs)


def spawn_later(seconds, function, *args, **kwargs):
    return Greenlet.spawn_later(seconds, function, *args, **kwargs)


def joinall(greenlets, timeout=None, raise_error=False, count=None):
    """Waits for all of them, or for the first `count`; gives those that are over."""
    done = list(iwait(greenlets, timeout, count))
    if raise_error:
        for one in done:
            if getattr(one, "exception", None) is not None:
                raise one.exception
    return done


def iwait(objects, timeout=None, count=None):
    """Each as it is over: greenlets, events, whatever has rawlink()."""
    objects = list(objects)
    left = len(objects) if count is None else min(count, len(objects))
    over, line = [], _hub.Line()

    def tell(one):
        over.append(one)
        line.wake_all()

    for one in objects:
        one.rawlink(tell)
    due = None if timeout is None else _hub.now() + timeout
    try:
        while left:
            if not _hub.wait_until(line, lambda: over, None if due is None else due - _hub.now()):
                return
            left -= 1
            yield over.pop(0)
    finally:
        for one in objects:
            one.unlink(tell)


def wait(objects=None, timeout=None, count=None):
    if objects is None:
        raise RuntimeError("gevent.wait() without objects would wait for all of brunt: give it a list")
    return list(iwait(objects, timeout, count))


def killall(greenlets, exception=GreenletExit, block=True, timeout=None):
    greenlets = list(greenlets)
    for one in greenlets:
        one.kill(exception, block=False)
    if block:
        joinall(greenlets, timeout)


def kill(greenlet, exception=GreenletExit):
    greenlet.kill(exception, block=False)


__all__ = ["Greenlet", "GreenletExit", "getcurrent", "iwait", "joinall", "kill", "killall", "spawn", "spawn_later", "wait"]
