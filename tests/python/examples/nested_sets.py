"""Sets within sets, entered by weight and left by interrupt()."""
# run: -u 1
# expect: GET /list = 6; GET /item = 6
from locust import HttpUser, TaskSet, task
from locust.exception import StopUser


class Shop(TaskSet):
    @task
    class Shelf(TaskSet):
        @task
        def item(self):
            self.client.get("/anything", name="/item")
            self.interrupt(reschedule=False)

        def on_start(self):
            self.client.get("/anything", name="/list")
            self.user.rounds += 1

        def on_stop(self):
            if self.user.rounds == 6:
                raise StopUser()


class Visitor(HttpUser):
    rounds = 0
    tasks = [Shop]
