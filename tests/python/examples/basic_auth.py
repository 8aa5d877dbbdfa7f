"""auth= and a name and password in the host."""
# run: -u 1
# expect: GET /basic-auth/me/secret = 2 failed 1
# code: 1
from locust import HttpUser, task
from locust.exception import StopUser


class Visitor(HttpUser):
    @task
    def work(self):
        self.client.get("/basic-auth/me/secret", auth=("me", "secret"))
        self.client.get("/basic-auth/me/secret")
        raise StopUser()
