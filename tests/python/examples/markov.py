"""A walk along transitions."""
# run: -u 1
# says: home list item list item list
# expect: total = 6
from locust import HttpUser, MarkovTaskSet, task, transition, transitions
from locust.exception import StopUser

TRACE = []


class Walk(MarkovTaskSet):
    def go(self, name):
        self.client.get("/fast", name=f"/{name}")
        TRACE.append(name)
        if len(TRACE) == 6:
            print(*TRACE, flush=True)
            raise StopUser()

    @transition("list")
    def home(self):
        self.go("home")

    @transitions({"item": 3, "home": 0})
    def list(self):
        self.go("list")

    @transitions(["list"])
    def item(self):
        self.go("item")


class Visitor(HttpUser):
    tasks = [Walk]
