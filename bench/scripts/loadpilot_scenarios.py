"""What bench/python.py runs: users without pause, or users that only wait. Rates are the command line's."""
import time

from loadpilot import VUser, scenario, task


@scenario(rps=1000)
class Static(VUser):
    @task
    def get(self, client):
        client.get("/fast")


@scenario(rps=1000)
class Hooks(VUser):
    def on_start(self, client):
        self.token = client.get("/uuid").json()["uuid"]

    @task
    def get(self, client):
        client.get("/fast", headers={"Authorization": f"Bearer {self.token}"})

    def check_get(self, status_code, body):
        assert status_code == 200 and body["ok"]


@scenario(rps=1000)
class AsyncHooks(Hooks):
    @task
    async def get(self, client):
        client.get("/fast", headers={"Authorization": f"Bearer {self.token}"})


@scenario(rps=1000)
class Batch(VUser):
    @task
    def five(self, client):
        client.batch([{"path": "/fast"}] * 5)


@scenario(rps=1000)
class Empty(VUser):
    """An iteration and nothing else."""

    @task
    def nothing(self, client):
        pass


@scenario(rps=1000)
class Compute(VUser):
    """Only Python, about a fifth of a millisecond: what a processor more is worth."""

    @task
    def sum(self, client):
        n = 0
        for i in range(5000):
            n += i * i


@scenario(rps=1000)
class Switch(VUser):
    """A hundred suspensions that end at once."""

    @task
    def naps(self, client):
        for _ in range(100):
            time.sleep(1e-9)


@scenario(rps=1000)
class Idle(VUser):
    @task
    def wait(self, client):
        time.sleep(36000)
