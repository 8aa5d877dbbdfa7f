"""user.stop(): the user ends after its task."""
# run: -u 2 -r 2
# expect: GET /fast = 2; GET /bye = 2
from locust import HttpUser, task


class Visitor(HttpUser):
    @task
    def work(self):
        self.stop()
        self.client.get("/fast")

    def on_stop(self):
        self.client.get("/anything", name="/bye")
