"""Names of Locust before 1.0."""


class _Renamed(type):
    """A class that nothing can be derived from."""

    def __new__(mcs, name, bases, class_dict):
        if bases:
            raise ImportError(f"{bases[0].__name__} is called {bases[0].now} since Locust 1.0")
        return super().__new__(mcs, name, bases, class_dict)


class Locust(metaclass=_Renamed):
    now = "User"


class HttpLocust(metaclass=_Renamed):
    now = "HttpUser"


DeprecatedLocustClass, DeprecatedHttpLocustClass = Locust, HttpLocust
