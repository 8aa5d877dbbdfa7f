"""gevent's API for scripts, on strands of brunt's users: greenlets, their waiting for each other, time-outs.

A greenlet belongs to the user that spawns it: it shares the user's client and cookies, and ends with the user at the latest.
One that a file spawns before there are users begins with the first. docs/from-locust.md tells what is not here.
"""

from gevent._hub import sleep
from gevent.greenlet import (Greenlet, GreenletExit, getcurrent, iwait, joinall, kill, killall, spawn, spawn_later, wait)
from gevent.timeout import Timeout, with_timeout

spawn_raw = spawn
__version__ = "24.2.1"
version_info = (24, 2, 1, "final", 0)


def idle(priority=0):
    """Lets all others run once."""
    sleep(0)


def get_hub(*args, **kwargs):
    return _Hub()


class _Hub:
    """What scripts look at in the hub; the loop is brunt's."""

    NOT_ERROR = (GreenletExit, SystemExit)
    SYSTEM_ERROR = (KeyboardInterrupt, SystemExit, SystemError)

    @property
    def threadpool(self):
        from gevent.threadpool import ThreadPool
        return ThreadPool()

    def handle_error(self, context, kind, value, trace):
        import _brunt
        _brunt.exception(value)


def signal_handler(signalnum, handler, *args, **kwargs):
    raise NotImplementedError("signals are brunt's: it ends the run on SIGINT and SIGTERM, and events.quitting is fired")


__all__ = ["Greenlet", "GreenletExit", "Timeout", "get_hub", "getcurrent", "idle", "iwait", "joinall", "kill", "killall", "sleep",
           "spawn", "spawn_later", "spawn_raw", "wait", "with_timeout"]
