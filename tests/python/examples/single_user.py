"""run_single_user() at the end of a file is for debuggers, and not in the way."""
# run: -u 1
# expect: GET /fast = 1
from locust import HttpUser, run_single_user, task
from locust.exception import StopUser


class Visitor(HttpUser):
    @task
    def work(self):
        self.client.get("/fast")
        raise StopUser()


if __name__ == "__main__":
    run_single_user(Visitor)
