"""--equal-weights: every class and every task as often."""
# run: -u 4 -r 4 --equal-weights
# expect: GET /a = 2; GET /b = 2
from locust import HttpUser, task
from locust.exception import StopUser


class A(HttpUser):
    weight = 100

    @task
    def work(self):
        self.client.get("/anything", name="/a")
        raise StopUser()


class B(HttpUser):
    @task
    def work(self):
        self.client.get("/anything", name="/b")
        raise StopUser()
