"""What a user and a call add for listeners."""
# run: -u 1
# says: me 7
# expect: GET /fast = 1
from locust import HttpUser, events, task
from locust.exception import StopUser


@events.request.add_listener
def on_request(context, **kwargs):
    print(context["who"], context["call"], flush=True)


class Visitor(HttpUser):
    def context(self):
        return {"who": "me", "call": 0}

    @task
    def work(self):
        self.client.get("/fast", context={"call": 7})
        raise StopUser()
