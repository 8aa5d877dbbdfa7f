"""The runner of a script, as far as scripts look at it: brunt runs the users."""

import _brunt
from locust.exception import StopTest

STATE_INIT, STATE_SPAWNING, STATE_RUNNING, STATE_CLEANUP = "ready", "spawning", "running", "cleanup"
STATE_STOPPING, STATE_STOPPED, STATE_MISSING = "stopping", "stopped", "missing"


class Runner:
    def __init__(self, environment):
        self.environment = environment
        self.state = STATE_INIT
        self.exceptions = {}
        self.greenlet = None
        self.user_classes_count = {c.__name__: 0 for c in environment.user_classes}
        self.target_user_count = 0
        self._messages = {}

    @property
    def user_count(self):
        return sum(self.user_classes_count.values())

    @property
    def stats(self):
        return self.environment.stats

    @property
    def errors(self):
        return self.stats.errors

    @property
    def user_classes(self):
        return self.environment.user_classes

    def quit(self):
        self.stop()

    def stop(self):
        self.state = STATE_STOPPING
        _brunt.stop("the script asked for it")

    def register_message(self, msg_type, listener, concurrent=False):
        self._messages[msg_type] = listener

    def send_message(self, msg_type, data=None, client_id=None):
        """To this process itself: there are no others."""
        listener = self._messages.get(msg_type)
        if listener:
            from types import SimpleNamespace
            listener(environment=self.environment, msg=SimpleNamespace(type=msg_type, data=data, node_id="local"))

    def start(self, *_, **__):
        raise StopTest("users are started by the command: -u, -r, -t, or a LoadTestShape")


class LocalRunner(Runner):
    pass


class DistributedRunner(Runner):
    pass


class MasterRunner(DistributedRunner):
    pass


class WorkerRunner(DistributedRunner):
    pass
