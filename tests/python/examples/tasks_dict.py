"""tasks as a dict of functions and weights, beside decorated methods."""
# run: -u 1
# expect: total = 12; GET /users = 0
from locust import HttpUser, task
from locust.exception import StopUser


def count(user):
    user.seen = getattr(user, "seen", 0) + 1
    if user.seen == 12:
        raise StopUser()


def look(user):
    user.client.get("/fast")
    count(user)


def never(user):
    user.client.get("/users")


class Visitor(HttpUser):
    tasks = {look: 5, never: 0}

    @task
    def ask(self):
        self.client.get("/health")
        count(self)
