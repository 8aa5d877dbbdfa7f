"""FastHttpUser."""
# run: -u 2 -r 2
# expect: GET /fast = 2; POST /anything = 2; GET /status/503 = 2 failed 2
# code: 1
from locust import FastHttpUser, task
from locust.exception import StopUser


class Visitor(FastHttpUser):
    network_timeout = 5.0
    connection_timeout = 5.0

    @task
    def work(self):
        self.client.get("/fast")
        answer = self.client.post("/anything", json={"n": 1})
        assert answer.json()["json"] == {"n": 1}
        self.client.get("/status/503")
        raise StopUser()
