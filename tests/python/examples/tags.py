"""--tags: only tasks with any of them."""
# run: -u 2 -r 2 --tags smoke
# expect: GET /smoke = 2; total = 2
from locust import HttpUser, TaskSet, tag, task
from locust.exception import StopUser


class Visitor(HttpUser):
    @tag("smoke")
    @task
    def smoke(self):
        self.client.get("/anything", name="/smoke")
        raise StopUser()

    @tag("load")
    @task(100)
    class Load(TaskSet):
        @task
        def load(self):
            self.client.get("/anything", name="/load")

    @task(100)
    def untagged(self):
        self.client.get("/anything", name="/untagged")
