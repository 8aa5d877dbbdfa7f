"""A LoadTestShape of steps, by arithmetic."""
# run:
# expect: GET /start = 3
import math

from locust import HttpUser, LoadTestShape, constant, task


class Visitor(HttpUser):
    wait_time = constant(0.1)

    def on_start(self):
        self.client.get("/anything", name="/start")

    @task
    def work(self):
        self.client.get("/fast")


class Steps(LoadTestShape):
    step_time, step_users, limit = 1, 1, 2.5

    def tick(self):
        t = self.get_run_time()
        return None if t > self.limit else ((math.floor(t / self.step_time) + 1) * self.step_users, 10)
