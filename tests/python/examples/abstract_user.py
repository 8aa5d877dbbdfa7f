"""An abstract base class with tasks that others inherit."""
# run: -u 2 -r 2
# expect: GET /fast = 1; GET /users = 1
from locust import HttpUser, task
from locust.exception import StopUser


class Base(HttpUser):
    abstract = True

    def path(self):
        raise NotImplementedError

    @task
    def work(self):
        self.client.get(self.path())
        raise StopUser()


class Fast(Base):
    def path(self):
        return "/fast"


class Users(Base):
    def path(self):
        return "/users"
