"""A LoadTestShape that says which classes run."""
# run:
# expect: GET /first >= 2; GET /second >= 2
from locust import HttpUser, LoadTestShape, constant, task


class First(HttpUser):
    wait_time = constant(0.1)

    def on_start(self):
        self.client.get("/anything", name="/first")

    @task
    def work(self):
        self.client.get("/fast")


class Second(First):
    def on_start(self):
        self.client.get("/anything", name="/second")


class Classes(LoadTestShape):
    def tick(self):
        t = self.get_run_time()
        return (2, 2, [First]) if t < 1 else (4, 4, [Second]) if t < 3 else None
