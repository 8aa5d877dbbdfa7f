"""What each of many users does while all take turns: everything that Python keeps per thread is in use."""
import contextvars
import sys
import threading
import time

from loadpilot import VUser, scenario, task

mine = contextvars.ContextVar("mine")
local = threading.local()
SWITCHES = 100


@scenario(rps=1, duration="1s")
class Switch(VUser):
    made = 0

    def __init__(self):
        Switch.made += 1
        self.me = Switch.made

    def keep(self, i):
        """One switch in the midst of things."""
        time.sleep(0.001)
        assert mine.get() == self.me, "another user's context variable"
        assert local.me == self.me, "another user's thread-local"
        return i

    def deep(self, depth, i):
        return self.keep(i) if depth == 0 else self.deep(depth - 1, i)

    def while_handling(self, i):
        try:
            raise ValueError(self.me)
        except ValueError:
            self.keep(i)
            assert sys.exc_info()[1].args == (self.me,), "another user's exception"

    @task
    def turns(self, client):
        mine.set(self.me)
        local.me = self.me
        for i in range(0, SWITCHES, 4):
            self.deep(20, i)
            self.while_handling(i)
            # Within a function of C that calls back: two switches.
            assert sorted([i, i + 1], key=self.keep) == [i, i + 1]
