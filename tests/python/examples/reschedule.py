"""RescheduleTask and RescheduleTaskImmediately leave a task early."""
# run: -u 1
# expect: GET /fast = 3
from locust import HttpUser, constant, task
from locust.exception import RescheduleTask, RescheduleTaskImmediately, StopUser


class Visitor(HttpUser):
    wait_time = constant(0.01)
    rounds = 0

    @task
    def work(self):
        self.client.get("/fast")
        self.rounds += 1
        if self.rounds == 1:
            raise RescheduleTask()
        if self.rounds == 2:
            raise RescheduleTaskImmediately()
        raise StopUser()
