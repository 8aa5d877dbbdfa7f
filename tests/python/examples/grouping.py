"""name=: one row for many addresses."""
# run: -u 1
# expect: GET /item/[id] = 10
from locust import HttpUser, task
from locust.exception import StopUser


class Visitor(HttpUser):
    @task
    def work(self):
        for i in range(10):
            self.client.get(f"/anything?id={i}", name="/item/[id]")
        raise StopUser()
