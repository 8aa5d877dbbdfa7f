"""An exception in a task is counted, and the user goes on."""
# run: -u 1
# code: 1
# says: heard ValueError
# expect: GET /fast = 2
from locust import HttpUser, events, task
from locust.exception import StopUser


@events.user_error.add_listener
def on_error(user_instance, exception, tb, **kwargs):
    print("heard", type(exception).__name__, flush=True)


class Visitor(HttpUser):
    rounds = 0

    @task
    def work(self):
        self.client.get("/fast")
        self.rounds += 1
        if self.rounds == 1:
            raise ValueError("no such luck")
        raise StopUser()
