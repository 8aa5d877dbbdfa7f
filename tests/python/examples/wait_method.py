"""wait_time as a method that remembers."""
# run: -u 1
# expect: GET /fast = 4
# says: waited 0.01 0.02 0.03
from locust import HttpUser, task
from locust.exception import StopUser


class Growing(HttpUser):
    waits = ()

    def wait_time(self):
        self.waits += (round(0.01 * (len(self.waits) + 1), 2),)
        return self.waits[-1]

    @task
    def work(self):
        self.client.get("/fast")
        if len(self.waits) == 3:
            print("waited", *self.waits, flush=True)
            raise StopUser()
