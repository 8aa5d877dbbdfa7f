"""What the rest is made of: waiting that suspends a user, or blocks a thread of the script's."""

import _thread
import time
from collections import deque

import _brunt

now = time.monotonic


def sleep(seconds=0, ref=True):
    """Lets others run, for so many seconds; with 0 once."""
    if seconds > 0 or _brunt.strand() is None:
        _brunt.sleep(max(seconds, 0))
        return
    while _brunt.park(0):
        pass


class Waiter:
    """Who waits for one thing, once."""

    __slots__ = ("strand", "lock", "is_woken", "value")

    def __init__(self):
        self.strand = _brunt.strand()
        self.is_woken = False
        self.value = None
        self.lock = None
        if self.strand is None:
            self.lock = _thread.allocate_lock()
            self.lock.acquire()

    def wake(self, value=None):
        if self.is_woken:
            return
        self.is_woken = True
        self.value = value
        if self.strand is not None:
            self.strand.wake()
        else:
            self.lock.release()

    def wait(self, timeout=None):
        """False: the time was up first."""
        if self.strand is None:
            return self.lock.acquire(timeout=-1 if timeout is None else max(timeout, 0)) or self.is_woken
        if timeout is None:
            while not self.is_woken:
                _brunt.park(None)
            return True
        due = now() + timeout
        while not self.is_woken:
            left = due - now()
            if left <= 0:
                return False
            _brunt.park(left)
        return True


class Line:
    """Those who wait for the same, in the order of their arrival."""

    __slots__ = ("_waiters",)

    def __init__(self):
        self._waiters = deque()

    def __len__(self):
        return len(self._waiters)

    def wait(self, timeout=None):
        """False: the time was up. Who is thrown out of it hands on what it was woken for."""
        waiter = Waiter()
        self._waiters.append(waiter)
        try:
            return waiter.wait(timeout)
        except BaseException:
            if waiter.is_woken:
                self.wake_one()
            raise
        finally:
            if not waiter.is_woken:
                self._waiters.remove(waiter)

    def wake_one(self):
        if self._waiters:
            self._waiters.popleft().wake()

    def wake_all(self):
        while self._waiters:
            self._waiters.popleft().wake()


def wait_until(line, condition, timeout):
    """Waits in the line until the condition holds; False: the time was up before."""
    due = None if timeout is None else now() + timeout
    while not condition():
        left = None if due is None else due - now()
        if left is not None and left <= 0:
            return False
        line.wait(left)
    return True
