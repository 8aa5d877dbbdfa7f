"""asyncio for a virtual user: an event loop of its own whose waiting suspends the user.

What asyncio.sleep() and timers wait for costs nothing while they wait. Sockets and threads of other
libraries are looked after by polling, because the engine does not know their descriptors.
"""

import asyncio
import dis
import selectors
import threading

import _brunt
from brunt_script import helpers

_POLL_LEAST, _POLL_MOST = 0.0005, 0.01


class _Selector(selectors.PollSelector):
    loop = None

    def select(self, timeout=None):
        if not self.get_map() and threading.active_count() - helpers.n_threads() <= 1:
            if timeout is None:
                raise RuntimeError("the task awaits what nothing will ever finish")
            if timeout > 0:
                _brunt.sleep(timeout)
            return []
        return self._poll(None if timeout is None else _brunt.now() + timeout)

    def _poll(self, until):
        step = _POLL_LEAST
        while True:
            events = super().select(0) if self.get_map() else []
            left = None if until is None else until - _brunt.now()
            if events or self.loop._ready or (left is not None and left <= 0):
                return events
            _brunt.sleep(step if left is None else min(step, left))
            step = min(step * 1.5, _POLL_MOST)


class Loop(asyncio.SelectorEventLoop):
    """Without the pipe that others have for being woken: the selector looks by itself."""

    def __init__(self):
        selector = _Selector()
        super().__init__(selector)
        selector.loop = self

    def _make_self_pipe(self):
        pass

    def _close_self_pipe(self):
        pass

    def _write_to_self(self):
        pass


_WAITING = {"SEND", "YIELD_VALUE", "GET_AWAITABLE", "GET_ANEXT", "BEFORE_ASYNC_WITH"}


def needs_loop(func):
    """Whether a coroutine of the function may wait, or asks for what only a loop has."""
    code = getattr(func, "__code__", None)
    if code is None or "asyncio" in code.co_names or "asyncio" in code.co_freevars:
        return True
    return any(i.opname in _WAITING for i in dis.get_instructions(code))


def drive(loop, coroutine):
    """Runs a coroutine to its end on the user's loop."""
    asyncio.set_event_loop(loop)
    return loop.run_until_complete(coroutine)


def close(loop):
    if loop.is_closed():
        return
    for task in asyncio.all_tasks(loop):
        task.cancel()
    loop.run_until_complete(loop.shutdown_asyncgens())
    loop.close()
