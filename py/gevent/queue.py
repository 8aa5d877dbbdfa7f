"""Queues between users and greenlets."""

import heapq
from collections import deque
from queue import Empty, Full

from gevent import _hub
from gevent.event import Event


class Queue:
    """First in, first out; put() waits while there are `maxsize`."""

    def __init__(self, maxsize=None, items=(), unfinished_tasks=None):
        self.maxsize = maxsize if maxsize and maxsize > 0 else None
        self._init()
        self._getters, self._putters = _hub.Line(), _hub.Line()
        self.unfinished_tasks = 0
        self._all_done = Event()
        self._all_done.set()
        for item in items:
            self.put_nowait(item)

    # What a kind of queue differs in.

    def _init(self):
        self.queue = deque()

    def _put(self, item):
        self.queue.append(item)

    def _get(self):
        return self.queue.popleft()

    def _first(self):
        return self.queue[0]

    def qsize(self):
        return len(self.queue)

    __len__ = qsize

    def __bool__(self):
        return True

    def empty(self):
        return not self.queue

    def full(self):
        return self.maxsize is not None and len(self.queue) >= self.maxsize

    def put(self, item, block=True, timeout=None):
        if self.full() and (not block or not _hub.wait_until(self._putters, lambda: not self.full(), timeout)):
            raise Full
        self._put(item)
        self.unfinished_tasks += 1
        self._all_done.clear()
        self._getters.wake_one()

    def _await_item(self, block, timeout):
        if not self.queue and (not block or not _hub.wait_until(self._getters, lambda: self.queue, timeout)):
            raise Empty

    def get(self, block=True, timeout=None):
        self._await_item(block, timeout)
        item = self._get()
        self._putters.wake_one()
        return item

    def peek(self, block=True, timeout=None):
        self._await_item(block, timeout)
        self._getters.wake_one()
        return self._first()

    def put_nowait(self, item):
        self.put(item, block=False)

    def get_nowait(self):
        return self.get(block=False)

    def peek_nowait(self):
        return self.peek(block=False)

    def task_done(self):
        if self.unfinished_tasks <= 0:
            raise ValueError("task_done() called too many times")
        self.unfinished_tasks -= 1
        if not self.unfinished_tasks:
            self._all_done.set()

    def join(self, timeout=None):
        return self._all_done.wait(timeout)

    def __iter__(self):
        return self

    def __next__(self):
        item = self.get()
        if item is StopIteration:
            raise item
        return item


JoinableQueue = Queue


class SimpleQueue(Queue):
    def __init__(self):
        super().__init__()


UnboundQueue = Queue


class LifoQueue(Queue):
    """Last in, first out."""

    def _init(self):
        self.queue = []

    def _get(self):
        return self.queue.pop()

    def _first(self):
        return self.queue[-1]


class PriorityQueue(Queue):
    """The smallest first."""

    def _init(self):
        self.queue = []

    def _put(self, item):
        heapq.heappush(self.queue, item)

    def _get(self):
        return heapq.heappop(self.queue)


__all__ = ["Empty", "Full", "JoinableQueue", "LifoQueue", "PriorityQueue", "Queue", "SimpleQueue"]
