"""Kind `sync`: one request to a sync interface, judged by its codes, its success and the lag of its data."""

from __future__ import annotations

from monitor.core.sync import judge_sync
from monitor.probes import http
from monitor.probes.kind import Kind, asking

KIND = Kind(look=asking(http.request), judge=judge_sync)
