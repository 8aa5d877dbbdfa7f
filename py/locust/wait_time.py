"""Waiting between two tasks, in seconds."""

import random
import time


def between(min_wait, max_wait):
    """Uniform between the two."""
    return lambda user: min_wait + random.random() * (max_wait - min_wait)


def constant(wait_time):
    return lambda user: wait_time


def constant_pacing(wait_time):
    """So long that tasks of a user begin every `wait_time` seconds, as far as they are quicker."""

    def wait(user):
        now = time.perf_counter()
        took = now - user._cp_last_run - user._cp_last_wait_time
        user._cp_last_wait_time = max(0, wait_time - took)
        user._cp_last_run = now
        return user._cp_last_wait_time

    return wait


def constant_throughput(task_runs_per_second):
    """So long that each user begins so many tasks a second, as far as they are quick enough."""
    return constant_pacing(1 / _rate("constant_throughput", task_runs_per_second))


def poisson(rate):
    """Exponentially distributed with that many tasks a second on average."""
    _rate("poisson", rate)
    return lambda user: random.expovariate(rate)


def _rate(name, rate):
    if rate <= 0:
        raise ValueError(f"{name}() takes a rate above 0, not {rate}")
    return rate
