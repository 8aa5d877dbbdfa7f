"""--stop-timeout: tasks may finish, waiting users go at once."""
# run: -u 2 -r 2 -t 1 -s 10
# expect: GET /begin = 2; GET /end = 1; GET /bye = 2
import time

from locust import HttpUser, constant, task


class Busy(HttpUser):
    @task
    def work(self):
        self.client.get("/anything", name="/begin")
        time.sleep(1.5)
        self.client.get("/anything", name="/end")

    def on_stop(self):
        self.client.get("/anything", name="/bye")


class Waiting(HttpUser):
    wait_time = constant(3600)

    @task
    def work(self):
        self.client.get("/anything", name="/begin")

    def on_stop(self):
        self.client.get("/anything", name="/bye")
