import functools
import logging
import time

logger = logging.getLogger(__name__)


def retry(delays=(1, 3, 5), exception=Exception):
    """Calls a function again after each delay, in seconds, while it raises that."""

    def decorate(function):
        @functools.wraps(function)
        def wrapper(*args, **kwargs):
            for delay in delays:
                try:
                    return function(*args, **kwargs)
                except exception as e:
                    logger.info("%s failed (%s): again in %g s", function.__name__, e, delay)
                    time.sleep(delay)
            return function(*args, **kwargs)

        return wrapper

    return decorate
