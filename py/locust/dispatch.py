"""Which class a user is of: fixed counts first, then by weight, evenly interleaved, as Locust does it."""

from heapq import heapify, heapreplace
from math import log2


def _by_weight(weighted):
    """
    Names, endlessly, so that the shares of those so far are as near to the weights as they can be: next is always the one
    whose turn lowers the divergence (Kullback and Leibler's) between the two most. All begin with as many turns as they
    have weight, which keeps heavy ones from having the first turns to themselves.
    """
    heap = [(weight * log2(weight / (weight + 1.0)), weight + 1.0, weight, name) for name, weight in weighted]
    heapify(heap)
    while heap:
        _, turns, weight, name = heap[0]
        yield name
        heapreplace(heap, (weight * log2(turns / (turns + 1.0)), turns + 1.0, weight, name))


class Order:
    """order(i) is the class of the i-th user, from 0."""

    def __init__(self, classes):
        self._classes = {c.__name__: c for c in sorted(classes, key=lambda c: c.__name__)}
        fixed = {name: c.fixed_count for name, c in self._classes.items() if c.fixed_count > 0}
        free = [(name, float(c.weight)) for name, c in self._classes.items() if name not in fixed and c.weight > 0]
        first = _by_weight(fixed.items())
        self._order = [self._classes[next(first)] for _ in range(sum(fixed.values()))]
        self._rest = _by_weight(free)
        # Users that there can be; None: any number.
        self.limit = None if free else len(self._order)

    def __call__(self, i):
        while i >= len(self._order) and self.limit is None:
            self._order.append(self._classes[next(self._rest)])
        return self._order[i % len(self._order)]
