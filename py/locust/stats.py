"""What scripts read and change of statistics. The figures that are reported are the engine's; those here are counted in
Python, for scripts that look at `environment.stats`."""

import hashlib
import re
import time
from collections import Counter

CONSOLE_STATS_INTERVAL_SEC = 2
CSV_STATS_INTERVAL_SEC = 1
CSV_STATS_FLUSH_INTERVAL_SEC = 5
HISTORY_STATS_INTERVAL_SEC = 5
CURRENT_RESPONSE_TIME_PERCENTILE_WINDOW = 10
PERCENTILES_TO_REPORT = [0.50, 0.66, 0.75, 0.80, 0.90, 0.95, 0.98, 0.99, 0.999, 0.9999, 1.0]
PERCENTILES_TO_STATISTICS = [0.95, 0.99]
PERCENTILES_TO_CHART = [0.5, 0.95]
MODERN_UI_PERCENTILES_TO_CHART = PERCENTILES_TO_CHART

_RATE_WINDOW = 10  # seconds, before the last two
_ERRORS_MAX = 1000  # kinds that are kept


def calculate_response_time_percentile(response_times, num_requests, percent):
    """Of {time: count}: the time that this part of all did not exceed; 0 when there is none."""
    below, left = int(num_requests * percent), num_requests
    for t in sorted(response_times, reverse=True):
        left -= response_times[t]
        if left <= below:
            return t
    return 0


def diff_response_time_dicts(latest, old):
    """What came since."""
    return {t: n - old.get(t, 0) for t, n in latest.items() if n != old.get(t, 0)}


class StatsError:
    """One kind of failure of one kind of request."""

    def __init__(self, method, name, error, occurrences=0):
        self.method, self.name, self.error, self.occurrences = method, name, error, occurrences

    @staticmethod
    def parse_error(error):
        """Without addresses of objects, which would make each another error."""
        text = error if isinstance(error, str) else repr(error)
        return re.sub(r"(?<=object at )0x[0-9a-fA-F]+(?=>)", "0x....", text) if "object at 0x" in text else text

    @classmethod
    def create_key(cls, method, name, error):
        text = f"{method}.{name}.{cls.parse_error(error)}"
        return hashlib.sha256(text.encode("utf-8", "replace")).hexdigest()

    def occurred(self):
        self.occurrences += 1

    def to_name(self):
        return f"{self.method} {self.name}: {self.parse_error(self.error)}"

    def serialize(self):
        return {"method": self.method, "name": self.name, "error": self.parse_error(self.error),
                "occurrences": self.occurrences}

    to_dict = serialize


class StatsEntry:
    """Counts of one kind of request; times in milliseconds."""

    def __init__(self, stats=None, name="Aggregated", method="", use_response_times_cache=False):
        self.stats, self.name, self.method = stats, name, method
        self.use_response_times_cache = use_response_times_cache
        self.reset()

    def reset(self):
        self.start_time = time.time()
        self.num_requests = self.num_none_requests = self.num_failures = 0
        self.total_response_time = self.max_response_time = self.total_content_length = 0
        self.min_response_time = self.last_request_timestamp = None
        self.num_reqs_per_sec, self.num_fail_per_sec = Counter(), Counter()
        self.response_times = Counter()
        self.response_times_cache = {}  # second: (response_times until then, num_requests)

    # ---- counting ----

    def log(self, response_time, content_length):
        now = time.time()
        self.num_requests += 1
        self.num_reqs_per_sec[int(now)] += 1
        if self.use_response_times_cache and int(now) != int(self.last_request_timestamp or 0):
            self._remember(int(now) - 1)
        self.last_request_timestamp = now
        self.total_content_length += content_length or 0
        if response_time is None:
            self.num_none_requests += 1
            return
        self.total_response_time += response_time
        if response_time > self.max_response_time:
            self.max_response_time = response_time
        least = self.min_response_time
        if least is None or response_time < least:
            self.min_response_time = response_time
        self.response_times[round(response_time, 1) if response_time < 100 else round(response_time)] += 1

    def log_error(self, error):
        self.num_failures += 1
        self.num_fail_per_sec[int(time.time())] += 1

    def _remember(self, second):
        cache = self.response_times_cache
        cache[second] = (dict(self.response_times), self.num_requests)
        while len(cache) > CURRENT_RESPONSE_TIME_PERCENTILE_WINDOW + 10:
            del cache[next(iter(cache))]

    # ---- reading ----

    @property
    def fail_ratio(self):
        return self.num_failures / self.num_requests if self.num_requests else (1.0 if self.num_failures else 0.0)

    @property
    def _n_timed(self):
        return self.num_requests - self.num_none_requests

    @property
    def avg_response_time(self):
        return self.total_response_time / self._n_timed if self._n_timed else 0

    @property
    def median_response_time(self):
        return self.get_response_time_percentile(0.5)

    @property
    def avg_content_length(self):
        return self.total_content_length / self.num_requests if self.num_requests else 0

    def _per_second(self, n):
        stats = self.stats or self
        seconds = (stats.last_request_timestamp or 0) - (stats.start_time or 0)
        return n / seconds if seconds > 0 else 0.0

    total_rps = property(lambda self: self._per_second(self.num_requests))
    total_fail_per_sec = property(lambda self: self._per_second(self.num_failures))

    def _recent(self, per_second):
        """The mean of up to ten seconds, but for the last two, which may not be complete."""
        stats = self.stats or self
        if stats.last_request_timestamp is None:
            return 0
        end = int(stats.last_request_timestamp) - 2
        seconds = range(max(end - _RATE_WINDOW, int(stats.start_time or 0)), end)
        return sum(per_second.get(second, 0) for second in seconds) / len(seconds) if seconds else 0

    current_rps = property(lambda self: self._recent(self.num_reqs_per_sec))
    current_fail_per_sec = property(lambda self: self._recent(self.num_fail_per_sec))

    def get_response_time_percentile(self, percent):
        """Of times that are rounded: never beyond the fastest and the slowest, which are not."""
        t = calculate_response_time_percentile(self.response_times, self._n_timed, percent)
        return min(max(t, self.min_response_time), self.max_response_time) if self.response_times else 0

    def get_current_response_time_percentile(self, percent):
        """Of the last ten seconds; None when there was nothing."""
        if not self.use_response_times_cache:
            raise ValueError("only entries that cache response times know those of late: environment.stats.total does")
        since = int(time.time()) - CURRENT_RESPONSE_TIME_PERCENTILE_WINDOW
        before = [seen for second, seen in self.response_times_cache.items() if second <= since]
        old = before[-1] if before else ({}, 0)
        recent = diff_response_time_dicts(self.response_times, old[0])
        return calculate_response_time_percentile(recent, sum(recent.values()), percent) if recent else None

    def percentile(self):
        shown = " ".join(f"{self.get_response_time_percentile(p):6.0f}" for p in PERCENTILES_TO_REPORT)
        return f"{self.method:8} {self.name:30} {shown} {self.num_requests:7d}"

    def to_string(self, current=True):
        rps = self.current_rps if current else self.total_rps
        failing = self.current_fail_per_sec if current else self.total_fail_per_sec
        return (f"{self.method:8} {self.name:30} {self.num_requests:7d} {self.num_failures:7d}({self.fail_ratio:.2%}) | "
                f"{self.avg_response_time:7.0f} {self.min_response_time or 0:7.0f} {self.max_response_time:7.0f} "
                f"{self.median_response_time or 0:7.0f} | {rps:7.2f} {failing:7.2f}")

    __str__ = to_string

    # ---- between processes ----

    _SUMS = ("num_requests", "num_none_requests", "num_failures", "total_response_time", "total_content_length",
             "num_reqs_per_sec", "num_fail_per_sec", "response_times")

    def serialize(self):
        names = ("name", "method", "start_time", "last_request_timestamp", "min_response_time", "max_response_time")
        return {key: getattr(self, key) for key in names + self._SUMS}

    def add(self, data):
        """What another process has counted, as serialize() gives it."""
        for key in self._SUMS:
            setattr(self, key, getattr(self, key) + data[key])
        both = [t for t in (self.min_response_time, data["min_response_time"]) if t is not None]
        self.min_response_time = min(both) if both else None
        self.max_response_time = max(self.max_response_time, data["max_response_time"])
        self.start_time = min(self.start_time, data["start_time"])
        stamps = [t for t in (self.last_request_timestamp, data["last_request_timestamp"]) if t is not None]
        self.last_request_timestamp = max(stamps) if stamps else None

    def extend(self, other):
        self.add(other.serialize())

    def to_dict(self, escape_string_values=False):
        return {"method": self.method, "name": self.name, "safe_name": self.name, "num_requests": self.num_requests,
                "num_failures": self.num_failures, "min_response_time": self.min_response_time or 0,
                "max_response_time": self.max_response_time, "avg_response_time": self.avg_response_time,
                "median_response_time": self.median_response_time, "avg_content_length": self.avg_content_length,
                "current_rps": self.current_rps, "current_fail_per_sec": self.current_fail_per_sec,
                "total_rps": self.total_rps, "total_fail_per_sec": self.total_fail_per_sec}


class _Entries(dict):
    """One for every kind that is asked for."""

    def __init__(self, stats):
        super().__init__()
        self._stats = stats

    def __missing__(self, key):
        entry = self[key] = StatsEntry(self._stats, key[0], key[1])
        return entry


class RequestStats:
    """Of this process; in the one that started workers, of all of them."""

    def __init__(self, use_response_times_cache=True):
        self._parts = {}  # by worker: its last report
        self.clear_all()

    def clear_all(self):
        self.entries, self.errors, self.history = _Entries(self), {}, []
        self.total = StatsEntry(self, use_response_times_cache=True)
        self._parts.clear()

    def reset_all(self):
        self.total.reset()
        for entry in self.entries.values():
            entry.reset()
        self.errors, self.history = {}, []

    def on_request(self, request_type, name, response_time, response_length, exception=None, **_):
        self.log_request(request_type, name, response_time, response_length)
        if exception:
            self.log_error(request_type, name, exception)

    def log_request(self, method, name, response_time, content_length):
        self.total.log(response_time, content_length)
        self.entries[(name, method)].log(response_time, content_length)

    def log_error(self, method, name, error):
        self.total.log_error(error)
        self.entries[(name, method)].log_error(error)
        key = StatsError.create_key(method, name, error)
        if key in self.errors or len(self.errors) < _ERRORS_MAX:
            self.errors.setdefault(key, StatsError(method, name, error)).occurred()

    def get(self, name, method):
        return self.entries[(name, method)]

    num_requests = property(lambda self: self.total.num_requests)
    num_none_requests = property(lambda self: self.total.num_none_requests)
    num_failures = property(lambda self: self.total.num_failures)
    last_request_timestamp = property(lambda self: self.total.last_request_timestamp)
    start_time = property(lambda self: self.total.start_time)

    # ---- between processes ----

    def serialize_stats(self):
        return [e.serialize() for e in list(self.entries.values()) if e.num_requests or e.num_failures]

    def serialize_errors(self):
        return {key: e.serialize() for key, e in list(self.errors.items())}

    def take_part(self, worker, data):
        """A worker's counts since its start take the place of those it sent before."""
        self._parts[worker] = data
        history, self.history = self.history, []
        total = StatsEntry(self, use_response_times_cache=True)
        total.response_times_cache = self.total.response_times_cache
        entries, errors = _Entries(self), {}
        for part in self._parts.values():
            total.add(part["stats_total"])
            for one in part["stats"]:
                entries[(one["name"], one["method"])].add(one)
            for key, e in part["errors"].items():
                known = errors.setdefault(key, StatsError(e["method"], e["name"], e["error"]))
                known.occurrences += e["occurrences"]
        total._remember(int(time.time()))
        self.total, self.entries, self.errors, self.history = total, entries, errors, history

    def note_history(self, user_count):
        at, total = time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime()), self.total
        recent = {f"response_time_percentile_{p}": [at, total.get_current_response_time_percentile(p) or 0]
                  for p in PERCENTILES_TO_CHART}
        self.history.append({
            **recent, "time": at, "user_count": [at, user_count], "current_rps": [at, total.current_rps],
            "current_fail_per_sec": [at, total.current_fail_per_sec],
            "total_avg_response_time": [at, round(total.avg_response_time, 2)]})


def sort_stats(stats):
    return [stats[key] for key in sorted(stats)]


def print_stats(stats, current=True):
    """As lines of the log's kind."""
    for entry in [*sort_stats(stats.entries), stats.total]:
        print(entry.to_string(current))


def print_percentile_stats(stats):
    for entry in [*sort_stats(stats.entries), stats.total]:
        print(entry.percentile())


def print_error_report(stats):
    for error in stats.errors.values():
        print(f"{error.occurrences:<18d} {error.to_name()}")
