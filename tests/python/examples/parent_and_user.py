"""A set knows its user and its parent."""
# run: -u 1
# expect: GET /fast = 1
# says: Outer Visitor True
from locust import HttpUser, TaskSet, task
from locust.exception import StopUser


class Visitor(HttpUser):
    @task
    class Outer(TaskSet):
        @task
        class Inner(TaskSet):
            @task
            def work(self):
                print(type(self.parent).__name__, type(self.user).__name__, self.client is self.user.client, flush=True)
                self.client.get("/fast")
                raise StopUser()
