"""Users that take their names from a queue."""
# run: -u 3 -r 3
# expect: GET /as ann = 1; GET /as bob = 1; GET /as cat = 1
from collections import deque

from locust import HttpUser, task
from locust.exception import StopUser

NAMES = deque(["ann", "bob", "cat"])


class Visitor(HttpUser):
    def on_start(self):
        self.name = NAMES.popleft()

    @task
    def work(self):
        self.client.get("/anything", name=f"/as {self.name}")
        raise StopUser()
