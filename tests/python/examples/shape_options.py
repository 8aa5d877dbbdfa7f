"""A LoadTestShape that keeps -u and -r in mind."""
# run: -u 3 -r 3
# expect: GET /start = 3
from locust import HttpUser, LoadTestShape, constant, task


class Visitor(HttpUser):
    wait_time = constant(0.1)

    def on_start(self):
        self.client.get("/anything", name="/start")

    @task
    def work(self):
        self.client.get("/fast")


class AsAsked(LoadTestShape):
    use_common_options = True

    def tick(self):
        options = self.runner.environment.parsed_options
        return (options.num_users, options.spawn_rate) if self.get_run_time() < 1 else None
