"""Parameters, headers, JSON and forms."""
# run: -u 1
# expect: GET /anything?page=2&size=10 = 1; POST /anything = 2
# says: {'a': 1} {'name': 'A B'} yes
from locust import HttpUser, task
from locust.exception import StopUser


class Visitor(HttpUser):
    @task
    def work(self):
        self.client.get("/anything", params={"page": 2, "size": 10})
        one = self.client.post("/anything", json={"a": 1}, headers={"X-Mine": "yes"}).json()
        two = self.client.post("/anything", data={"name": "A B"}).json()
        print(one["json"], two["form"], one["headers"]["X-Mine"], flush=True)
        raise StopUser()
