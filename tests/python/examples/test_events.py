"""Hooks of a test, from its first to its last."""
# run: -u 2 -r 2 -t 2
# says: init test_start spawning_complete test_stopping test_stop quitting
# expect: GET /fast = 2
from locust import HttpUser, constant, events, task

SEEN = []


@events.init.add_listener
def on_init(environment, **kwargs):
    SEEN.append("init")


@events.test_start.add_listener
def on_start(environment, **kwargs):
    SEEN.append("test_start")


@events.spawning_complete.add_listener
def on_spawned(user_count, **kwargs):
    assert user_count == 2
    SEEN.append("spawning_complete")


@events.test_stopping.add_listener
def on_stopping(environment, **kwargs):
    SEEN.append("test_stopping")


@events.test_stop.add_listener
def on_stop(environment, **kwargs):
    SEEN.append("test_stop")


@events.quitting.add_listener
def on_quitting(environment, **kwargs):
    print(*SEEN, "quitting", flush=True)


class Visitor(HttpUser):
    wait_time = constant(5)

    @task
    def work(self):
        self.client.get("/fast")
