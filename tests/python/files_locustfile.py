"""For locust_files.py: users that end by themselves, so that counts are by arithmetic. Real Locust runs it too."""
import os

from locust import HttpUser, constant, events, stats, task
from locust.exception import StopUser

stats.CSV_STATS_FLUSH_INTERVAL_SEC = 0.1  # real Locust's: whoever waits for its files need not wait long


class Counted(HttpUser):
    abstract = True
    wait_time = constant(0.02)
    done = 0

    def count(self, times=5):
        self.done += 1
        if self.done == times:
            raise StopUser


class Shopper(Counted):
    @task
    def all(self):
        self.client.get("/anything?x=1", name='a, "b"')
        self.client.get("/status/404", name="missing")
        with self.client.get("/anything", name="checked", catch_response=True) as response:
            response.failure("not nice")
        self.client.post("/anything", name="checked", data="x")
        self.count()


class Good(Counted):
    @task
    def one(self):
        self.client.get("/anything", name="good")
        self.count()


class Broken(Counted):
    @task
    def one(self):
        self.done += 1
        if self.done > 3:
            raise StopUser
        raise ValueError("boom, in a task")


class Ender(Counted):
    @task
    def one(self):
        self.client.get("/anything", name="end")
        self.environment.runner.quit()


@events.test_start.add_listener
def on_start(environment, **_):
    if os.environ.get("HANDLER") == "raises":
        raise RuntimeError("a handler")


@events.quitting.add_listener
def on_quitting(environment, **_):
    """As in Locust's documentation, with codes that tell which of them it was."""
    limit = os.environ.get("RECIPE")
    total = environment.stats.total
    if not limit:
        return
    print(f"TOTAL {total.num_requests} {total.num_failures} {len(environment.stats.entries)}", flush=True)
    if total.fail_ratio > 0.01 and limit == "fails":
        environment.process_exit_code = 11
    elif total.avg_response_time > 0 and limit == "average":
        environment.process_exit_code = 12
    elif total.get_response_time_percentile(0.95) > 0 and limit == "percentile":
        environment.process_exit_code = 13
    else:
        environment.process_exit_code = 0
