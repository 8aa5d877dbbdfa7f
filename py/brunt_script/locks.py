"""Lock and RLock for scripts: a user that waits for one lets the others go on.

All users of a loop share a thread of the operating system. With Python's own locks, a user that waits for one that another
user holds across a request would hold up that one as well, for good; and an RLock, which belongs to a thread, would be
open to all users at once. On threads of the script's own, where no user runs, these are Python's own locks.
"""

import threading

import _brunt

_plain_lock, _plain_rlock = threading.Lock, threading.RLock
_PAUSE_LEAST, _PAUSE_MOST = 0.0002, 0.01


class Lock:
    """threading.Lock."""

    __slots__ = ("_inner", "__weakref__")

    def __init__(self):
        self._inner = _plain_lock()

    def acquire(self, blocking=True, timeout=-1):
        if self._inner.acquire(False):
            return True
        if not blocking:
            if timeout != -1:
                raise ValueError("can't specify a timeout for a non-blocking call")
            return False
        if _brunt.user() is None:
            return self._inner.acquire(True, timeout)
        return self._await(timeout)

    def _await(self, timeout):
        if timeout < 0 and timeout != -1:
            raise ValueError("timeout value must be a non-negative number")
        until = None if timeout == -1 else _brunt.now() + timeout
        pause = _PAUSE_LEAST
        while until is None or _brunt.now() < until:
            _brunt.sleep(pause if until is None else max(min(pause, until - _brunt.now()), 0))
            if self._inner.acquire(False):
                return True
            pause = min(pause * 1.5, _PAUSE_MOST)
        return False

    def release(self):
        self._inner.release()

    def locked(self):
        return self._inner.locked()

    def __enter__(self):
        return self.acquire()

    def __exit__(self, *exc):
        self._inner.release()

    def _at_fork_reinit(self):
        self._inner._at_fork_reinit()

    def __repr__(self):
        return f"<{'locked' if self.locked() else 'unlocked'} {type(self).__name__}>"


_here = threading.local()  # of each user, greenlet and thread: Python has a state for each of them


def _me():
    """Who asks."""
    try:
        return _here.me
    except AttributeError:
        _here.me = me = object()
        return me


class RLock(Lock):
    """threading.RLock, with what a Condition asks of it."""

    __slots__ = ("_owner", "_depth")

    def __init__(self):
        super().__init__()
        self._owner, self._depth = None, 0

    def acquire(self, blocking=True, timeout=-1):
        me = _me()
        if self._owner is not me:
            if not super().acquire(blocking, timeout):
                return False
            self._owner = me
        self._depth += 1
        return True

    def release(self):
        if self._owner is not _me():
            raise RuntimeError("cannot release un-acquired lock")
        self._depth -= 1
        if self._depth == 0:
            self._owner = None
            self._inner.release()

    def __exit__(self, *exc):
        self.release()

    def _at_fork_reinit(self):
        super()._at_fork_reinit()
        self._owner, self._depth = None, 0

    def _is_owned(self):
        return self._owner is _me()

    def _release_save(self):
        state = self._owner, self._depth
        self._owner, self._depth = None, 0
        self._inner.release()
        return state

    def _acquire_restore(self, state):
        super().acquire()
        self._owner, self._depth = state


def install():
    """From now on, for whoever asks the module threading for a lock."""
    threading.Lock, threading.RLock = Lock, RLock
