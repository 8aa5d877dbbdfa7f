"""environment.stats when the test is over: those of the whole run, of all workers, as the program has measured them."""

from types import SimpleNamespace

from locust.stats import calculate_response_time_percentile


class FinalEntry:
    """One row of the statistics, under the names that Locust's have; times are finer than Locust's."""

    use_response_times_cache = False

    def __init__(self, said, span):
        self.name, self.method = said.get("name", "Aggregated"), said.get("method", "")
        self.num_requests, self.num_none_requests = said.get("num_requests", 0), said.get("num_none_requests", 0)
        self.num_failures = said.get("num_failures", 0)
        self.total_response_time = said.get("total_response_time", 0)
        self.total_content_length = said.get("total_content_length", 0)
        self.min_response_time, self.max_response_time = said.get("min_response_time"), said.get("max_response_time", 0)
        self.start_time, self.last_request_timestamp = said.get("start_time"), said.get("last_request_timestamp")
        self.current_rps, self.current_fail_per_sec = said.get("current_rps", 0.0), said.get("current_fail_per_sec", 0.0)
        self._times = said.get("times", [])
        self._span = span  # from the start to the last request of all

    @property
    def response_times(self):
        return dict(self._times)

    @property
    def fail_ratio(self):
        return self.num_failures / self.num_requests if self.num_requests else 0.0

    @property
    def avg_response_time(self):
        timed = self.num_requests - self.num_none_requests
        return self.total_response_time / timed if timed > 0 else 0

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
        times = self.response_times
        return calculate_response_time_percentile(times, sum(times.values()), percent)

    def get_current_response_time_percentile(self, percent):
        return None


class FinalError(SimpleNamespace):
    """method, name, error, occurrences, first_seen, last_seen."""

    def to_name(self):
        return f"{self.method} {self.name}: {self.error}"

    def to_dict(self):
        return dict(vars(self))


class FinalStats:
    """What `said` (src/locust/locust_json.h) has, under Locust's names. Nothing is counted any more."""

    def __init__(self, said):
        total = said["total"]
        span = (total["last_request_timestamp"] or 0) - (total["start_time"] or 0)
        self.total = FinalEntry(total, span)
        self.entries = {(row["name"], row["method"]): FinalEntry(row, span) for row in said["entries"]}
        self.errors = {f"{e['method']}.{e['name']}.{e['error']}": FinalError(**e) for e in said["errors"]}
        self.history = []

    def get(self, name, method):
        return self.entries.get((name, method)) or FinalEntry({"name": name, "method": method}, 0)

    num_requests = property(lambda self: self.total.num_requests)
    num_none_requests = property(lambda self: self.total.num_none_requests)
    num_failures = property(lambda self: self.total.num_failures)
    last_request_timestamp = property(lambda self: self.total.last_request_timestamp)
    start_time = property(lambda self: self.total.start_time)

    def watch(self, request_event):
        return self

    def _nothing(self, *_, **__):
        """It is too late for that."""

    on_request = log_request = log_error = take_part = note_history = clear_all = reset_all = _nothing
