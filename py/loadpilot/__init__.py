"""LoadPilot's scenarios on brunt: scenario, task, VUser, LoadClient as LoadPilot has them.

docs/from-loadpilot.md tells what is the same and what is mended.
"""

from loadpilot.dsl import ScenarioDef, TaskDef, VUser, _scenarios, scenario, task
from loadpilot.client import LoadClient, ResponseWrapper

__all__ = ["LoadClient", "ResponseWrapper", "ScenarioDef", "TaskDef", "VUser", "scenario", "task"]


def brunt_reset():
    """Before another file is loaded."""
    _scenarios.clear()


def brunt_load(job):
    """The script of a file that has scenarios, else None."""
    from loadpilot import check
    if not _scenarios:
        check.none_found(job.module)
        return None
    from loadpilot.run import Script
    return Script(job, list(_scenarios))
