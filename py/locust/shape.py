"""A curve of users over time, by a function of the script."""

import time


class LoadTestShape:
    """
    tick() says about once a second how many users there are to be: (users, spawn_rate), with a list of classes as a
    third, or None for the end.
    """

    abstract = True
    use_common_options = False
    runner = None

    def __init__(self):
        self.start_time = time.perf_counter()

    def __init_subclass__(cls, **kwargs):
        super().__init_subclass__(**kwargs)
        cls.abstract = cls.__dict__.get("abstract", False)

    def reset_time(self):
        self.start_time = time.perf_counter()

    def get_run_time(self):
        """Seconds since the start."""
        return time.perf_counter() - self.start_time

    def get_current_user_count(self):
        return self.runner.user_count

    def tick(self):
        return None
