"""Writes a probes.yaml that watches a simulator, at the pace of a demonstration. Keys: contract §4."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any
from zoneinfo import ZoneInfo

from monitor.simulator.authorities import DPPT, VERIFY
from monitor.simulator.scenario import PlannedWork

if TYPE_CHECKING:
    from monitor.simulator.simulator import Simulator

ZONE = ZoneInfo("Asia/Shanghai")
"""The `timezone` that is written."""

HEAD = "# Watches a simulator"
"""How such a file begins, by which it is known again."""

PROBES = ("reach", "captcha", "dppt", "national-page", "internet", "gateway")
"""What is watched unless somebody picks; `erp-sync`, the sync interface, can be had beside them."""

_COMMENTED_RECEIVERS = """\
  # receivers:
  #   hook:   {webhook: "http://127.0.0.1:9001/hook"}
  #   oncall: {apprise: ["json://127.0.0.1:9000/hook"]}
  # routes:
  #   - {to: [hook, oncall]}
"""


def probes_yaml(
    sim: Simulator,
    *,
    interval: str = "3s",
    timeout: str = "1s",
    while_down: str = "1s",
    slow_after: str = "800ms",
    attempts: int = 2,
    spacing: str = "200ms",
    group_wait: str = "1s",
    verify: str = "true",
    per_host: str = "none",
    concurrency: int = 64,
    listen: str = "127.0.0.1:8036",
    state_dir: str = "state-simulator",
    language: str = "zh",
    receivers: Mapping[str, Any] | None = None,
    reference: bool = False,
    windows: Sequence[tuple[str, PlannedWork]] = (),
    begun: datetime | None = None,
    probes: tuple[str, ...] = PROBES,
) -> str:
    """The text. `receivers` is name → what stands under that name (`{"webhook": url}`); all of them are told.

    `reference` names the simulator's stand-in for one. `windows` are planned work under its name, counted from `begun`.
    `probes` picks from PROBES and `erp-sync`. Durations are written as in the file.
    """
    wake = "    wake_on: [reach]\n" if "reach" in probes else ""
    blocks = {name: text for name, text in _probes(sim, slow_after, wake).items() if name in probes}
    return f"""\
{HEAD} ({sim.control_url}) whose ports and CA are new at each start: written by `simulate --config-out`.
version: 1
vantage: simulator
timezone: {ZONE.key}
language: {language}

server:
  listen: {listen}

storage:
  dir: {_text(state_dir)}

authorities:
  only: [{", ".join(sim.slugs)}]
  override:
{_overrides(sim)}
limits:
  per_host: {per_host}
  concurrency: {concurrency}

defaults:
  interval: {interval}
  timeout: {timeout}
  while_down: {while_down}
{_resolver(sim)}  tls: {{verify: {verify}, ca: {_text(sim.ca_path)}}}

probes:
{"".join(blocks.values())}
judgement:
  confirm: {{attempts: {attempts}, spacing: {spacing}}}
  recover: {{attempts: {attempts}, spacing: {spacing}}}

{_reference(sim) if reference else ""}{_maintenance(windows, begun)}alerts:
  group_wait: {group_wait}
{_receivers(receivers)}"""


def _resolver(sim: Simulator) -> str:
    """The first name server, where the stand-ins have names to be asked for."""
    return f'  resolver: ["{sim.names.addresses[0]}"]\n' if sim.is_named else ""


def _overrides(sim: Simulator) -> str:
    lines = ""
    for slug in sim.slugs:
        verify, dppt = sim.url(slug, VERIFY), sim.url(slug, DPPT)
        lines += f'    {slug}: {{verify_url: "{verify}/NWebQuery", dppt_url: "{dppt}"}}\n'
    return lines


def _probes(sim: Simulator, slow_after: str, wake: str) -> dict[str, str]:
    gateway = sim.endpoints("gateway")[0]

    def tls(name: str, service: str) -> str:
        return f"""\
  - name: {name}
    kind: tls
    each: authority
    service: {service}
    host: "{{{service}_host}}"
    port: "{{{service}_port}}"
"""

    return {
        "reach": tls("reach", VERIFY),
        "captcha": f"""\
  - name: captcha
    kind: captcha
    each: authority
    slow_after: {slow_after}
{wake}""",
        "dppt": tls("dppt", DPPT),
        "national-page": f"""\
  - name: national-page
    kind: http
    authority: national
    url: "{sim.url("national")}/"
    expect: {{status: [200], body_contains: ["发票"]}}
""",
        "internet": f'  - {{name: internet, kind: http, role: control, url: "{sim.url("internet")}/"}}\n',
        "erp-sync": f"""\
  - name: erp-sync
    kind: sync
    authority: {sim.slugs[0]}
    request: {{method: POST, url: "{sim.sync.url}", headers: {{Authorization: Bearer simulated}}, json: {{taxNo: "{"0" * 18}"}}}}
    codes: nuonuo
    success: {{path: "$.code", in: [E0000, "0000"]}}
    freshness: {{path: "$.data.lastSync", warn: 4h, fail: 24h}}
""",
        "gateway": f"  - {{name: gateway, kind: tcp, role: control, host: {gateway.host}, port: {gateway.port}}}\n",
    }


def _reference(sim: Simulator) -> str:
    source = f'{{name: elsewhere, url: "{sim.control_url}/reference", interval: 3s, stale_after: 60s}}'
    return f"reference:\n  - {source}\n\n"


def _maintenance(windows: Sequence[tuple[str, PlannedWork]], begun: datetime | None) -> str:
    if not windows or begun is None:
        return ""
    lines = ""
    for name, work in windows:
        start, end = ((begun + timedelta(seconds=at)).astimezone(ZONE) for at in (work.begins, work.ends))
        services = f", services: [{', '.join(work.services)}]" if work.services else ""
        lines += (
            f"  - {{name: {_text(name)}, authorities: [{', '.join(work.authorities)}]{services}, "
            f"start: {start:%Y-%m-%d %H:%M:%S}, end: {end:%Y-%m-%d %H:%M:%S}}}\n"
        )
    return f"maintenance:\n{lines}\n"


def _receivers(receivers: Mapping[str, Any] | None) -> str:
    if not receivers:
        return _COMMENTED_RECEIVERS
    lines = "".join(
        f"    {name}: {json.dumps(told, ensure_ascii=False)}\n" for name, told in receivers.items()
    )
    return f"  receivers:\n{lines}  routes:\n    - {{to: [{', '.join(receivers)}]}}\n"


def _text(value: object) -> str:
    return json.dumps(str(value), ensure_ascii=False)
