"""Names of classes on the command line: only those run."""
# run: -u 3 -r 3 Wanted
# expect: GET /wanted = 3; total = 3
from locust import HttpUser, task
from locust.exception import StopUser


class Wanted(HttpUser):
    @task
    def work(self):
        self.client.get("/anything", name="/wanted")
        raise StopUser()


class Other(HttpUser):
    @task
    def work(self):
        self.client.get("/anything", name="/other")
        raise StopUser()
