"""rest(): JSON, checked with assert."""
# run: -u 1
# expect: GET /users = 2 failed 1; GET /html = 1 failed 1
# code: 1
from locust import FastHttpUser, task
from locust.exception import StopUser


class Visitor(FastHttpUser):
    @task
    def work(self):
        with self.rest("GET", "/users") as response:
            assert response.js[0]["id"] == 1
        with self.rest("GET", "/users") as response:
            assert len(response.js) == 1, "one was enough"
        with self.rest("GET", "/html"):
            pass
        raise StopUser()
