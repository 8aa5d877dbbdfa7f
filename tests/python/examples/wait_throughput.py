"""constant_throughput: so many tasks a second and user."""
# run: -u 2 -r 2 -t 1
# expect: GET /fast >= 8; GET /fast <= 24
from locust import FastHttpUser, constant_throughput, task


class Steady(FastHttpUser):
    wait_time = constant_throughput(10)

    @task
    def work(self):
        self.client.get("/fast")
