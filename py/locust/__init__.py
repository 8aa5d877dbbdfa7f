"""Locust's API on brunt: users, tasks, clients, events, shapes as Locust has them.

docs/from-locust.md tells what is the same and what is mended.
"""

from brunt_script import sockets
from locust.event import Events, events
from locust.shape import LoadTestShape
from locust.user.markov_taskset import MarkovTaskSet, transition, transitions
from locust.user.task import SequentialTaskSet, TaskSet, tag, task
from locust.user.users import HttpUser, User
from locust.contrib.fasthttp import FastHttpUser
from locust import wait_time
from locust.wait_time import between, constant, constant_pacing, constant_throughput

sockets.install()  # as Locust patches the standard library's

__version__ = "2.46.3"
__all__ = ["Events", "FastHttpUser", "HttpUser", "LoadTestShape", "MarkovTaskSet", "SequentialTaskSet", "TaskSet", "User",
           "between", "constant", "constant_pacing", "constant_throughput", "events", "run_single_user", "tag", "task",
           "transition", "transitions", "wait_time"]


def run_single_user(*args, **kwargs):
    """For debuggers, where the file is run by Python itself: there brunt is not."""
    raise RuntimeError("run_single_user() runs a file with Python itself, for which Locust's own package is needed; "
                       "`brunt run FILE.py -- -u 1 -t 10s` runs one user")


def brunt_reset():
    """Before another file is loaded."""
    for hook in vars(events).values():
        hook._handlers.clear()


def brunt_load(job):
    """The script of a file that has users, else None."""
    from locust.run import load
    return load(job)
