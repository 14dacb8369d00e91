"""What the two exposition formats share: which one is asked for, and how a label is written."""

from __future__ import annotations

TEXT = "text/plain; version=0.0.4; charset=utf-8"
OPENMETRICS = "application/openmetrics-text; version=1.0.0; charset=utf-8"


def wants_openmetrics(accept: str) -> bool:
    """Whether an Accept header asks for OpenMetrics 1.0.0 at least as much as for plain text."""
    openmetrics = plain = 0.0
    for item in accept.split(",")[:32]:
        name, *parameters = (part.strip().lower() for part in item.split(";"))
        given = {name: value.strip('"') for name, _, value in (part.partition("=") for part in parameters)}
        if name == "application/openmetrics-text" and given.get("version", "1.0.0") == "1.0.0":
            openmetrics = max(openmetrics, _quality(given.get("q", "1")))
        elif name in ("text/plain", "text/*", "*/*"):
            plain = max(plain, _quality(given.get("q", "1")))
    return openmetrics > 0 and openmetrics >= plain


def _quality(text: str) -> float:
    try:
        return min(max(float(text), 0.0), 1.0)
    except ValueError:
        return 0.0


def labels(**values: str) -> str:
    """`a="1",b="2"`, escaped, for between the braces."""
    return ",".join(f'{name}="{escape(value)}"' for name, value in values.items())


def escape(value: str) -> str:
    """A label value as both formats want it: backslash, quote and line feed escaped; never an unpaired surrogate."""
    clean = value.encode("utf-8", "replace").decode("utf-8")
    return clean.replace("\\", "\\\\").replace('"', '\\"').replace("\n", "\\n")
