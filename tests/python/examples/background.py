"""A greenlet beside the test that ends it when too much fails."""
# run: -u 1 -t 20
# code: 1
# says: too many failures
# expect: GET /status/500 >= 2
import gevent
from locust import HttpUser, constant, events, task
from locust.runners import STATE_CLEANUP, STATE_STOPPED, STATE_STOPPING, WorkerRunner


def watch(environment):
    while environment.runner.state not in (STATE_STOPPING, STATE_STOPPED, STATE_CLEANUP):
        gevent.sleep(0.2)
        total = environment.runner.stats.total
        if total.num_requests >= 2 and total.fail_ratio > 0.2:
            print("too many failures", flush=True)
            environment.runner.quit()
            return


@events.init.add_listener
def on_init(environment, **kwargs):
    if not isinstance(environment.runner, WorkerRunner):
        gevent.spawn(watch, environment)


class Visitor(HttpUser):
    wait_time = constant(0.05)

    @task
    def work(self):
        self.client.get("/status/500")
