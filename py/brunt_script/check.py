"""Whether the functions of a file can be called as they will be, asked before the test begins.

What cannot be told from the outside (objects that are called, wrappers that take anything) passes: it is found out when
it is called.
"""

import linecache
import re
import sys

from brunt_script import ScriptError, _is_ours, short

_VARARGS, _COROUTINE = 0x04, 0x80  # inspect.CO_*, without all that inspect takes along


def _code(func):
    return getattr(func, "__code__", None)


def can_take(func, n):
    """Whether it may be called with n arguments by position."""
    code = _code(func)
    if code is None:
        return True
    if code.co_kwonlyargcount > len(func.__kwdefaults__ or ()):
        return False
    least = code.co_argcount - len(func.__defaults__ or ())
    return least <= n and (n <= code.co_argcount or bool(code.co_flags & _VARARGS))


def is_async(func):
    code = _code(func)
    return code is not None and bool(code.co_flags & _COROUTINE)


def theirs(cls, name):
    """An attribute as it stands in a class of the script; None: there is none, or it is our package's."""
    for base in cls.__mro__:
        if name in vars(base):
            module = sys.modules.get(base.__module__)
            is_ours = base is object or _is_ours(getattr(module, "__file__", None) or "")
            return None if is_ours else vars(base)[name]
    return None


# ---- places ----


def _line_of(path, pattern, first=1):
    for number, line in enumerate(linecache.getlines(path)[first - 1:], first):
        if re.match(pattern, line):
            return number
    return first


def at_function(func):
    """Where its def is: its code begins at its decorators."""
    code = func.__code__
    pattern = rf"\s*(async\s+)?def\s+{re.escape(code.co_name)}\b"
    return f"{short(code.co_filename)}:{_line_of(code.co_filename, pattern, code.co_firstlineno)}"


def at_class(cls, name=None):
    """Where a class is, or what is assigned to a name in it."""
    owner = next((base for base in cls.__mro__ if name in vars(base)), cls) if name else cls
    path = getattr(sys.modules.get(owner.__module__), "__file__", None)
    if not path:
        return owner.__qualname__
    line = _line_of(path, rf"\s*class\s+{re.escape(owner.__name__)}\b")
    if name:
        line = _line_of(path, rf"\s+{re.escape(name)}\s*[:=]", line)
    return f"{short(path)}:{line}"


# ---- what is refused ----


def _signature(func):
    code = func.__code__
    names = list(code.co_varnames[:code.co_argcount])
    if code.co_kwonlyargcount:
        names += ["*", *code.co_varnames[code.co_argcount:code.co_argcount + code.co_kwonlyargcount]]
    return f"{code.co_name}({', '.join(names)})"


def function(func, what, *wanted):
    """Refuses a function that cannot be called with the arguments that are wanted, by their names."""
    if not can_take(func, len(wanted)):
        raise ScriptError(f"{at_function(func)}: {what} is defined as {_signature(func)}, but it is called with "
                          f"({', '.join(wanted)})")


def method(cls, name, what, *wanted):
    """The same of a class's own method, by the arguments besides `self`; gives its function, or None."""
    func = theirs(cls, name)
    if func is None:
        return None
    if not callable(func) and not isinstance(func, (staticmethod, classmethod)):
        raise ScriptError(f"{at_class(cls, name)}: {what} is {func!r:.80}, which cannot be called: it must be a method")
    if isinstance(func, staticmethod):
        function(func.__func__, what, *wanted)
        return func.__func__
    if isinstance(func, classmethod):
        function(func.__func__, what, "cls", *wanted)
        return func.__func__
    function(func, what, "self", *wanted)
    return func
