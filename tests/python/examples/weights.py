"""Tasks with weights: shares of the choices."""
# run: -u 2 -r 2
# expect: GET /fast >= 20; GET /users >= 1; total = 100
from locust import HttpUser, task
from locust.exception import StopUser


class Shopper(HttpUser):
    left = 50

    def once(self):
        self.left -= 1
        if self.left == 0:
            raise StopUser()

    @task(9)
    def often(self):
        self.client.get("/fast")
        self.once()

    @task
    def seldom(self):
        self.client.get("/users")
        self.once()
