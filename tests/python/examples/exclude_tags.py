"""--exclude-tags: none of those."""
# run: -u 2 -r 2 --exclude-tags slow load
# expect: GET /quick = 2; total = 2
from locust import HttpUser, TaskSet, tag, task
from locust.exception import StopUser


class Visitor(HttpUser):
    @task
    def quick(self):
        self.client.get("/anything", name="/quick")
        raise StopUser()

    @tag("slow")
    @task(100)
    def slow(self):
        self.client.get("/slow")

    @tag("load")
    @task(100)
    class Load(TaskSet):
        @task
        def load(self):
            self.client.get("/anything", name="/load")
