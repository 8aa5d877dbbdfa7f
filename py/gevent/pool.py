"""Greenlets in groups, and groups that take only so many at a time."""

from gevent import _hub
from gevent.event import Event
from gevent.greenlet import Greenlet, GreenletExit, joinall, killall
from gevent.lock import DummySemaphore, Semaphore


class Group:
    """Greenlets that are waited for and killed together."""

    greenlet_class = Greenlet

    def __init__(self, *args):
        self.greenlets = set()
        self.dying = set()
        self._is_empty = Event()
        self._is_empty.set()
        for one in args[0] if args else ():
            self.add(one)

    def __len__(self):
        return len(self.greenlets)

    def __contains__(self, one):
        return one in self.greenlets

    def __iter__(self):
        return iter(list(self.greenlets))

    def add(self, greenlet):
        self.greenlets.add(greenlet)
        self._is_empty.clear()
        greenlet.rawlink(self.discard)

    def discard(self, greenlet):
        self.greenlets.discard(greenlet)
        if not self.greenlets:
            self._is_empty.set()

    def start(self, greenlet):
        self.add(greenlet)
        greenlet.start()

    def spawn(self, *args, **kwargs):
        made = self.greenlet_class(*args, **kwargs)
        self.start(made)
        return made

    def join(self, timeout=None, raise_error=False):
        done = list(self.greenlets) if raise_error else ()
        is_empty = self._is_empty.wait(timeout) if self.greenlets else True
        for one in done:
            if one.ready() and one.exception is not None:
                raise one.exception
        return is_empty

    def kill(self, exception=GreenletExit, block=True, timeout=None):
        killall(list(self.greenlets), exception, block, timeout)

    def killone(self, greenlet, exception=GreenletExit, block=True, timeout=None):
        if greenlet in self.greenlets:
            greenlet.kill(exception, block, timeout)

    def full(self):
        return False

    def wait_available(self, timeout=None):
        pass

    # ---- calls ----

    def apply(self, func, args=None, kwds=None):
        return self.spawn(func, *(args or ()), **(kwds or {})).get()

    def apply_async(self, func, args=None, kwds=None, callback=None):
        made = self.spawn(func, *(args or ()), **(kwds or {}))
        if callback is not None:
            made.link_value(lambda g: callback(g.value))
        return made

    apply_cb = apply_async

    def map(self, func, iterable):
        return [one.get() for one in [self.spawn(func, item) for item in iterable]]

    def map_async(self, func, iterable, callback=None):
        made = Greenlet.spawn(self.map, func, list(iterable))
        if callback is not None:
            made.link_value(lambda g: callback(g.value))
        return made

    def imap(self, func, *iterables, maxsize=None):
        for one in [self.spawn(func, *items) for items in zip(*iterables)]:
            yield one.get()

    def imap_unordered(self, func, *iterables, maxsize=None):
        over, line = [], _hub.Line()

        def tell(one):
            over.append(one)
            line.wake_all()

        made = [self.spawn(func, *items) for items in zip(*iterables)]
        for one in made:
            one.rawlink(tell)
        for _ in made:
            _hub.wait_until(line, lambda: over, None)
            yield over.pop(0).get()


class Pool(Group):
    """A group of at most `size` at a time: spawn() waits for a place."""

    def __init__(self, size=None, greenlet_class=None):
        if size is not None and size < 0:
            raise ValueError("size must not be negative")
        super().__init__()
        self.size = size
        if greenlet_class is not None:
            self.greenlet_class = greenlet_class
        self._semaphore = DummySemaphore() if size is None else Semaphore(size)

    def start(self, greenlet, blocking=True, timeout=None):
        if not self._semaphore.acquire(blocking, timeout):
            raise PoolFull()
        super().add(greenlet)
        greenlet.start()

    def add(self, greenlet, blocking=True, timeout=None):
        if not self._semaphore.acquire(blocking, timeout):
            raise PoolFull()
        super().add(greenlet)

    def discard(self, greenlet):
        was_here = greenlet in self.greenlets
        super().discard(greenlet)
        if was_here:
            self._semaphore.release()

    def full(self):
        return self.size is not None and self.free_count() <= 0

    def free_count(self):
        return 1 if self.size is None else max(0, self.size - len(self))

    def wait_available(self, timeout=None):
        return self._semaphore.wait(timeout)


class PoolFull(Exception):
    """There was no place in time."""


__all__ = ["Group", "Pool", "PoolFull", "joinall"]
