"""Tasks that say what comes after them, and how likely."""

import logging
import random

from locust.exception import LocustError
from locust.user.task import TaskSet, TaskSetMeta

logger = logging.getLogger(__name__)


class NoMarkovTasksError(LocustError):
    pass


class InvalidTransitionError(LocustError):
    pass


class NonMarkovTaskTransitionError(LocustError):
    pass


class MarkovTaskTagError(LocustError):
    pass


def transition(func_name, weight=1):
    """After the task comes that one, with so much weight."""
    return transitions({func_name: weight})


def transitions(weights):
    """Several: {name: weight}, or a list of names and (name, weight)."""
    if not isinstance(weights, dict):
        weights = dict(item if isinstance(item, tuple) else (item, 1) for item in weights)

    def decorate(func):
        if not hasattr(func, "transitions"):
            func.transitions = {}
        func.transitions.update(weights)
        return func

    return decorate


# ---- what a class is checked for ----


def _check_task(name, one, class_dict):
    if one.__name__ == "run":
        raise LocustError(f"{name}.run is the loop of a TaskSet: a task needs another name")
    if one.__name__ in ("on_start", "on_stop"):
        logger.warning("%s.%s is a hook as well: it is called as both", name, one.__name__)
    if getattr(one, "locust_tag_set", None):
        raise MarkovTaskTagError(f"{name}.{one.__name__}: tasks of a MarkovTaskSet have no tags")
    for target in one.transitions:
        if target not in class_dict:
            raise InvalidTransitionError(f"{name}.{one.__name__} leads to '{target}', which is not there")
        if not hasattr(class_dict[target], "transitions"):
            raise NonMarkovTaskTransitionError(f"{name}.{one.__name__} leads to '{target}', which leads nowhere")


def _warn_of_unreachable(name, chain, class_dict):
    seen, left = set(), [chain[0].__name__]
    while left:
        one = left.pop()
        if one not in seen:
            seen.add(one)
            left += [target for target, weight in class_dict[one].transitions.items() if weight]
    for one in chain:
        if one.__name__ not in seen:
            logger.warning("%s.%s is never reached", name, one.__name__)


class MarkovTaskSetMeta(TaskSetMeta):
    def __new__(mcs, name, bases, class_dict):
        if class_dict.setdefault("abstract", False):
            return type.__new__(mcs, name, bases, class_dict)
        chain = [one for one in class_dict.values() if hasattr(one, "transitions")]
        if not chain:
            raise NoMarkovTasksError(f"{name} has no tasks with @transition")
        for one in chain:
            _check_task(name, one, class_dict)
        _warn_of_unreachable(name, chain, class_dict)
        class_dict["current"], class_dict["tasks"] = chain[0], chain
        return type.__new__(mcs, name, bases, class_dict)


class MarkovTaskSet(TaskSet, metaclass=MarkovTaskSetMeta):
    """A walk along transitions, from the first task of the file."""

    abstract = True
    current = None  # what comes next

    def get_next_task(self):
        one = self.current
        names, weights = zip(*one.transitions.items())
        self.current = getattr(self, random.choices(names, weights)[0])
        return one
