"""constant_pacing: a task begins every so often, however long it takes."""
# run: -u 1 -t 2
# expect: GET /fast >= 2; GET /fast <= 5
import time

from locust import HttpUser, constant_pacing, task


class Paced(HttpUser):
    wait_time = constant_pacing(0.5)

    @task
    def work(self):
        self.client.get("/fast")
        time.sleep(0.3)
