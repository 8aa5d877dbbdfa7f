"""Rows of a file, one for each user."""
# run: -u 2 -r 2
# expect: GET /as ann = 1; GET /as bob = 1
import csv
import io

from locust import HttpUser, task
from locust.exception import StopUser

ROWS = csv.DictReader(io.StringIO("name,password\nann,1\nbob,2\n"))


class Visitor(HttpUser):
    def on_start(self):
        self.row = next(ROWS)

    @task
    def work(self):
        self.client.get("/anything", name=f"/as {self.row['name']}")
        raise StopUser()
