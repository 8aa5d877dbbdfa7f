"""What scripts change about statistics. The figures themselves are brunt's."""

CONSOLE_STATS_INTERVAL_SEC = 2
CSV_STATS_INTERVAL_SEC = 1
CSV_STATS_FLUSH_INTERVAL_SEC = 5
HISTORY_STATS_INTERVAL_SEC = 5
CURRENT_RESPONSE_TIME_PERCENTILE_WINDOW = 10
PERCENTILES_TO_REPORT = [0.50, 0.66, 0.75, 0.80, 0.90, 0.95, 0.98, 0.99, 0.999, 0.9999, 1.0]
PERCENTILES_TO_STATISTICS = [0.95, 0.99]
PERCENTILES_TO_CHART = [0.5, 0.95]
MODERN_UI_PERCENTILES_TO_CHART = PERCENTILES_TO_CHART


class StatsEntry:
    """Counts of one kind of request, in this process."""

    def __init__(self, name="Aggregated", method=""):
        self.name, self.method = name, method
        self.num_requests = self.num_failures = 0
        self.total_response_time = self.max_response_time = self.total_content_length = 0
        self.min_response_time = None

    def add(self, response_time, length, failed):
        self.num_requests += 1
        self.num_failures += bool(failed)
        self.total_content_length += length or 0
        if response_time is not None:
            self.total_response_time += response_time
            self.max_response_time = max(self.max_response_time, response_time)
            least = self.min_response_time
            self.min_response_time = response_time if least is None else min(least, response_time)

    @property
    def fail_ratio(self):
        return self.num_failures / self.num_requests if self.num_requests else 0.0

    @property
    def avg_response_time(self):
        return self.total_response_time / self.num_requests if self.num_requests else 0

    @property
    def avg_content_length(self):
        return self.total_content_length / self.num_requests if self.num_requests else 0


class RequestStats:
    """Counted only when the script looks at it: `environment.stats`."""

    def __init__(self):
        self.entries, self.errors = {}, {}
        self.total = StatsEntry()
        self._watching = False

    def watch(self, request_event):
        if not self._watching:
            self._watching = True
            request_event.add_listener(self._on_request)
        return self

    def _on_request(self, request_type, name, response_time, response_length, exception=None, **_):
        for entry in (self.total, self.get(name, request_type)):
            entry.add(response_time, response_length, exception)

    def get(self, name, method):
        return self.entries.setdefault((name, method), StatsEntry(name, method))

    @property
    def num_requests(self):
        return self.total.num_requests

    @property
    def num_failures(self):
        return self.total.num_failures

    def reset_all(self):
        self.entries.clear()
        self.errors.clear()
        self.total = StatsEntry()
