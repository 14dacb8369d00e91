"""One metric family: its name, type, labels, HELP line and buckets."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class Family:
    """One metric family: `kind` is `counter`, `gauge` or `histogram`; a counter's name carries its `_total`."""

    name: str
    kind: str
    labels: tuple[str, ...]
    text: str
    """The HELP line. Without backslashes, quotes and line ends, so that it needs no escaping."""
    buckets: tuple[float, ...] = ()

    def head(self, *, openmetrics: bool) -> str:
        """The HELP and TYPE lines; OpenMetrics names a counter's family without `_total`."""
        name = self.name.removesuffix("_total") if openmetrics else self.name
        return f"# HELP {name} {self.text}\n# TYPE {name} {self.kind}\n"


def family(name: str, kind: str, text: str, *labels: str, buckets: tuple[float, ...] = ()) -> Family:
    """A family with these labels alone."""
    return Family(name=name, kind=kind, labels=labels, text=text, buckets=buckets)
