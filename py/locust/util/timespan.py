"""Durations as Locust writes them: 20, 20s, 3m, 2h, 1h20m, 3h30m10s."""

import re

_SPAN = re.compile(r"(?:(?P<hours>\d+)h)?(?:(?P<minutes>\d+)m)?(?:(?P<seconds>\d+)s?)?$")


def parse_timespan(text):
    match = _SPAN.match(str(text).strip()) if str(text).strip() else None
    if not match or not any(match.groups()):
        raise ValueError("Valid time formats are: 20, 20s, 3m, 2h, 1h20m, 3h30m10s, etc.")
    hours, minutes, seconds = (int(g or 0) for g in match.group("hours", "minutes", "seconds"))
    return hours * 3600 + minutes * 60 + seconds
