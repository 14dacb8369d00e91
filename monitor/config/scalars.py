"""From the text of a single value in probes.yaml to the value. Each raises ValueError, with words where it knows better."""

from __future__ import annotations

import ipaddress
import re
from collections.abc import Callable
from typing import NamedTuple
from urllib.parse import SplitResult, urlsplit
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from monitor.config.mistakes import did_you_mean
from monitor.config.reading import NotYet
from monitor.core.jsonpath import steps
from monitor.model import SYSTEM


class Rate(NamedTuple):
    """So many per so many seconds."""

    connections: float
    window: float


_SECONDS = {"ms": 0.001, "s": 1.0, "m": 60.0, "h": 3600.0, "d": 86400.0}
_BYTES = {"": 1, "B": 1, "kB": 1000, "KiB": 1 << 10, "MB": 10**6, "MiB": 1 << 20}
_DURATION = re.compile(r"([0-9]{1,9})(ms|s|m|h|d)")
_RATE = re.compile(r"([0-9]{1,9})/(s|m|h|d)")
_SIZE = re.compile(r"([0-9]{1,12}) ?(B|kB|KiB|MB|MiB|)")
_LONGEST = 3660 * 86400.0


def duration(text: str) -> float:
    """`500ms`, `5s`, `5m`, `4h`, `14d` → seconds. Ten years at most."""
    match = _DURATION.fullmatch(text)
    if not match:
        raise ValueError
    seconds = int(match[1]) * _SECONDS[match[2]]
    if seconds > _LONGEST:
        raise ValueError("a duration is ten years at most")
    return seconds


def plain(seconds: float) -> str:
    """A duration as an operator writes it: 90.0 → `90s`, 300.0 → `5m`."""
    if seconds < 1 or seconds % 1:
        return f"{seconds * 1000:.0f}ms"
    for unit, size in (("d", 86400), ("h", 3600), ("m", 60)):
        if seconds % size == 0:
            return f"{seconds / size:.0f}{unit}"
    return f"{seconds:.0f}s"


def span(text: str) -> float:
    """A duration longer than nothing."""
    seconds = duration(text)
    if seconds == 0:
        raise ValueError("a duration longer than 0 is meant")
    return seconds


def rate(text: str) -> Rate | None:
    """`12/m` → Rate(12, 60); `none` → None."""
    if text == "none":
        return None
    match = _RATE.fullmatch(text)
    if not match or not int(match[1]):
        raise ValueError
    return Rate(float(match[1]), _SECONDS[match[2]])


def seconds(text: str) -> float:
    """A duration of a second at least."""
    if duration(text) < 1:
        raise ValueError("a second or more is meant: 30s, 1m")
    return duration(text)


def size(text: str) -> int:
    """`1MiB` → bytes, 1 to 64 MiB."""
    match = _SIZE.fullmatch(text)
    if not match:
        raise ValueError
    number = int(match[1]) * _BYTES[match[2]]
    if not 1 <= number <= 64 << 20:
        raise ValueError("a size from 1B to 64MiB is meant")
    return number


def whole(low: int, high: int) -> Callable[[str], int]:
    """A reader of decimal whole numbers in a range."""

    def read(text: str) -> int:
        if not re.fullmatch(r"[0-9]{1,9}", text) or not low <= int(text) <= high:
            raise ValueError
        return int(text)

    return read


def share(text: str) -> float:
    """A part of one: above 0, at most 1."""
    if not re.fullmatch(r"[01](\.[0-9]{1,6})?", text) or not 0 < float(text) <= 1:
        raise ValueError
    return float(text)


def percent(text: str) -> float:
    """Percent: above 0, at most 100, with or without the sign."""
    number = text.removesuffix("%").rstrip()
    if not re.fullmatch(r"[0-9]{1,3}(\.[0-9]{1,6})?", number) or not 0 < float(number) <= 100:
        raise ValueError
    return float(number)


def choice(*words: str) -> Callable[[str], str]:
    """A reader of one word of several."""

    def read(text: str) -> str:
        if text in words:
            return text
        near, all_of_them = did_you_mean(text, words), " | ".join(words)
        if not near.endswith("?"):
            raise ValueError(all_of_them)
        raise ValueError(near if len(words) > 12 else f"{near} ({all_of_them})")

    return read


def only(word: str) -> Callable[[str], str]:
    """A reader of a key of which this version knows one value."""

    def read(text: str) -> str:
        if text != word:
            raise NotYet
        return text

    return read


def yes(text: str) -> bool:
    """`true` or `false`."""
    return choice("true", "false")(text) == "true"


def name(text: str) -> str:
    """Letters, digits, `_`, `-` and `.`: what fits in an id, a label and an address."""
    if not re.fullmatch(r"[\w.-]{1,80}", text):
        raise ValueError
    return text


def line(text: str) -> str:
    """A text of at least one character on one line."""
    if not text or not text.isprintable():
        raise ValueError
    return text


def header_value(text: str) -> str:
    """What may stand in a header: printable ASCII on one line."""
    if not text.isascii() or not line(text):
        raise ValueError
    return text


def header_name(text: str) -> bool:
    """Whether this is the name of an HTTP header (a token of RFC 9110)."""
    return re.fullmatch(r"[A-Za-z0-9!#$%&'*+.^_`|~-]{1,100}", text) is not None


def token(text: str) -> str:
    """A secret that fits in a header: printable ASCII without blanks."""
    if not re.fullmatch(r"[\x21-\x7e]{1,4096}", text):
        raise ValueError
    return text


_HASH = re.compile(r"\$2[aby]\$([0-9]{2})\$[./A-Za-z0-9]{21}[.Oeu][./A-Za-z0-9]{31}")
_DEAREST = 15
"""Cost of a hash that takes seconds at every login; each step doubles it."""


def password_hash(text: str) -> str:
    """What bcrypt makes of a password: `$2b$12$` and 53 characters. `$2y$` of htpasswd is the same."""
    match = _HASH.fullmatch(text)
    if not match:
        raise ValueError
    if not 4 <= int(match[1]) <= _DEAREST:
        raise ValueError(f"a cost from 4 to {_DEAREST} is meant; 12 is usual")
    return text


def timezone(text: str) -> str:
    """A name of the zone database."""
    try:
        ZoneInfo(text)
    except (ZoneInfoNotFoundError, ValueError, OSError):
        raise ValueError from None
    return text


def web_address(text: str) -> SplitResult:
    """An http or https address with a host and a sound port. Raises ValueError."""
    if not text.isprintable() or " " in text:
        raise ValueError("an address holds no blanks")
    try:
        parts = urlsplit(text)
        fits = parts.scheme in ("http", "https") and parts.hostname and parts.port != 0
    except ValueError as problem:
        raise ValueError(f"an http or https address is meant: {problem}") from None
    if not fits:
        raise ValueError("an address that begins with http:// or https:// and names a host is meant")
    return parts


def web_text(text: str) -> str:
    """The same as it was written."""
    web_address(text)
    return text


def secret_web_text(text: str) -> str:
    """The same; what is wrong with it is not said."""
    try:
        web_address(text)
    except ValueError:
        raise ValueError from None  # its words may quote a part of the address
    return text


def listen(text: str) -> tuple[str, int]:
    """`127.0.0.1:8036`, `[::1]:8036` or `:8036` → host and port (0: any free one)."""
    host, colon, port = text.rpartition(":")
    if not colon or not re.fullmatch(r"[0-9]{1,5}", port) or int(port) > 65535 or " " in host:
        raise ValueError
    if ":" in host and not re.fullmatch(r"\[[0-9A-Fa-f:.]+\]", host):
        raise ValueError
    return host.strip("[]"), int(port)


def name_server(text: str) -> str:
    """`223.5.5.5`, `127.0.0.1:5353` or `[::1]:53` → `host:port` (port 53 if none is given)."""
    match = re.fullmatch(r"(?:\[([0-9A-Fa-f:.]+)\]|([0-9.]+))(?::([0-9]{1,5}))?", text)
    host, port = (match[1] or match[2], match[3] or "53") if match else (text, "53")
    address = ipaddress.ip_address(host)
    if not 1 <= int(port) <= 65535:
        raise ValueError
    return f"{address}:{port}" if address.version == 4 else f"[{address}]:{port}"


def asked(text: str) -> str:
    """`system`, or a name server by address."""
    try:
        return text if text == SYSTEM else name_server(text)
    except ValueError:
        raise ValueError from None


def network(text: str) -> str:
    """`203.0.113.0/24`, `2001:db8::/32` or one address, as `ipaddress` writes it."""
    try:
        return str(ipaddress.ip_network(text))
    except ValueError as problem:
        meant = "these bits lie outside the mask" if "host bits" in str(problem) else ""
        raise ValueError(meant) from None


def pattern(text: str) -> str:
    """A regular expression that the engine of the probes takes."""
    from monitor.probes.pattern import compiled  # the probes bring the network along: only where it is needed

    compiled(text)
    return text


def plain_path(text: str) -> str:
    """A JSONPath of plain steps: `$.a.b[0]`."""
    if text == "$" or not _is_path(text):
        raise ValueError
    return text


def path_in_row(text: str) -> str:
    """A JSONPath of plain steps, `$` for the row itself or `$key` for the key it stands under."""
    if text != "$key" and not _is_path(text):
        raise ValueError
    return text


def path_to_rows(text: str) -> str:
    """A JSONPath of plain steps to a list (`$.list[*]`) or an object of rows (`$.list`)."""
    if not _is_path(text.removesuffix("[*]")):
        raise ValueError
    return text


def _is_path(text: str) -> bool:
    try:
        steps(text)
    except ValueError:
        return False
    return True
