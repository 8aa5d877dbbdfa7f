import functools
import time


def memoize(timeout, dynamic_timeout=False):
    """Keeps a result for that many seconds; for longer when making it takes longer, if `dynamic_timeout`."""

    def decorate(function):
        kept = []  # [result, until]

        @functools.wraps(function)
        def wrapper(*args, **kwargs):
            nonlocal timeout
            now = time.time()
            if not kept or now > kept[1]:
                result, took = function(*args, **kwargs), time.time() - now
                timeout = timeout * 2 if dynamic_timeout and took > timeout else timeout
                kept[:] = result, now + timeout
            return kept[0]

        wrapper.clear_cache = kept.clear
        return wrapper

    return decorate
