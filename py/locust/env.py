"""What a script knows of the test it belongs to."""

from locust.event import Events
from locust.exception import LocustError
from locust.stats import RequestStats
from locust.user.task import filter_tasks_by_tags


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
        self.stop_timeout = float(stop_timeout if stop_timeout is not None else getattr(parsed_options, "stop_timeout", 0))
        self.catch_exceptions = catch_exceptions
        self.parsed_options = parsed_options
        self.parsed_locustfiles = parsed_locustfiles or []
        self.available_user_classes = available_user_classes or {}
        self.available_shape_classes = available_shape_classes or {}
        self.available_user_tasks = available_user_tasks or {}
        self.dispatcher_class = dispatcher_class
        self.profile = profile
        self.process_exit_code = None
        self.runner = None
        self.web_ui = None
        self.worker_logs = {}
        self.is_counting = False  # requests, in Python
        self._stats = RequestStats()

    @property
    def stats(self):
        """Counted from the first look on; from the start when the file speaks of them."""
        self.count_requests()
        return self._stats

    def count_requests(self):
        if self.is_counting:
            return
        self.is_counting = True
        self.events.request.add_listener(self._stats.on_request)
        if self.runner is not None:
            self.runner.on_counting()

    @property
    def user_classes_by_name(self):
        return {cls.__name__: cls for cls in self.user_classes}

    def assign_equal_weights(self):
        """Each class as often as any other, and in each every task as often, those of sets without the sets."""
        for cls in self.user_classes:
            cls.weight = 1
            found, left = [], list(cls.tasks)
            while left:
                one = left.pop()
                if hasattr(one, "tasks") and not hasattr(one, "current"):  # a MarkovTaskSet is nothing without its order
                    left += one.tasks
                elif one not in found:
                    found.append(one)
            cls.tasks = found

    def remove_unweighted(self):
        """A class without weight has no users, unless a number of them is fixed."""
        self.user_classes[:] = [c for c in self.user_classes if c.weight > 0 or c.fixed_count > 0]

    def filter_tasks(self):
        tags = set(self.tags) if self.tags is not None else None
        without = set(self.exclude_tags) if self.exclude_tags is not None else None
        checked = {}
        for cls in self.user_classes if tags is not None or without is not None else ():
            filter_tasks_by_tags(cls, tags, without, checked)

    def update_user_class(self, user_settings):
        """As --config-users: {"user_class_name": ..., "tasks": [names], attribute: value}."""
        name = user_settings.get("user_class_name")
        if name not in self.available_user_classes:
            raise LocustError(f"there is no User class '{name}'")
        cls = self.available_user_classes[name]
        for key, value in user_settings.items():
            if key == "tasks":
                cls.tasks = [t for t in self.available_user_tasks.get(name, cls.tasks) if t.__name__ in value]
            elif key != "user_class_name":
                setattr(cls, key, value)

    def update_worker_logs(self, worker_log_report):
        if worker_log_report.get("worker_id"):
            self.worker_logs[worker_log_report["worker_id"]] = worker_log_report.get("logs", [])

    # ---- Locust as a library, which brunt is not ----

    def create_local_runner(self, *_, **__):
        raise LocustError("Locust cannot be driven as a library here: `brunt run FILE.py -- -u 10 -t 1m` runs a locustfile")

    create_master_runner = create_worker_runner = create_web_ui = create_local_runner
