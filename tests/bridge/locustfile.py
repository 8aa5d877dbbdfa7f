"""Three endpoints of the demo target, one of which always fails."""
from locust import HttpUser, constant, task


class Visitor(HttpUser):
    wait_time = constant(0.02)

    @task(3)
    def home(self):
        self.client.get("/")

    @task
    def search(self):
        self.client.get("/anything?q=a&b=c", name="/search?q=a&b=c")

    @task
    def missing(self):
        self.client.get("/status/404", name="/missing")
