"""A LoadTestShape of stages."""
# run:
# expect: GET /start = 4
from locust import HttpUser, LoadTestShape, constant, task


class Visitor(HttpUser):
    wait_time = constant(0.1)

    def on_start(self):
        self.client.get("/anything", name="/start")

    @task
    def work(self):
        self.client.get("/fast")


class Stages(LoadTestShape):
    stages = [{"until": 1, "users": 2, "rate": 2}, {"until": 2, "users": 4, "rate": 10}]

    def tick(self):
        for stage in self.stages:
            if self.get_run_time() < stage["until"]:
                return stage["users"], stage["rate"]
        return None
