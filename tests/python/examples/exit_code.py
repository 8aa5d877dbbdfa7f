"""An exit code by the figures of the test."""
# run: -u 1
# code: 7
# says: ratio 0.5
# expect: GET /fast = 1; GET /status/500 = 1 failed 1
from locust import HttpUser, events, task
from locust.exception import StopUser


@events.quitting.add_listener
def on_quitting(environment, **kwargs):
    total = environment.stats.total
    print("ratio", total.fail_ratio, flush=True)
    if total.fail_ratio > 0.1 or total.get_response_time_percentile(0.95) > 800 or total.avg_response_time > 200:
        environment.process_exit_code = 7


class Visitor(HttpUser):
    @task
    def work(self):
        self.client.get("/fast")
        self.client.get("/status/500")
        raise StopUser()
