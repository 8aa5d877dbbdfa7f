"""StopTest ends it for all users."""
# run: -u 3 -r 3 -t 2
# expect: GET /fast = 3
from locust import HttpUser, constant, task
from locust.exception import StopTest

DONE = []


class Visitor(HttpUser):
    wait_time = constant(60)

    @task
    def work(self):
        self.client.get("/fast")
        DONE.append(1)
        if len(DONE) == 3:
            raise StopTest("three are enough")
