"""What bench/loadpilot.py runs under LoadPilot and under brunt: the shapes of LoadPilot's own benchmark. Environment: RPS,
SECONDS."""
import os

from loadpilot import LoadClient, VUser, scenario, task

LOAD = {"rps": int(os.environ.get("RPS", "500")), "duration": os.environ.get("SECONDS", "10") + "s", "ramp_up": "0s",
        "mode": "constant"}
FIVE = max(LOAD["rps"] // 5, 1)


@scenario(**LOAD)
class Static(VUser):
    """No hooks: LoadPilot sends this from Rust, and Python has no part in it."""

    @task
    def fast(self, client: LoadClient):
        client.get("/fast")


class Login(VUser):
    def on_start(self, client: LoadClient):
        self.token = client.get("/uuid").json()["uuid"]


@scenario(**LOAD)
class OnStart(Login):
    """A login, and a task with what it gave."""

    def on_start(self, client: LoadClient):  # LoadPilot does not see an inherited one
        super().on_start(client)

    @task
    def fast(self, client: LoadClient):
        client.get("/fast", headers={"Authorization": f"Bearer {self.token}"})


@scenario(**LOAD)
class Full(Login):
    """The same with an async task and a check of its body."""

    def on_start(self, client: LoadClient):
        super().on_start(client)

    @task
    async def fast(self, client: LoadClient):
        client.get("/fast", headers={"Authorization": f"Bearer {self.token}"})

    def check_fast(self, status_code: int, body):
        assert status_code == 200
        assert body["ok"]


@scenario(**{**LOAD, "rps": FIVE})
class Batch(Login):
    """Five requests at once, a fifth as often."""

    def on_start(self, client: LoadClient):
        super().on_start(client)

    @task
    def fast(self, client: LoadClient):
        headers = {"Authorization": f"Bearer {self.token}"}
        client.batch([{"method": "GET", "path": "/fast", "headers": headers} for _ in range(5)])


@scenario(**LOAD)
class Probe(VUser):
    """Every request is a failure, where checks are run."""

    @task
    def fast(self, client: LoadClient):
        client.get("/fast")

    def check_fast(self, status_code: int, body):
        raise AssertionError("as it should")
