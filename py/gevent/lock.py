"""Locks of users among each other: who waits is suspended, and who holds may send requests."""

from gevent import _hub
from gevent.greenlet import getcurrent


class Semaphore:
    """At most `value` holders."""

    def __init__(self, value=1, hub=None):
        if value < 0:
            raise ValueError("semaphore initial value must be >= 0")
        self.counter = value
        self._line = _hub.Line()
        self._links = []

    def locked(self):
        return self.counter <= 0

    def ready(self):
        return self.counter > 0

    def acquire(self, blocking=True, timeout=None):
        if self.counter <= 0:
            if not blocking or not _hub.wait_until(self._line, self.ready, timeout):
                return False
        self.counter -= 1
        return True

    def release(self):
        self.counter += 1
        self._line.wake_one()
        while self._links and self.counter > 0:
            self._links.pop(0)(self)
        return self.counter

    def wait(self, timeout=None):
        _hub.wait_until(self._line, self.ready, timeout)
        self._line.wake_one()
        return self.counter

    def rawlink(self, callback):
        if self.counter > 0:
            callback(self)
        else:
            self._links.append(callback)

    def unlink(self, callback):
        if callback in self._links:
            self._links.remove(callback)

    def __enter__(self):
        self.acquire()

    def __exit__(self, *exc):
        self.release()


class BoundedSemaphore(Semaphore):
    """Is not released more often than acquired."""

    _OVER_RELEASE_ERROR = ValueError

    def __init__(self, value=1, hub=None):
        super().__init__(value, hub)
        self._initial_value = value

    def release(self):
        if self.counter >= self._initial_value:
            raise self._OVER_RELEASE_ERROR("Semaphore released too many times")
        return super().release()


class DummySemaphore:
    """Holds nobody up."""

    def __init__(self, value=None):
        pass

    def locked(self):
        return False

    def ready(self):
        return True

    def acquire(self, blocking=True, timeout=None):
        return True

    def release(self):
        pass

    def wait(self, timeout=None):
        return 1

    def __enter__(self):
        pass

    def __exit__(self, *exc):
        pass


class RLock:
    """Its holder, a user or greenlet, may take it again."""

    def __init__(self, hub=None):
        self._block = Semaphore(1)
        self._owner = None
        self._count = 0

    def locked(self):
        return self._count > 0

    def acquire(self, blocking=True, timeout=None):
        me = getcurrent()
        if self._owner is me:
            self._count += 1
            return True
        if not self._block.acquire(blocking, timeout):
            return False
        self._owner, self._count = me, 1
        return True

    def release(self):
        if self._owner is not getcurrent():
            raise RuntimeError("cannot release un-acquired lock")
        self._count -= 1
        if not self._count:
            self._owner = None
            self._block.release()

    def __enter__(self):
        self.acquire()
        return self

    def __exit__(self, *exc):
        self.release()


__all__ = ["BoundedSemaphore", "DummySemaphore", "RLock", "Semaphore"]
