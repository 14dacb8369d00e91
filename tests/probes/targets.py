"""Targets on loopback."""

from __future__ import annotations

from dataclasses import replace

from monitor.model import Target
from tests.core.replies import TARGET


def target(kind: str, port: int, path: str = "/", **more: object) -> Target:
    made = replace(
        TARGET,
        id=f"{kind}/shandong",
        probe=kind,
        kind=kind,
        host="127.0.0.1",
        port=port,
        url=f"http://127.0.0.1:{port}{path}",
        user_agent="fapiao-monitor/0 (+https://monitor.example)",
    )
    return replace(made, **more)  # type: ignore[arg-type]
