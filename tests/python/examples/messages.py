"""Messages between the process that was started and those with the users."""
# run: -u 1
# says: got [1, 2, 3] / thanks 3
# expect: GET /fast = 1
from locust import HttpUser, events, task
from locust.exception import StopUser
from locust.runners import MasterRunner, WorkerRunner


def on_data(environment, msg, **kwargs):
    environment.data = msg.data
    environment.runner.send_message("thanks", f"thanks {len(msg.data)}")


def on_thanks(environment, msg, **kwargs):
    print("got [1, 2, 3] /", msg.data, flush=True)


@events.init.add_listener
def on_init(environment, **kwargs):
    if not isinstance(environment.runner, MasterRunner):
        environment.runner.register_message("data", on_data)
    if not isinstance(environment.runner, WorkerRunner):
        environment.runner.register_message("thanks", on_thanks)


@events.test_start.add_listener
def on_start(environment, **kwargs):
    if not isinstance(environment.runner, WorkerRunner):
        environment.runner.send_message("data", [1, 2, 3])


class Visitor(HttpUser):
    @task
    def work(self):
        assert self.environment.data == [1, 2, 3]
        self.client.get("/fast")
        raise StopUser()
