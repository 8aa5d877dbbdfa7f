"""Things that happen once, or now and then, and those who wait for them."""

from gevent import _hub
from gevent.timeout import Timeout


class _Linked:
    """Has those who want to be told."""

    def __init__(self):
        self._line = _hub.Line()
        self._links = []

    def rawlink(self, callback):
        if self.ready():
            callback(self)
        else:
            self._links.append(callback)

    def unlink(self, callback):
        if callback in self._links:
            self._links.remove(callback)

    def _happen(self):
        self._line.wake_all()
        links, self._links = self._links, []
        for callback in links:
            callback(self)


class Event(_Linked):
    """A flag to wait for."""

    def __init__(self):
        super().__init__()
        self._flag = False

    def is_set(self):
        return self._flag

    isSet = ready = is_set

    def set(self):
        self._flag = True
        self._happen()

    def clear(self):
        self._flag = False

    def wait(self, timeout=None):
        """Whether it was set in that time; one that is cleared at once counts."""
        if self._flag:
            return True
        return self._line.wait(timeout)


class AsyncResult(_Linked):
    """A value or exception that will be known."""

    def __init__(self):
        super().__init__()
        self._is_known = False
        self.value = self.exception = None

    def ready(self):
        return self._is_known

    def successful(self):
        return self._is_known and self.exception is None

    @property
    def exc_info(self):
        e = self.exception
        return () if e is None else (type(e), e, e.__traceback__)

    def set(self, value=None):
        self.value, self.exception, self._is_known = value, None, True
        self._happen()

    def set_exception(self, exception, exc_info=None):
        self.exception, self._is_known = exception, True
        self._happen()

    set_result = set

    def __call__(self, source):
        """As a link of a greenlet."""
        if source.successful():
            self.set(source.value)
        else:
            self.set_exception(source.exception)

    def wait(self, timeout=None):
        if not self._is_known:
            _hub.wait_until(self._line, self.ready, timeout)
        return self.value

    def get(self, block=True, timeout=None):
        if block:
            self.wait(timeout)
        if not self._is_known:
            raise Timeout(timeout)
        if self.exception is not None:
            raise self.exception
        return self.value

    result = get

    def get_nowait(self):
        return self.get(block=False)


__all__ = ["AsyncResult", "Event"]
