"""Headers by name in any case, as requests has them."""

import _brunt


class CaseInsensitiveDict(_brunt.HeaderBlock):
    """Found in any case; kept, listed and sent as they were written last."""

    __slots__ = ("_names",)

    def __init__(self, data=(), **more):
        super().__init__()
        self._names = {}  # lower case -> as written
        self.update(data, **more)

    # ---- reading ----

    def __getitem__(self, name):
        return super().__getitem__(self._names[name.lower()])

    def __contains__(self, name):
        return hasattr(name, "lower") and name.lower() in self._names

    def get(self, name, default=None):
        name = self._names.get(name.lower())
        return default if name is None else super().__getitem__(name)

    def lower_items(self):
        return ((name.lower(), value) for name, value in self.items())

    def copy(self):
        return CaseInsensitiveDict(self)

    def __eq__(self, other):
        if not isinstance(other, CaseInsensitiveDict):
            if not hasattr(other, "items"):
                return NotImplemented
            other = CaseInsensitiveDict(other)
        return dict(self.lower_items()) == dict(other.lower_items())

    __hash__ = None

    def merged(self, more):
        """These and those, which win; a plain dict. None takes one away."""
        names = self._names
        taken = [names[name.lower()] for name in more if name.lower() in names]
        if not taken:
            return {**self, **more}
        return {**{name: value for name, value in self.items() if name not in taken}, **more}

    # ---- writing ----

    def __setitem__(self, name, value):
        low = name.lower()
        old = self._names.get(low)
        if old is not None and old != name:
            super().__delitem__(old)
        self._names[low] = name
        super().__setitem__(name, value)
        self.changed()

    def __delitem__(self, name):
        super().__delitem__(self._names.pop(name.lower()))
        self.changed()

    def setdefault(self, name, default=None):
        if name not in self:
            self[name] = default
        return self[name]

    def pop(self, name, *default):
        if name not in self:
            if default:
                return default[0]
            raise KeyError(name)
        value = self[name]
        del self[name]
        return value

    def popitem(self):
        if not self._names:
            raise KeyError("there are no headers")
        name = list(self)[-1]
        return name, self.pop(name)

    def clear(self):
        super().clear()
        self._names.clear()
        self.changed()

    def update(self, data=(), **more):
        pairs = data.items() if hasattr(data, "items") else data or ()
        for name, value in [*pairs, *more.items()]:
            self[name] = value

    def __ior__(self, data):
        self.update(data)
        return self

    def __or__(self, data):
        both = self.copy()
        both.update(data)
        return both

    @classmethod
    def received(cls, items):
        """Those of a response: several of one name are one, with commas."""
        headers = cls()
        for name, value in items:
            old = headers.get(name)
            headers[name] = value if old is None else f"{old}, {value}"
        return headers
