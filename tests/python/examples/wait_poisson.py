"""poisson: exponential waits."""
# run: -u 2 -r 2 -t 1
# expect: GET /fast >= 5
from locust import HttpUser, poisson, task


class Random(HttpUser):
    wait_time = poisson(20)

    @task
    def work(self):
        self.client.get("/fast")
