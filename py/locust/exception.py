"""What tasks raise to say what happens next, and what goes wrong with a request."""


class LocustError(Exception):
    pass


class ResponseError(Exception):
    """Within `with client.get(..., catch_response=True)`: the request failed."""


class CatchResponseError(Exception):
    """The text given to failure()."""


class MissingWaitTimeError(LocustError):
    pass


class InterruptTaskSet(Exception):
    """Leaves a TaskSet for its parent; at once when `reschedule`."""

    def __init__(self, reschedule=True):
        super().__init__()
        self.reschedule = reschedule


class StopUser(Exception):
    """The user ends for good."""


class StopTest(Exception):
    """The whole test ends."""


class RescheduleTask(Exception):
    """The task is over; the next one comes after the wait."""


class RescheduleTaskImmediately(Exception):
    """The task is over; the next one comes at once."""


class RPCError(Exception):
    pass


class RPCSendError(RPCError):
    pass


class RPCReceiveError(RPCError):
    """With the address that it came from."""

    def __init__(self, *args, addr=None):
        super().__init__(*args)
        self.addr = addr


class AuthCredentialsError(ValueError):
    pass


class RunnerAlreadyExistsError(Exception):
    pass


class InvalidRateError(LocustError):
    pass


class NoTaskError(LocustError):
    """A TaskSet without tasks."""
