"""Scenarios in the shapes that LoadPilot's documentation shows, over a small shop; loadpilot_examples.py runs them."""
import random
import threading

from loadpilot import LoadClient, VUser, scenario, task

SHORT = {"rps": 20, "duration": "2s", "mode": "constant"}


class Member(VUser):
    """A shared base with the login: LoadPilot itself does not see an inherited on_start."""

    def on_start(self, client: LoadClient):
        reply = client.post("/auth/login", json={"username": f"user_{random.randint(1, 99)}", "password": "secret"})
        reply.raise_for_status()
        self.token = reply.json()["access_token"]

    def _auth(self):
        return {"Authorization": f"Bearer {self.token}"}


@scenario(**SHORT)
class Alive:
    """No base class at all."""

    @task
    def ping(self, client):
        client.get("/health")


@scenario(**SHORT)
class Weights(VUser):
    @task(weight=3)
    def health(self, client):
        client.get("/health")

    @task(weight=1)
    def root(self, client):
        client.get("/")


@scenario(**SHORT, thresholds={"p99_ms": 30000, "p95_ms": 30000, "error_rate": 1.0})
class Checkout(Member):
    @task(weight=5)
    def browse(self, client):
        client.get("/api/products", headers=self._auth())

    def check_browse(self, status_code: int, body):
        assert status_code == 200 and isinstance(body, list)

    @task(weight=2)
    def view(self, client):
        client.get(f"/api/products/{random.randint(1, 100)}", headers=self._auth())

    @task(weight=1)
    def purchase(self, client):
        client.post("/api/orders", json={"product_id": 42, "qty": 1}, headers=self._auth())


@scenario(**SHORT)
class SeveralCalls(Member):
    """The second request needs what the first gave."""

    @task
    def checkout(self, client):
        cart = client.get("/cart", headers=self._auth())
        item = cart.json()["items"][0]["id"]
        client.post("/orders", json={"item_id": item, "qty": 1}, headers=self._auth())

    def check_checkout(self, status_code, body):
        assert status_code == 201 and body["item_id"] == 7


@scenario(**SHORT)
class AtOnce(Member):
    @task
    def profile(self, client):
        paths = ("/api/user", "/api/orders", "/cart")
        user, orders, cart = client.batch([{"method": "GET", "path": p, "headers": self._auth()} for p in paths])
        assert user.json()["id"] == 1 and orders.json() == [] and cart.json()["items"]


@scenario(**SHORT)
class Projects(Member):
    """One project for all users, made by the first and deleted by the last; made under a lock."""

    lock, project, users = threading.Lock(), None, 0

    def on_start(self, client):
        super().on_start(client)
        with Projects.lock:
            Projects.users += 1
            if Projects.project is None:
                Projects.project = client.post("/api/v1/projects", json={"name": "ours"}, headers=self._auth()).json()["id"]

    @task(weight=4)
    def read(self, client):
        client.get(f"/api/v1/projects/{self.project}", headers=self._auth())

    @task(weight=1)
    def rename(self, client):
        client.patch(f"/api/v1/projects/{self.project}", json={"name": "mine"}, headers=self._auth())

    def on_stop(self, client):
        with Projects.lock:
            Projects.users -= 1
            if Projects.users == 0:
                client.delete(f"/api/v1/projects/{self.project}", headers=self._auth())


@scenario(**SHORT)
class AllVerbs(Member):
    @task
    async def change(self, client):
        client.put("/api/items/1", json={"a": 1}, headers=self._auth())
        client.patch("/api/items/1", data={"a": "2"}, headers=self._auth())
        client.delete("/api/items/1", headers=self._auth())
