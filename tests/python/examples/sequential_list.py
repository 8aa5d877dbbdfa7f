"""A list of tasks in order, among decorated methods."""
# run: -u 1
# says: before listed listed after
# expect: total = 4
from locust import HttpUser, SequentialTaskSet, task
from locust.exception import StopUser

TRACE = []


def listed(taskset):
    taskset.client.get("/fast")
    TRACE.append("listed")


class Steps(SequentialTaskSet):
    @task
    def before(self):
        self.client.get("/fast")
        TRACE.append("before")

    tasks = [listed, listed]

    @task
    def after(self):
        self.client.get("/fast")
        TRACE.append("after")
        print(*TRACE, flush=True)
        raise StopUser()


class Visitor(HttpUser):
    tasks = [Steps]
