"""Times in words."""

from datetime import datetime, timezone


def format_utc_timestamp(unix_timestamp):
    return datetime.fromtimestamp(int(unix_timestamp), timezone.utc).strftime("%Y-%m-%dT%H:%M:%SZ")


def format_safe_timestamp(unix_timestamp):
    """For names of files."""
    return datetime.fromtimestamp(int(unix_timestamp)).strftime("%Y-%m-%d-%Hh%M")


def format_duration(start_time, end_time):
    """1 hour, 2 minutes and 3 seconds"""
    minutes, seconds = divmod(int(end_time - start_time), 60)
    hours, minutes = divmod(minutes, 60)
    days, hours = divmod(hours, 24)
    named = zip((days, hours, minutes, seconds), ("day", "hour", "minute", "second"))
    parts = [f"{n} {word}{'s' if n != 1 else ''}" for n, word in named if n]
    return " and ".join(filter(None, (", ".join(parts[:-1]), *parts[-1:]))) or "0 seconds"
