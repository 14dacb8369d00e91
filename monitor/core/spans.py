"""Spans of time in a few words."""

from __future__ import annotations


def span(seconds: float) -> str:
    """`36 s`, `12 min`, `25 h 3 min`, `3 d 4 h`."""
    whole = int(seconds)
    if whole < 60:
        return f"{whole} s"
    days, hours, minutes = whole // 86400, whole // 3600, whole % 3600 // 60
    if hours < 48:
        return (
            f"{hours} h {minutes} min" if hours and minutes else f"{hours} h" if hours else f"{minutes} min"
        )
    hours %= 24
    return f"{days} d {hours} h" if hours else f"{days} d"
