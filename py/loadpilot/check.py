"""What is wrong with a scenario's methods, in a sentence with the place, before the first user is made."""

from brunt_script import ScriptError, check


def scenario(definition):
    """Refuses methods that could not be called."""
    cls = definition.cls
    check.method(cls, "__init__", f"__init__ of {cls.__name__}")
    for hook in ("on_start", "on_stop"):
        check.method(cls, hook, f"{hook} of {cls.__name__}", "client")
    for task in definition.tasks:
        check.method(cls, task.name, f"the task '{task.name}'", "client")
        check.method(cls, task.check_name, task.check_name, "status_code", "body")


def none_found(module):
    """Why there are no scenarios, where that can be told."""
    from loadpilot.dsl import VUser
    for cls in vars(module).values():
        if isinstance(cls, type) and issubclass(cls, VUser) and cls.__module__ == module.__name__:
            raise ScriptError(f"{check.at_class(cls)}: {cls.__name__} derives from VUser, but is no scenario: put @scenario(...) "
                              "above it")
