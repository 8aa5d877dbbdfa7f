"""A token out of a page, sent back in a form."""
# run: -u 1
# expect: GET /anything?csrf=t0ken = 1; POST /login = 1
# says: t0ken
import re

from locust import HttpUser, task
from locust.exception import StopUser


class Visitor(HttpUser):
    def on_start(self):
        page = self.client.get("/anything?csrf=t0ken").text
        token = re.search(r'"csrf": *"(\w+)"', page).group(1)
        answer = self.client.post("/anything", data={"user": "me", "csrf": token}, name="/login").json()
        print(answer["form"]["csrf"], flush=True)

    @task
    def work(self):
        raise StopUser()
