"""environment.stats: rows, totals, errors."""
# run: -u 1
# code: 1
# says: 3 1 2 1 404
# expect: GET /fast = 2; GET /status/404 = 1 failed 1
from locust import HttpUser, events, task
from locust.exception import StopUser


@events.test_stop.add_listener
def on_stop(environment, **kwargs):
    stats = environment.stats
    fast = stats.get("/fast", "GET")
    assert fast.min_response_time <= fast.median_response_time <= fast.max_response_time
    assert ("/fast", "GET") in stats.entries and stats.total.avg_content_length > 0
    error = next(iter(environment.runner.errors.values()))
    print(stats.num_requests, stats.num_failures, fast.num_requests, error.occurrences, error.name[-3:], flush=True)


class Visitor(HttpUser):
    @task
    def work(self):
        self.client.get("/fast")
        self.client.get("/fast")
        self.client.get("/status/404")
        raise StopUser()
