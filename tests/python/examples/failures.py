"""Without a word of the script, a status from 400 on is a failure."""
# run: -u 1
# code: 1
# expect: GET /status/404 = 1 failed 1; GET /status/500 = 1 failed 1; GET /status/302 = 1
from locust import HttpUser, task
from locust.exception import StopUser


class Visitor(HttpUser):
    @task
    def work(self):
        self.client.get("/status/404")
        self.client.get("/status/500")
        self.client.get("/status/302", allow_redirects=False)
        raise StopUser()
