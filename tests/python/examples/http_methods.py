"""All methods of the client."""
# run: -u 1
# expect: GET /anything = 1; POST /anything = 1; PUT /anything = 1; PATCH /anything = 1; DELETE /anything = 1; HEAD /anything = 1; OPTIONS /anything = 1
from locust import HttpUser, task
from locust.exception import StopUser


class Visitor(HttpUser):
    @task
    def work(self):
        client = self.client
        for send in (client.get, client.post, client.put, client.patch, client.delete, client.head, client.options):
            send("/anything")
        raise StopUser()
