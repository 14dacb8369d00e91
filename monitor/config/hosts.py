"""The key `follow_redirects`: no, same_host, or the hosts that may be gone to."""

from __future__ import annotations

import re
from typing import Annotated

from monitor.config.reading import WordOrList


def host(text: str) -> str:
    """A name or address by itself, spelt as redirects are held against it. Raises ValueError."""
    from monitor.net.failures import FaultError  # brings the network along: only where it is needed
    from monitor.net.redirects import plain_host

    bare = text[1:-1] if text.startswith("[") and text.endswith("]") else text
    if re.search(r"[/@?#*%\\\[\]\s]", bare) or bare.count(":") == 1:  # two colons and more: an IPv6 address
        raise ValueError
    try:
        return plain_host(bare)
    except FaultError:
        raise ValueError from None


Redirects = Annotated[
    str | tuple[str, ...],
    WordOrList(
        {"no": "no", "same_host": "same_host"},
        host,
        "no, same_host or a list of hosts is meant, without scheme and port: [a.example, b.example]",
    ),
]
