"""A task that says what comes next."""
# run: -u 1
# expect: GET /now = 1; GET /then = 1; GET /later = 1
from locust import HttpUser, TaskSet, task
from locust.exception import StopUser


class Room(TaskSet):
    @task
    def now(self):
        self.client.get("/anything", name="/now")
        self.schedule_task(self.later)
        self.schedule_task(self.then, first=True)

    def then(self):
        self.client.get("/anything", name="/then")

    def later(self):
        self.client.get("/anything", name="/later")
        raise StopUser()


class Visitor(HttpUser):
    tasks = [Room]
