"""Tasks that say what comes after them, and how likely."""

import random

from locust.exception import LocustError
from locust.user.task import TaskSet, TaskSetMeta


class NoMarkovTasksError(LocustError):
    pass


class InvalidTransitionError(LocustError):
    pass


class NonMarkovTaskError(LocustError):
    pass


class MarkovTaskTagError(LocustError):
    pass


def _add(func, name, weight):
    if not hasattr(func, "transitions"):
        func.transitions = []
    func.transitions.append((name, weight))
    return func


def transition(func_name, weight=1):
    """After this task comes that one, with so much weight."""
    return lambda func: _add(func, func_name, weight)


def transitions(weights):
    """Several: {name: weight}, or a list of names and (name, weight)."""

    def decorate(func):
        for item in weights.items() if isinstance(weights, dict) else weights:
            name, weight = item if isinstance(item, tuple) else (item, 1)
            _add(func, name, weight)
        return func

    return decorate


class MarkovTaskSetMeta(TaskSetMeta):
    def __new__(mcs, name, bases, class_dict):
        made = super().__new__(mcs, name, bases, class_dict)
        chain = [v for v in class_dict.values() if hasattr(v, "transitions")]
        for one in chain:
            if getattr(one, "locust_tag_set", None):
                raise MarkovTaskTagError(f"{name}.{one.__name__}: tasks of a MarkovTaskSet have no tags")
            for target, _ in one.transitions:
                if target not in class_dict:
                    raise InvalidTransitionError(f"{name}.{one.__name__} leads to '{target}', which is not there")
                if not hasattr(class_dict[target], "transitions"):
                    raise NonMarkovTaskError(f"{name}.{one.__name__} leads to '{target}', which leads nowhere")
        if not chain and bases and bases != (TaskSet,):
            raise NoMarkovTasksError(f"{name} has no tasks with @transition")
        made.tasks = chain
        return made


class MarkovTaskSet(TaskSet, metaclass=MarkovTaskSetMeta):
    """A walk along transitions, from the first task of the file."""

    def __init__(self, parent):
        super().__init__(parent)
        self.current = None

    def get_next_task(self):
        if self.current is None:
            self.current = self.tasks[0]
        else:
            names, weights = zip(*self.current.transitions)
            self.current = getattr(type(self), random.choices(names, weights)[0])
        return self.current
