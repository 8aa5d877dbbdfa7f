"""What tests of the web API swarm: a request that passes, one that fails, a task that raises, an option of its own."""
from locust import HttpUser, constant, events, task


@events.init_command_line_parser.add_listener
def _(parser):
    parser.add_argument("--colour", default="red", help="what to ask for")
    parser.add_argument("--depth", type=int, default=1)
    parser.add_argument("--loud", action="store_true")
    parser.add_argument("--hidden", default="kept", include_in_web_ui=False)


class Visitor(HttpUser):
    wait_time = constant(0.05)

    @task(3)
    def home(self):
        own = self.environment.parsed_options
        self.client.get(f"/anything?{own.colour}-{own.depth}-{own.loud}-{own.hidden}", name=f"/{own.colour}-{own.depth}-{own.loud}-"
                        f"{own.hidden}")

    @task
    def missing(self):
        self.client.get("/status/404", name="/missing")


class Raiser(HttpUser):
    weight = 1
    wait_time = constant(0.05)

    @task
    def boom(self):
        self.client.get("/", name="/raiser")
        raise ValueError("boom")
