"""A client of another protocol, measured by events.request.fire()."""
# run: -u 1
# code: 1
# expect: LINE hello = 2; LINE broken = 1 failed 1
import time

from locust import User, task
from locust.exception import StopUser


class LineClient:
    def __init__(self, request_event):
        self._request_event = request_event

    def send(self, name, fails=False):
        began, exception = time.perf_counter(), None
        time.sleep(0.01)
        if fails:
            exception = ConnectionError("the line is dead")
        self._request_event.fire(request_type="LINE", name=name, response_time=(time.perf_counter() - began) * 1000,
                                 response_length=5, response=None, context={}, exception=exception)


class LineUser(User):
    abstract = True

    def __init__(self, environment):
        super().__init__(environment)
        self.client = LineClient(environment.events.request)


class Caller(LineUser):
    @task
    def work(self):
        self.client.send("hello")
        self.client.send("hello")
        self.client.send("broken", fails=True)
        raise StopUser()
