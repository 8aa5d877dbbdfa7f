"""Calls on helper threads, of which brunt has one pool (--helper-threads)."""

from brunt_script import helpers
from gevent.greenlet import Greenlet


class ThreadPool:
    def __init__(self, maxsize=None, hub=None):
        self.maxsize = maxsize

    def apply(self, func, args=(), kwds=None):
        return helpers.run(func, args or (), kwds or {})

    def spawn(self, func, *args, **kwargs):
        return Greenlet.spawn(helpers.run, func, args, kwargs)

    def apply_async(self, func, args=(), kwds=None, callback=None):
        made = self.spawn(func, *(args or ()), **(kwds or {}))
        if callback is not None:
            made.link_value(lambda g: callback(g.value))
        return made

    def map(self, func, iterable):
        return [one.get() for one in [self.spawn(func, item) for item in iterable]]

    def join(self):
        pass

    def kill(self):
        pass


__all__ = ["ThreadPool"]
