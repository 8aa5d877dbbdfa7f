"""Hooks: functions of the script that are called when something happens."""

import logging
import re
import time
from contextlib import contextmanager

import _brunt
from locust.exception import InterruptTaskSet, RescheduleTask, RescheduleTaskImmediately, StopTest, StopUser

logger = logging.getLogger(__name__)

# What a listener may raise in place of the task that it is called from.
_FOR_TASKS = (StopUser, StopTest, RescheduleTask, RescheduleTaskImmediately, InterruptTaskSet)


class EventHook:
    """Listeners that get keyword arguments. An exception in one is logged, and the others are called."""

    def __init__(self):
        self._handlers = []

    def add_listener(self, handler):
        self._handlers.append(handler)
        return handler

    def remove_listener(self, handler):
        self._handlers.remove(handler)

    def fire(self, *, reverse=False, **kwargs):
        for handler in reversed(self._handlers) if reverse else list(self._handlers):
            try:
                handler(**kwargs)
            except _FOR_TASKS:
                raise
            except Exception as e:
                Events.n_failed += 1
                if _brunt.user() is None:
                    logger.exception("a handler of an event failed")
                else:
                    _brunt.exception(e)


class RequestEvent(EventHook):
    """Each request; what a script fires itself, of any protocol, is measured like one of HTTP."""

    def fire(self, *, reverse=False, **kwargs):
        kwargs.setdefault("context", {})
        exception = kwargs.get("exception")
        kwargs["exception"] = exception
        _brunt.record(str(kwargs.get("request_type", "")), str(kwargs.get("name", "")), kwargs.get("response_time"),
                      kwargs.get("response_length") or 0, exception is not None, error_text(exception))
        if self._handlers:
            super().fire(reverse=reverse, **kwargs)

    def tell(self, **kwargs):
        """The same for what was measured already."""
        super().fire(**kwargs)

    @contextmanager
    def measure(self, request_type, name, response_length=0, context=None):
        """Measures a block. Fields of what it yields may be changed; an exception makes it a failure."""
        meta = {"request_type": request_type, "name": name, "response_length": response_length, "response": None,
                "context": context or {}, "exception": None, "start_time": time.time(), "url": None}
        began = time.perf_counter()
        try:
            yield meta
        except (StopUser, StopTest):
            raise
        except Exception as e:
            meta["exception"] = e
        meta.setdefault("response_time", (time.perf_counter() - began) * 1000)
        self.fire(**meta)


_address = re.compile(r"object at 0x[0-9a-fA-F]+")


def error_text(exception):
    """What stands in tables of failures: addresses are masked, so that errors of one kind are one row."""
    if exception is None:
        return ""
    return _address.sub("object at 0x....", exception if isinstance(exception, str) else repr(exception))


class Events:
    """All hooks. Those of a kind that brunt has no occasion for are there, and are never fired."""

    n_failed = 0
    NAMES = ("user_error report_to_master worker_report worker_connect spawning_complete quitting quit init "
             "init_command_line_parser test_start test_stopping test_stop reset_stats cpu_warning heartbeat_sent "
             "heartbeat_received usage_monitor rate_limited").split()

    def __init__(self):
        self.request = RequestEvent()
        for name in self.NAMES:
            setattr(self, name, EventHook())


events = Events()
