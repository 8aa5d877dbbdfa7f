"""Durations as Locust writes them: 20, 20s, 3m, 2h, 1h20m, 3h30m10s."""

import re

_SPAN = re.compile(r"(?:(?P<hours>\d+)h)?(?:(?P<minutes>\d+)m)?(?:(?P<seconds>\d+)s)?$")


def parse_timespan(text):
    text = str(text).strip()
    if text.isdecimal():
        return int(text)
    match = _SPAN.match(text)
    if not text or not match:
        raise ValueError("Invalid time span format. Valid formats: 20, 20s, 3m, 2h, 1h20m, 3h30m10s, etc.")
    hours, minutes, seconds = (int(g or 0) for g in match.group("hours", "minutes", "seconds"))
    return hours * 3600 + minutes * 60 + seconds
