"""Stands in for the engine's own module where a file is run by Python itself, as by a debugger: there it can be imported, and
run_single_user() starts brunt. In brunt the built-in module of this name comes first."""

IS_ABSENT = True


class Response:
    __slots__ = ("_headers",)


class HeaderBlock(dict):
    pass


class Session:
    pass


class Interrupted(BaseException):
    pass


def __getattr__(name):
    def absent(*_, **__):
        raise RuntimeError(f"this needs brunt's engine (_brunt.{name}): brunt run FILE.py, or run_single_user() in the file")

    if name.startswith("__"):
        raise AttributeError(name)
    return absent
