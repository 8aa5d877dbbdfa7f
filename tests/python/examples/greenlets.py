"""Requests of one user beside each other."""
# run: -u 1
# expect: GET /delayed = 4
from gevent.pool import Pool
from locust import HttpUser, task
from locust.exception import StopUser


class Visitor(HttpUser):
    @task
    def work(self):
        pool = Pool(4)
        for _ in range(4):
            pool.spawn(self.client.get, "/anything", name="/delayed")
        pool.join()
        raise StopUser()
