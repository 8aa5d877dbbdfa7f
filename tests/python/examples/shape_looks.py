"""A LoadTestShape that looks at how many users there are."""
# run:
# expect: GET /start = 3
from locust import HttpUser, LoadTestShape, constant, task


class Visitor(HttpUser):
    wait_time = constant(0.1)

    def on_start(self):
        self.client.get("/anything", name="/start")

    @task
    def work(self):
        self.client.get("/fast")


class UntilThere(LoadTestShape):
    def tick(self):
        return None if self.get_current_user_count() == 3 else (3, 3)
