"""Which class a user is of: fixed counts first, then by weight, evenly interleaved."""


class Order:
    """order(i) is the class of the i-th user, from 0."""

    def __init__(self, classes, equal_weights=False):
        classes = sorted(classes, key=lambda c: c.__name__)
        self._order = self._fixed(classes)
        self._free = [c for c in classes if not c.fixed_count and c.weight > 0]
        self._weights = [1.0 if equal_weights else float(c.weight) for c in self._free]
        self._credit = [0.0] * len(self._free)

    @staticmethod
    def _fixed(classes):
        left = {c: c.fixed_count for c in classes if c.fixed_count}
        order = []
        while left:
            for c in list(left):
                order.append(c)
                left[c] -= 1
                if not left[c]:
                    del left[c]
        return order

    def __call__(self, i):
        """Each turn all gain their weight, and the one that has most pays the sum of all."""
        while i >= len(self._order) and self._free:
            self._credit = [c + w for c, w in zip(self._credit, self._weights)]
            best = max(range(len(self._free)), key=lambda k: self._credit[k])
            self._credit[best] -= sum(self._weights)
            self._order.append(self._free[best])
        return self._order[i % len(self._order)]
