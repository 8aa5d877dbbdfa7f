"""The same file for Locust and for brunt: one small request after the other."""

from locust import FastHttpUser, HttpUser, task


class Http(HttpUser):
    @task
    def get(self):
        self.client.get("/fast")


class Fast(FastHttpUser):
    @task
    def get(self):
        self.client.get("/fast")
