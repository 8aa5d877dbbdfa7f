"""run_single_user(): one user of a file, with each of its requests in a line, for whoever looks for a mistake in it.

The file is run by Python itself, which then becomes brunt with that file and one user: breakpoint() works in tasks.
"""

import inspect
import json
import os
import shutil
import sys
import time

import _brunt

_WISHES = "BRUNT_SINGLE_USER"  # from the one process to the other


def run_single_user(user_class, include_length=False, include_time=False, include_context=False, include_payload=False,
                    loglevel="WARNING"):
    """Runs a user of the class until Ctrl-C. `brunt` is looked for in PATH, or named by the variable BRUNT."""
    if not getattr(_brunt, "IS_ABSENT", False):
        raise RuntimeError("run_single_user() is for a file that Python runs itself: put it below `if __name__ == \"__main__\":`")
    program = os.environ.get("BRUNT") or shutil.which("brunt")
    if program is None:
        raise RuntimeError("run_single_user() needs the program brunt: put its folder into PATH, or set BRUNT to it")
    wishes = {"length": include_length, "time": include_time, "context": include_context, "payload": include_payload}
    sys.stdout.flush()
    os.execvpe(program, [program, "run", "--quiet", "--no-store", "--summary-mode", "disabled", "--loops", "1",
                         inspect.getfile(user_class), "--", "-u", "1", "-L", loglevel, user_class.__name__],
               {**os.environ, _WISHES: json.dumps(wishes)})


def _payload(response):
    body = getattr(getattr(response, "request", None), "body", None)
    return "" if body is None else body if isinstance(body, str) else bytes(body).decode("utf-8", "replace")


class _Printer:
    """A listener of events.request."""

    def __init__(self, wishes):
        self.wishes = wishes
        heads = [*(["time"] if wishes["time"] else []), "type", f"{'name':<50}", "resp_ms",
                 *(["length"] if wishes["length"] else []), "exception",
                 *(["context"] if wishes["context"] else []), *(["payload"] if wishes["payload"] else [])]
        print("\t".join(heads), flush=True)

    def __call__(self, request_type, name, response_time, response_length=0, response=None, context=None, exception=None,
                 start_time=None, **_):
        w = self.wishes
        cells = [time.strftime("%H:%M:%S", time.localtime(start_time))] if w["time"] else []
        cells += [request_type, f"{name:<50}", "" if response_time is None else str(round(response_time))]
        cells += [str(response_length)] if w["length"] else []
        cells += [repr(exception) if exception else ""]
        cells += [repr(context or {})] if w["context"] else []
        cells += [_payload(response)] if w["payload"] else []
        print("\t".join(cells).rstrip(), flush=True)


def listen(environment):
    """Where run_single_user() has started this process: prints each request."""
    wishes = os.environ.get(_WISHES)
    if wishes:
        environment.events.request.add_listener(_Printer(json.loads(wishes)))
