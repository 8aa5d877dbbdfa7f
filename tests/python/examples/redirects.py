"""Redirects are followed, unless they are not to be."""
# run: -u 1
# options: redirects
# says: 200 302
from locust import HttpUser, task
from locust.exception import StopUser


class Visitor(HttpUser):
    @task
    def work(self):
        there = self.client.get("/redirect/1", name="/followed")
        here = self.client.get("/redirect/1", name="/not followed", allow_redirects=False)
        print(there.status_code, here.status_code, flush=True)
        raise StopUser()
