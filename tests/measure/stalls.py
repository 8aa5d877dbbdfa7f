"""What a server that stalls must show, in closed form; and such a server: `brunt target`, /fixed.

It serves each request in `service` s, but in the last `stall` of every `every` s nothing moves: who comes
then is answered `service` after the end of the stall. Requests come evenly, whatever the answers take.

    A share f of all arrivals falls into stalls. Where in the stall is uniform, so an arrival waits w,
    uniform on (0, stall], and then for its service. All others take `service`:

        R = service              with probability 1 - f
        R = service + w          with probability f

    The quantile function is its inverse:

        Q(q) = service                                       q <= 1 - f
        Q(q) = service + stall * (q - (1 - f)) / f           q >  1 - f

    f = (stalls in the run) * stall / (length of the run), when the run holds each of its stalls as a
    whole. At a rate of r a second an order statistic is known to 1/r s within a stall.

A closed model with n users has n requests in each stall, however many would have come: the share of what
waited is so small that percentiles hide it. That is called coordinated omission.
"""
import subprocess
import time


class Stalls:
    """Times in seconds."""

    def __init__(self, service, stall, every):
        self.service, self.stall, self.every = service, stall, every

    def share(self, seconds, start=0.0):
        """f of a run that starts `start` after the end of a stall."""
        end, held = start + seconds, 0.0
        for period in range(int(start // self.every), int(end // self.every) + 1):
            begin = (period + 1) * self.every - self.stall
            held += max(0.0, min(begin + self.stall, end) - max(begin, start))
        return held / seconds

    def quantile(self, q, share):
        if q <= 1 - share:
            return self.service
        return self.service + self.stall * (q - (1 - share)) / share

    def path(self):
        return f"/fixed?ms={self.service * 1000:g}&stall={self.stall * 1000:g}&every={self.every * 1000:g}"


class Target:
    """`brunt target` with its beginning known; ended by its process id."""

    def __init__(self, brunt, before=()):
        self.proc = subprocess.Popen([*before, brunt, "target", "--listen", "127.0.0.1:0", "--threads", "1"],
                                     stdout=subprocess.PIPE, text=True)
        line = self.proc.stdout.readline()
        self.began = time.monotonic()
        if " on http" not in line:
            raise SystemExit(f"{brunt} target does not start: {line!r}")
        self.url = line.split()[3]

    def __enter__(self):
        return self

    def __exit__(self, *what):
        self.proc.terminate()
        self.proc.wait()

    def await_end_of_stall(self, stalls):
        """Returns just after a stall, so that a run knows which stalls it will meet."""
        into = (time.monotonic() - self.began) % stalls.every
        if into > 0.02 * stalls.every:
            time.sleep(stalls.every - into)
