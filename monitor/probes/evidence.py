"""Evidence: looks closer at what just failed, part by part, so that a person sees where on the way it stops, and for whom.

Every connection is asked leave for, as those of a run are; what was not admitted is left out by name.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Any

from monitor import probes
from monitor.core.classify import Knowledge
from monitor.core.page import text_of
from monitor.log import REDACTION
from monitor.model import (
    AddressLook,
    Cause,
    Evidence,
    Hop,
    Inquiry,
    Phase,
    Proxies,
    Reply,
    Seen,
    Target,
    Verify,
)
from monitor.net import Admit, Hampered, LimitReached, Net, Request
from monitor.net.proxies import proxy_for
from monitor.net.resolve import is_literal
from monitor.net.route import trace

MOST_ADDRESSES = 4
LONGEST = 5.0
"""Seconds for each part, however long the timeout of the target is."""
FIRST_BYTES = 300
"""Characters of a reply that are kept."""
LONGEST_HEADER = 200
TELLING_HEADERS = (
    "server", "via", "date", "age", "content-type", "content-length", "location", "retry-after", "x-cache", "cf-ray", "x-powered-by",
)  # fmt: skip
"""Headers that say who answered. Cookies and tokens are not among them."""
UNREACHED = frozenset(
    {Cause.CONNECT_TIMEOUT, Cause.UNREACHABLE, Cause.CONNECTION_RESET, Cause.CONNECTION_REFUSED}
)
"""Failures to connect of which the way may tell where they happen."""


@dataclass
class Parts:
    """What was found so far."""

    found: dict[str, Any] = field(default_factory=dict)
    left_out: list[str] = field(default_factory=list)


async def take(
    inquiry: Inquiry, target: Target, net: Net, knowledge: Knowledge, *, admit: Admit, now: datetime
) -> Evidence:
    """Look closer at `target`. Takes at most four times `LONGEST`; never raises."""
    begun = asyncio.get_running_loop().time()
    parts = Parts()
    await _try(parts, "run", _look_again(target, net, knowledge, admit))
    if target.host:
        await _try(parts, "answers", _ask_all(target, net))
        await _try(parts, "addresses", _look_at_each(target, net, admit, parts.found))
        await _try(parts, "hops", _trace(target, admit, parts.found))
    parts.found.pop("seen", None)
    return Evidence(
        incident=inquiry.incident,
        target=target.id,
        taken_at=now,
        duration=asyncio.get_running_loop().time() - begun,
        left_out=tuple(parts.left_out),
        **parts.found,
    )


async def _try(parts: Parts, name: str, part: Awaitable[dict[str, Any]]) -> None:
    """Take one part; why it could not be taken is worth a word, and costs the others nothing."""
    try:
        async with asyncio.timeout(LONGEST + 1.0):
            parts.found.update(await part)
    except LimitReached:
        parts.left_out.append(f"{name}=limit")
    except TimeoutError:
        parts.left_out.append(f"{name}=timeout")
    except (Hampered, OSError):
        parts.left_out.append(f"{name}=hampered")


# --- one more run ----------------------------------------------------------------------------------------------------


async def _look_again(target: Target, net: Net, knowledge: Knowledge, admit: Admit) -> dict[str, Any]:
    hurried = replace(target, timeout=min(target.timeout, LONGEST))
    observed = await probes.observe(hurried, net, knowledge, admit=admit, scheduled=False)
    result, seen = observed.result, observed.seen
    return {
        "seen": seen,
        "cause": result.cause,
        "phase": result.phase,
        "detail": result.detail,
        "certificate": seen.certificate,
        **_reply(target, seen),
    }


def _reply(target: Target, seen: Seen) -> dict[str, Any]:
    reply = seen.reply
    if reply is None:
        return {}
    headers = [(name, value) for name in TELLING_HEADERS if (value := reply.header(name)) is not None]
    return {
        "status_code": reply.status,
        "headers": tuple((name, shown(value, target, LONGEST_HEADER)) for name, value in headers),
        "first_bytes": shown(_beginning(reply), target, FIRST_BYTES),
    }


def _beginning(reply: Reply) -> str:
    """The first characters of the body; of an image or other data only what it is."""
    start = replace(reply, body=reply.body[: 8 * FIRST_BYTES])
    text = text_of(start)
    strange = sum(
        not (sign.isprintable() or sign.isspace()) or sign == "\ufffd" for sign in text[:FIRST_BYTES]
    )
    return f"({len(reply.body)} bytes of data)" if strange * 10 > len(text[:FIRST_BYTES]) else text


def shown(text: str, target: Target, most: int) -> str:
    """A server's text as it may be shown: one line of printable signs, without secrets, cut."""
    line = " ".join("".join(sign if sign.isprintable() else " " for sign in text[: 8 * most]).split())
    for secret in target.secrets:
        line = line.replace(secret, "***") if secret else line
    line = REDACTION.hide(line)
    return line if len(line) <= most else line[: most - 1] + "…"


# --- names, addresses, the way ---------------------------------------------------------------------------------------


async def _ask_all(target: Target, net: Net) -> dict[str, Any]:
    if is_literal(target.host) or _by_proxy(target):
        return {}
    return {"answers": await net.answers(target.host, target.resolver, LONGEST)}


async def _look_at_each(target: Target, net: Net, admit: Admit, found: dict[str, Any]) -> dict[str, Any]:
    """Connect to every address that anybody named, and shake hands where TLS is spoken."""
    if _by_proxy(target):
        return {}
    known = [*(found["seen"].addresses if "seen" in found else ())]
    known += [address for answer in found.get("answers", ()) for address in answer.addresses]
    addresses = list(dict.fromkeys(known))[:MOST_ADDRESSES]
    look = await asyncio.gather(*(_look_at(target, net, address, admit) for address in addresses))
    return {"addresses": tuple(one for one in look if one is not None)}


async def _look_at(target: Target, net: Net, address: str, admit: Admit) -> AddressLook | None:
    request = Request(
        host=address,
        port=target.port,
        tls=replace(target.tls, verify=Verify.FALSE) if _speaks_tls(target) else None,
        server_name=target.server_name or target.host,
        proxies=Proxies(),
    )
    try:
        seen = await net.look(request, timeout=LONGEST, admit=lambda _: admit(target.host_key))
    except LimitReached:
        return None
    failure = seen.failure
    done = (
        seen.phases if failure is None else {k: v for k, v in seen.phases.items() if k is not failure.phase}
    )
    return AddressLook(
        address=address,
        cause=Cause.NONE if failure is None else failure.cause,
        phase=None if failure is None else failure.phase,
        connect=done.get(Phase.CONNECT),
        tls=done.get(Phase.TLS),
        detail="" if failure is None else failure.detail,
    )


def _speaks_tls(target: Target) -> bool:
    return target.kind == "tls" or (target.url or "").startswith("https:")


async def _trace(target: Target, admit: Admit, found: dict[str, Any]) -> dict[str, Any]:
    """The way to the first address that cannot be connected to."""
    shut = [
        one for one in found.get("addresses", ()) if one.phase is Phase.CONNECT and one.cause in UNREACHED
    ]
    if not shut:
        return {}
    hops: tuple[Hop, ...] = tuple(await trace(shut[0].address, target.port, lambda: admit(target.host_key)))
    return {"hops": hops}


def _by_proxy(target: Target) -> bool:
    """Whether a proxy stands between: names and addresses are its affair then."""
    scheme = (target.url or "").partition(":")[0]
    return proxy_for(target.proxies, scheme=scheme, host=target.host, port=target.port) is not None
