"""Statistics as scripts look at them. The figures are brunt's; while the test runs, environment.stats counts what this process
does, and only from the first look on; when it is over, it is filled with those of all workers.
"""

CONSOLE_STATS_INTERVAL_SEC = 2
CSV_STATS_INTERVAL_SEC = 1
CSV_STATS_FLUSH_INTERVAL_SEC = 5
HISTORY_STATS_INTERVAL_SEC = 5
CURRENT_RESPONSE_TIME_PERCENTILE_WINDOW = 10
PERCENTILES_TO_REPORT = [0.50, 0.66, 0.75, 0.80, 0.90, 0.95, 0.98, 0.99, 0.999, 0.9999, 1.0]
PERCENTILES_TO_STATISTICS = [0.95, 0.99]
PERCENTILES_TO_CHART = [0.5, 0.95]
MODERN_UI_PERCENTILES_TO_CHART = PERCENTILES_TO_CHART


def _rounded(ms):
    """Two digits, as Locust keeps times."""
    return round(ms) if ms < 100 else round(ms, -1) if ms < 1000 else round(ms, -2) if ms < 10000 else round(ms, -3)


def calculate_response_time_percentile(response_times, num_requests, percent):
    """The largest time with no more than that share of all below it."""
    below_max, seen = int(num_requests * percent), 0
    for ms in sorted(response_times, reverse=True):
        seen += response_times[ms]
        if num_requests - seen <= below_max:
            return ms
    return 0


class StatsEntry:
    """Counts of one kind of request."""

    use_response_times_cache = False

    def __init__(self, name="Aggregated", method=""):
        self.name, self.method = name, method
        self.num_requests = self.num_failures = self.num_none_requests = 0
        self.total_response_time = self.max_response_time = self.total_content_length = 0
        self.min_response_time = self.last_request_timestamp = None
        self.start_time = 0.0
        self.response_times = {}
        self.current_rps = self.current_fail_per_sec = 0.0
        self._span = 0.0  # from the start to the last request of all

    def add(self, response_time, length, failed):
        self.num_requests += 1
        self.num_failures += bool(failed)
        self.total_content_length += length or 0
        if response_time is None:
            self.num_none_requests += 1
            return
        self.total_response_time += response_time
        self.max_response_time = max(self.max_response_time, response_time)
        least = self.min_response_time
        self.min_response_time = response_time if least is None else min(least, response_time)
        ms = _rounded(response_time)
        self.response_times[ms] = self.response_times.get(ms, 0) + 1

    def fill(self, said, span):
        """What the program says of it; its times are finer than Locust's."""
        for key, value in said.items():
            if key == "times":
                self.response_times = {ms: n for ms, n in value}
            else:
                setattr(self, key, value)
        self._span = span

    @property
    def fail_ratio(self):
        return self.num_failures / self.num_requests if self.num_requests else 0.0

    @property
    def avg_response_time(self):
        timed = self.num_requests - self.num_none_requests
        return self.total_response_time / timed if timed else 0

    @property
    def median_response_time(self):
        return self.get_response_time_percentile(0.5)

    @property
    def avg_content_length(self):
        return self.total_content_length / self.num_requests if self.num_requests else 0

    @property
    def total_rps(self):
        return self.num_requests / self._span if self._span > 0 else 0.0

    @property
    def total_fail_per_sec(self):
        return self.num_failures / self._span if self._span > 0 else 0.0

    def get_response_time_percentile(self, percent):
        return calculate_response_time_percentile(self.response_times, self.num_requests - self.num_none_requests, percent)

    def get_current_response_time_percentile(self, percent):
        return None


class StatsError:
    """One kind of failure."""

    def __init__(self, method, name, error, occurrences=0, first_seen=None, last_seen=None):
        self.method, self.name, self.error, self.occurrences = method, name, error, occurrences
        self.first_seen, self.last_seen = first_seen, last_seen

    def to_name(self):
        return f"{self.method} {self.name}: {self.error}"

    def to_dict(self):
        return dict(vars(self))


class RequestStats:
    """Counted only when the script looks at it: `environment.stats`."""

    def __init__(self):
        self.entries, self.errors = {}, {}
        self.total = StatsEntry()
        self._watching = self._is_filled = False

    def watch(self, request_event):
        if not self._watching:
            self._watching = True
            request_event.add_listener(self._on_request)
        return self

    def _on_request(self, request_type, name, response_time, response_length, exception=None, **_):
        if self._is_filled:
            return
        for entry in (self.total, self.get(name, request_type)):
            entry.add(response_time, response_length, exception)
        if exception is not None:
            self._error(request_type, name, repr(exception)).occurrences += 1

    def _error(self, method, name, text):
        return self.errors.setdefault(f"{method}.{name}.{text}", StatsError(method, name, text))

    def fill(self, said):
        """All of it at the end of the run, as the program has it (locust/locust_json.h)."""
        total = said["total"]
        span = (total["last_request_timestamp"] or 0) - (total["start_time"] or 0)
        self.clear()
        self._is_filled = True
        self.total.fill(total, span)
        for row in said["entries"]:
            self.get(row["name"], row["method"]).fill(row, span)
        for row in said["errors"]:
            vars(self._error(row["method"], row["name"], row["error"])).update(row)

    def get(self, name, method):
        entry = self.entries.get((name, method))
        if entry is None:
            entry = self.entries[(name, method)] = StatsEntry(name, method)
        return entry

    @property
    def num_requests(self):
        return self.total.num_requests

    @property
    def num_none_requests(self):
        return self.total.num_none_requests

    @property
    def num_failures(self):
        return self.total.num_failures

    @property
    def last_request_timestamp(self):
        return self.total.last_request_timestamp

    @property
    def start_time(self):
        return self.total.start_time

    def clear(self):
        self.entries.clear()
        self.errors.clear()
        self.total = StatsEntry()

    clear_all = reset_all = clear
