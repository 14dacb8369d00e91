"""Kinds of another sort: names at several servers, pings, logs, this machine, files; and addresses one by one."""

from __future__ import annotations

SECTIONS: dict[str, tuple[()]] = {}
