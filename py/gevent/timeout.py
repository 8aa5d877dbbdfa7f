"""Exceptions that end a wait after a time."""

import _brunt


class Timeout(BaseException):
    """`with Timeout(3): ...` raises itself in the block after 3 seconds; with False as exception the block just ends."""

    def __init__(self, seconds=None, exception=None, ref=True, priority=-1, _one_shot=False):
        super().__init__()
        self.seconds = seconds
        self.exception = exception
        self._is_set = False
        self._clock = None  # the strand that waits for the time
        self._target = self._thrown = None

    @property
    def pending(self):
        return self._is_set

    def _what(self):
        if self.exception is None or self.exception is False or isinstance(self.exception, str):
            return self
        return self.exception() if isinstance(self.exception, type) else self.exception

    def start(self):
        if self._is_set:
            raise AssertionError(f"{self!r} is already started")
        if self.seconds is None:
            return
        self._target = _brunt.strand()
        if self._target is None:
            raise RuntimeError("a gevent.Timeout needs a running user: call it from a task, a hook or a greenlet")
        self._is_set = True
        self._clock = _brunt.spawn(self._wait)

    def _wait(self):
        if not _brunt.park(max(self.seconds, 0)) and self._is_set:
            self._is_set = False
            self._thrown = self._what()
            self._target.throw(self._thrown)

    @classmethod
    def start_new(cls, timeout=None, exception=None, ref=True, _one_shot=False):
        if isinstance(timeout, Timeout):
            if not timeout.pending:
                timeout.start()
            return timeout
        made = cls(timeout, exception)
        made.start()
        return made

    def cancel(self):
        if self._is_set:
            self._is_set = False
            self._clock.wake()
        if self._thrown is not None:  # and not yet there, perhaps
            self._target.forgive(self._thrown)

    close = cancel

    def __str__(self):
        if self.seconds is None:
            return ""
        unit = "second" if self.seconds == 1 else "seconds"
        what = "" if self.exception is None or self.exception is False else f": {self.exception}"
        return f"{self.seconds} {unit}{what}"

    def __enter__(self):
        if not self._is_set:
            self.start()
        return self

    def __exit__(self, kind, value, trace):
        self.cancel()
        return value is self and self.exception is False


def with_timeout(seconds, function, *args, timeout_value=None, **kwds):
    """What the function gives, or after so long timeout_value; without one the Timeout itself is raised."""
    has_value = timeout_value is not None
    timer = Timeout.start_new(seconds)
    try:
        return function(*args, **kwds)
    except Timeout as e:
        if e is timer and has_value:
            return timeout_value
        raise
    finally:
        timer.cancel()


__all__ = ["Timeout", "with_timeout"]
