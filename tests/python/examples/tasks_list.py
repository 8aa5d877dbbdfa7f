"""tasks as a list of functions."""
# run: -u 1
# expect: GET /fast = 10
from locust import HttpUser, task
from locust.exception import StopUser


def look(user):
    user.client.get("/fast")
    user.seen = getattr(user, "seen", 0) + 1
    if user.seen == 10:
        raise StopUser()


class Visitor(HttpUser):
    tasks = [look]
