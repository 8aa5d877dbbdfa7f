"""A class with a fixed number of users, before the others."""
# run: -u 5 -r 5
# expect: GET /admin = 1; GET /visitor = 4
from locust import HttpUser, task
from locust.exception import StopUser


class Admin(HttpUser):
    fixed_count = 1

    @task
    def work(self):
        self.client.get("/anything", name="/admin")
        raise StopUser()


class Visitor(HttpUser):
    @task
    def work(self):
        self.client.get("/anything", name="/visitor")
        raise StopUser()
