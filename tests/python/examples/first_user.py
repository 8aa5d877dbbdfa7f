"""One user, one task."""
# run: -u 1
# expect: GET /fast = 3
from locust import HttpUser, constant, task
from locust.exception import StopUser


class Visitor(HttpUser):
    wait_time = constant(0.01)
    visits = 0

    @task
    def look(self):
        self.client.get("/fast")
        self.visits += 1
        if self.visits == 3:
            raise StopUser()
