"""events.request.measure(): a block that is timed."""
# run: -u 1
# code: 1
# expect: SQL select = 1; SQL insert = 1 failed 1
import time

from locust import User, task
from locust.exception import StopUser


class Caller(User):
    @task
    def work(self):
        measure = self.environment.events.request.measure
        with measure("SQL", "select") as request:
            time.sleep(0.01)
            request["response_length"] = 100
        with measure("SQL", "insert"):
            raise KeyError("no such table")
        raise StopUser()
