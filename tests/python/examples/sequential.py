"""Tasks in their order."""
# run: -u 1
# says: 1 2 2 3 1 2 2 3
# expect: total = 8
from locust import HttpUser, SequentialTaskSet, task
from locust.exception import StopUser


class Steps(SequentialTaskSet):
    def step(self, name):
        self.client.get("/fast", name=f"/{name}")
        self.user.trace.append(name)

    @task
    def first(self):
        self.step(1)

    @task(2)
    def second(self):
        self.step(2)

    @task
    def third(self):
        self.step(3)
        if len(self.user.trace) == 8:
            print(*self.user.trace, flush=True)
            raise StopUser()


class Visitor(HttpUser):
    trace = []
    tasks = [Steps]
