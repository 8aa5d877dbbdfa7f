"""Nobody answers: a failure, and no exception."""
# run: -u 1
# expect: GET /nobody = 1 failed 1
# code: 1
from locust import HttpUser, task
from locust.exception import StopUser


class Visitor(HttpUser):
    @task
    def work(self):
        response = self.client.get("http://127.0.0.1:1/", name="/nobody")
        assert response.status_code == 0
        raise StopUser()
