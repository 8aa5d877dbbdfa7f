"""request_name and rename_request()."""
# run: -u 1
# expect: GET /blog = 3; GET /about = 2
from locust import HttpUser, task
from locust.exception import StopUser


class Visitor(HttpUser):
    @task
    def work(self):
        self.client.request_name = "/blog"
        for i in range(3):
            self.client.get(f"/anything?post={i}")
        self.client.request_name = None
        with self.client.rename_request("/about"):
            self.client.get("/anything?1")
            self.client.get("/anything?2")
        raise StopUser()
