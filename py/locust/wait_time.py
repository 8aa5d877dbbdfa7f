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
        if not hasattr(user, "_cp_last_wait_time"):
            user._cp_last_wait_time = 0
        now = time.monotonic()
        begun = getattr(user, "_cp_last_run", now)
        run_time = now - begun - user._cp_last_wait_time if hasattr(user, "_cp_last_run") else now - user._brunt_task_began
        user._cp_last_wait_time = max(0, wait_time - run_time)
        user._cp_last_run = now
        return user._cp_last_wait_time

    return wait


def constant_throughput(task_runs_per_second):
    """So long that each user begins so many tasks a second, as far as they are quick enough."""
    return constant_pacing(1 / task_runs_per_second)
