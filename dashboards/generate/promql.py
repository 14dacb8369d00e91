"""How expressions are written: every selector bound to the chosen job and instance, state sets read as one number."""

from __future__ import annotations

REAL = 'authority!~"local|national"'
"""Leaves out the two that are no tax authority."""

EACH = "job, instance, authority"


def pick(name: str, *matchers: str) -> str:
    """A selector of the series of the chosen instances."""
    chosen = ", ".join(('job=~"$job"', 'instance=~"$instance"', *matchers))
    return f"{name}{{{chosen}}}"


def of_process(name: str) -> str:
    """A series that other programs have too (process_*, up), of ours alone: All of jobs is every job there is."""
    return ours(pick(name))


def ours(expression: str) -> str:
    """Of an expression only what comes from instances of ours that were there in the shown time."""
    return f"({expression} and on (job, instance) last_over_time({pick('fapiao_build_info')}[$__range]))"


def worst(name: str, label: str, members: tuple[str, ...], *matchers: str, by: str = "authority") -> str:
    """A state set as one number: the place of its present member, from 1; of several instances the worst."""
    each = (
        f"{number} * ({pick(name, equals(label, member), *matchers)} == 1)"
        for number, member in enumerate(members, 1)
    )
    return f"max by ({by}) ({' or '.join(each)})"


def present(name: str, label: str, *matchers: str, by: str = "authority") -> str:
    """The present member of a state set as label `label`: one series for each `by`."""
    return f"topk by ({by}) (1, max by ({by}, {label}) ({pick(name, *matchers)} == 1))"


def once(expression: str, selector: str, by: str = "authority") -> str:
    """Of an expression only the series whose `selector` was 1 at some instant of the shown time; asked once, at its end."""
    seen = f"max by ({by}) (max_over_time({selector}[$__range] @ end())) == 1"
    return f"{expression} and on ({by}) ({seen})"


def named(expression: str) -> str:
    """The same series with the Chinese name of their authority in label `name`; drops those that have none."""
    names = f"max by (authority, name) ({pick('fapiao_authority_info')})"
    return f"({expression}) * on (authority) group_left (name) {names}"


def quantile(share: float, histogram: str, *matchers: str, by: str = "") -> str:
    """A quantile of a histogram over the last moments."""
    labels = f"{by}, le" if by else "le"
    buckets = f"rate({pick(histogram + '_bucket', *matchers)}[$__rate_interval])"
    return f"histogram_quantile({share}, sum by ({labels}) ({buckets}))"


def availability(*matchers: str, maintenance: bool) -> str:
    """Share of the shown time in which `$service` was up: `maintenance` says whether planned work counts like other time.

    By time, as the daemon's own /api/v1/uptime, and by the state of the service: a target may be confirmed down for a cause
    of ours. What is unknown (a fault of ours, no run yet) counts neither way, nor does a target that never answered.
    Looked at every `$__interval`.
    """
    service = 'service="$service"'
    down = pick("fapiao_probe_confirmed_down", service, *matchers)
    answered = pick("fapiao_probe_last_success_timestamp_seconds", service, *matchers)
    works = pick("fapiao_service_state", service, 'state=~"up|degraded"', *matchers)
    fails = pick("fapiao_service_state", service, 'state="down"', *matchers)
    known = (
        f"max by ({EACH}) ({works} == 1)"
        f" or (1 - max by ({EACH}) ({down} and {answered}) and on ({EACH}) ({fails} == 1))"
    )
    if not maintenance:
        planned = pick("fapiao_maintenance_active", service, *matchers)
        known = f"({known}) unless on ({EACH}) ({planned} == 1)"
    return f"avg by (authority) (avg_over_time(({known})[$__range:$__interval]))"


def equals(label: str, value: str) -> str:
    """A matcher."""
    return f'{label}="{value}"'


OPEN = f"max by (scope, severity) ({pick('fapiao_incidents_open')})"
"""Open incidents; those that several instances see count once."""
