"""events.request: a listener for every request."""
# run: -u 1
# says: GET /fast 200 None
# code: 1
# expect: GET /fast = 1; GET /status/404 = 1 failed 1
from locust import HttpUser, events, task
from locust.exception import StopUser


@events.request.add_listener
def on_request(request_type, name, response_time, response_length, response, context, exception, start_time, url, **kwargs):
    if name == "/fast":
        print(request_type, name, response.status_code, exception, flush=True)
    assert response_time >= 0 and start_time > 1e9 and url.startswith("http")


class Visitor(HttpUser):
    @task
    def work(self):
        self.client.get("/fast")
        self.client.get("/status/404")
        raise StopUser()
