"""A session per user: cookies stay."""
# run: -u 2 -r 2
# expect: GET /cookies = 2; GET /cookies/set?session=abc >= 2
# says: {'session': 'abc'}
from locust import HttpUser, task
from locust.exception import StopUser


class Visitor(HttpUser):
    def on_start(self):
        self.client.get("/cookies/set?session=abc")

    @task
    def work(self):
        print(self.client.get("/cookies").json()["cookies"], flush=True)
        raise StopUser()
