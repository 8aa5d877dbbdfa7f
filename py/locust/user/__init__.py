from locust.user.task import TaskSet, tag, task
from locust.user.users import HttpUser, User

__all__ = ["HttpUser", "TaskSet", "User", "tag", "task"]
