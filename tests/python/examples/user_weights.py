"""Classes of users with weights."""
# run: -u 8 -r 8
# expect: GET /phone = 6; GET /desktop = 2
from locust import HttpUser, task
from locust.exception import StopUser


class Phone(HttpUser):
    weight = 3

    @task
    def work(self):
        self.client.get("/anything", name="/phone")
        raise StopUser()


class Desktop(HttpUser):
    weight = 1

    @task
    def work(self):
        self.client.get("/anything", name="/desktop")
        raise StopUser()
