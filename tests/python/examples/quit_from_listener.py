"""The test ends when a listener has seen enough."""
# run: -u 1 -t 20
# expect: GET /fast = 5
from locust import HttpUser, constant, events, task


@events.init.add_listener
def on_init(environment, **kwargs):
    seen = []

    def on_request(**kwargs):
        seen.append(1)
        if len(seen) == 5:
            environment.runner.quit()

    environment.events.request.add_listener(on_request)


class Visitor(HttpUser):
    wait_time = constant(0.1)

    @task
    def work(self):
        self.client.get("/fast")
