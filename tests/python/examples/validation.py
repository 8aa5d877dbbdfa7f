"""catch_response: the script says what is a failure."""
# run: -u 1
# code: 1
# expect: GET /status/404 = 1; GET /fast = 3 failed 2
from locust import HttpUser, task
from locust.exception import ResponseError, StopUser


class Visitor(HttpUser):
    @task
    def work(self):
        with self.client.get("/status/404", catch_response=True) as response:
            if response.status_code == 404:
                response.success()
        with self.client.get("/fast", catch_response=True) as response:
            if response.json()["speed"] != "slow":
                response.failure("it is fast")
        with self.client.get("/fast", catch_response=True) as response:
            if "ok" in response.text:
                raise ResponseError("it is ok")
        with self.client.get("/fast", catch_response=True) as response:
            if response.elapsed.total_seconds() > 10:
                response.failure("it took long")
        raise StopUser()
