"""A constant wait_time, in a TaskSet another than in the user."""
# run: -u 1 -t 1
# expect: GET /fast = 1; GET /users >= 3; GET /users <= 30
from locust import HttpUser, TaskSet, constant, task


class Browse(TaskSet):
    wait_time = constant(0.05)

    def on_start(self):
        self.client.get("/fast")

    @task
    def look(self):
        self.client.get("/users")


class Visitor(HttpUser):
    wait_time = constant(100)
    tasks = [Browse]
