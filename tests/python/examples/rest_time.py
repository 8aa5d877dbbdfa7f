"""rest_(): a time in the query that no cache has seen."""
# run: -u 1
# expect: GET /anything?_=... = 2
from locust import FastHttpUser, task
from locust.exception import StopUser


class Visitor(FastHttpUser):
    @task
    def work(self):
        for _ in range(2):
            with self.rest_("GET", "/anything") as response:
                assert response.js["args"]["_"]
        raise StopUser()
