"""on_start and on_stop of users and sets."""
# run: -u 2 -r 2 -t 2
# expect: GET /login = 2; GET /enter = 2; GET /leave = 2; GET /logout = 2
from locust import HttpUser, TaskSet, constant, task


class Room(TaskSet):
    def on_start(self):
        self.client.get("/anything", name="/enter")

    def on_stop(self):
        self.client.get("/anything", name="/leave")

    @task
    def work(self):
        self.client.get("/fast")


class Visitor(HttpUser):
    wait_time = constant(5)
    tasks = [Room]

    def on_start(self):
        self.client.get("/anything", name="/login")

    def on_stop(self):
        self.client.get("/anything", name="/logout")
