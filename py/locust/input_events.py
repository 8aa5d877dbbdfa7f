"""Keys that Locust listens to in a terminal. brunt has `brunt ctl` and its page for that."""


class InitError(Exception):
    pass


def input_listener(key_to_func_map):
    """Gives what Locust would run beside the test: here, nothing."""
    return lambda: None
