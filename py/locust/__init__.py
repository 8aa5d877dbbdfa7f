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
from locust.debug import run_single_user
from locust.util.deprecation import HttpLocust, Locust
from locust.wait_time import between, constant, constant_pacing, constant_throughput, poisson

sockets.install()  # as Locust patches the standard library's

__version__ = "2.47.0"
__all__ = ["Events", "FastHttpUser", "HttpLocust", "HttpUser", "LoadTestShape", "Locust", "MarkovTaskSet",
           "SequentialTaskSet", "TaskSet", "User", "between", "constant", "constant_pacing", "constant_throughput", "events",
           "poisson", "run_single_user", "tag", "task", "transition", "transitions", "wait_time"]


def brunt_reset():
    """Before another file is loaded."""
    for hook in vars(events).values():
        hook._handlers.clear()


def brunt_load(job):
    """The script of a file that has users, else None."""
    from locust.run import load
    return load(job)
