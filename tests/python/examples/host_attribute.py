"""A host per class; whole URLs as they are."""
# run: -u 2 -r 2
# options: no-host
# expect: GET /fast = 1; GET {target}/users = 1; GET /health = 1
import os

from locust import HttpUser, task
from locust.exception import StopUser


class One(HttpUser):
    host = os.environ["TARGET"]

    @task
    def work(self):
        self.client.get("/fast")
        raise StopUser()


class Other(HttpUser):
    host = os.environ["TARGET"]

    @task
    def work(self):
        self.client.get(os.environ["TARGET"] + "/users", name=os.environ["TARGET"] + "/users")
        self.client.get("/health")
        raise StopUser()
