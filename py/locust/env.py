"""What a script knows of the test it belongs to."""

from locust.event import Events
from locust.stats import RequestStats


class Environment:
    def __init__(self, *, user_classes=None, shape_class=None, tags=None, locustfile=None, exclude_tags=None, events=None,
                 host=None, reset_stats=False, stop_timeout=None, catch_exceptions=True, parsed_options=None,
                 parsed_locustfiles=None, available_user_classes=None, available_shape_classes=None,
                 available_user_tasks=None, dispatcher_class=None, profile=None):
        self.user_classes = user_classes or []
        self.shape_class = shape_class
        self.tags, self.exclude_tags = tags, exclude_tags
        self.locustfile = locustfile
        self.events = events or Events()
        self.host = host
        self.reset_stats = reset_stats
        self.stop_timeout = stop_timeout
        self.catch_exceptions = catch_exceptions
        self.parsed_options = parsed_options
        self.parsed_locustfiles = parsed_locustfiles or []
        self.available_user_classes = available_user_classes or {}
        self.available_shape_classes = available_shape_classes or {}
        self.available_user_tasks = available_user_tasks or {}
        self.profile = profile
        self.process_exit_code = None
        self.runner = None
        self.web_ui = None
        self.worker_logs = {}
        self._stats = RequestStats()

    @property
    def stats(self):
        return self._stats.watch(self.events.request)
