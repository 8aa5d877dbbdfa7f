"""wait_time between two bounds."""
# run: -u 4 -r 4 -t 1
# expect: GET /fast >= 12; GET /fast <= 80
from locust import HttpUser, between, task


class Slow(HttpUser):
    wait_time = between(0.05, 0.15)

    @task
    def look(self):
        self.client.get("/fast")
