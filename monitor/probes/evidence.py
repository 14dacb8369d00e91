"""Evidence: looks closer at what just failed, part by part, so that a person sees where on the way it stops, and for whom.

Every connection is asked leave for, as those of a run are; what was not admitted is left out by name.
"""

from __future__ import annotations

import asyncio
import re
from collections.abc import Callable, Coroutine, Iterator
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Any
from urllib.parse import parse_qsl, urlsplit

from monitor import probes
from monitor.core.classify import Knowledge
from monitor.core.page import text_of
from monitor.log import REDACTION, Redaction, opaque_words
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
from monitor.probes.kind import Observation

MOST_ADDRESSES = 4
LONGEST = 5.0
"""Seconds for each part, however long the timeout of the target is."""
FIRST_BYTES = 300
"""Characters of a reply that are kept."""
MOST_NUMBERS = 24
"""Bytes of what is no text that are shown by their numbers."""
LONGEST_HEADER = 200
MOST_SERVERS = 6
"""Name servers that are asked one by one."""
TELLING_HEADERS = (
    "server", "via", "date", "age", "content-type", "content-length", "location", "retry-after", "x-cache", "cf-ray", "x-powered-by",
)  # fmt: skip
"""Headers that say who answered. Cookies and tokens are not among them."""
UNREACHED = frozenset(
    {Cause.CONNECT_TIMEOUT, Cause.UNREACHABLE, Cause.CONNECTION_RESET, Cause.CONNECTION_REFUSED}
)
"""Failures to connect of which the way may tell where they happen."""
_TELLING_NAME = re.compile("auth|cookie|token|key|secret|sign|pass", re.IGNORECASE)
"""Headers of ours whose values are nobody's business."""


@dataclass
class Parts:
    """What was found so far."""

    found: dict[str, Any] = field(default_factory=dict)
    left_out: list[str] = field(default_factory=list)


class Leave:
    """Asks leave for the connections of one part, and remembers whether it was refused."""

    def __init__(self, admit: Admit) -> None:
        self._admit = admit
        self.refused = False

    def __call__(self, host_key: str) -> bool:
        """Whether this connection may be made."""
        given = self._admit(host_key)
        self.refused = self.refused or not given
        return given


async def take(
    inquiry: Inquiry,
    target: Target,
    net: Net,
    knowledge: Knowledge,
    *,
    admit: Admit,
    now: datetime,
    observed: Observation | None = None,
    servers: tuple[str, ...] = (),
) -> Evidence:
    """Look closer at `target`. Takes at most four times `LONGEST`; never raises.

    `observed`: the run that gave rise to it, in place of one more. `servers`: name servers to ask beside its own.
    """
    begun = asyncio.get_running_loop().time()
    parts = Parts()
    if observed is None:
        await _try(parts, "run", admit, lambda leave: _look_again(target, net, knowledge, leave))
    else:
        parts.found.update(_of_run(target, observed))
    if target.host:
        await _try(parts, "answers", admit, lambda _: _ask_all(target, net, servers, parts.found))
    if target.host and target.port:
        await _try(parts, "addresses", admit, lambda leave: _look_at_each(target, net, leave, parts.found))
        await _try(parts, "hops", admit, lambda leave: _trace(target, leave, parts.found))
    parts.found.pop("seen", None)
    return Evidence(
        incident=inquiry.incident,
        target=target.id,
        taken_at=now,
        duration=asyncio.get_running_loop().time() - begun,
        left_out=tuple(parts.left_out),
        **parts.found,
    )


Part = Callable[[Leave], Coroutine[Any, Any, dict[str, Any]]]
"""Takes one part of the evidence: what was found, by the names of the fields of `Evidence`."""


async def _try(parts: Parts, name: str, admit: Admit, take_part: Part) -> None:
    """Take one part; why it could not be taken, or not whole, is worth a word, and costs the others nothing."""
    leave = Leave(admit)
    why = ""
    try:
        async with asyncio.timeout(LONGEST + 1.0):
            parts.found.update(await take_part(leave))
    except LimitReached:
        why = "limit"
    except TimeoutError:
        why = "timeout"
    except (Hampered, OSError):
        why = "hampered"
    why = why or ("limit" if leave.refused else "")
    parts.left_out += [f"{name}={why}"] * bool(why)


# --- one more run ----------------------------------------------------------------------------------------------------


async def _look_again(target: Target, net: Net, knowledge: Knowledge, admit: Admit) -> dict[str, Any]:
    hurried = replace(target, timeout=min(target.timeout, LONGEST))
    observed = await probes.observe(hurried, net, knowledge, admit=admit, scheduled=False)
    return _of_run(target, observed)


def _of_run(target: Target, observed: Observation) -> dict[str, Any]:
    result, seen = observed.result, observed.seen
    return {
        "seen": seen,
        "cause": result.cause,
        "phase": result.phase,
        "detail": shown(result.detail, target, LONGEST_HEADER),
        "certificate": seen.certificate,
        **_reply(target, seen),
    }


def _reply(target: Target, seen: Seen) -> dict[str, Any]:
    reply = seen.reply
    if reply is None:
        return {"first_bytes": shown(_as_text(seen.heard), target, FIRST_BYTES)} if seen.heard else {}
    headers = [(name, value) for name in TELLING_HEADERS if (value := reply.header(name)) is not None]
    return {
        "status_code": reply.status,
        "headers": tuple((name, shown(value, target, LONGEST_HEADER)) for name, value in headers),
        "first_bytes": shown(_beginning(reply), target, FIRST_BYTES),
    }


def _beginning(reply: Reply) -> str:
    """The first characters of the body; of an image or other data only what it is."""
    text = text_of(replace(reply, body=reply.body[: 8 * FIRST_BYTES]))
    return text if _is_readable(text) else f"({len(reply.body)} bytes of data)"


def _as_text(heard: bytes) -> str:
    """What came and is no reply; of what is no text the first bytes by their numbers."""
    text = text_of(Reply(status=0, headers=(), body=heard, url=""))
    return text if _is_readable(text) else f"({heard[:MOST_NUMBERS].hex(' ')})"


def _is_readable(text: str) -> bool:
    begun = text[:FIRST_BYTES]
    strange = sum(not (sign.isprintable() or sign.isspace()) or sign == "\ufffd" for sign in begun)
    return strange * 10 <= len(begun)


def shown(text: str, target: Target, most: int) -> str:
    """A server's text as it may be shown: one line of printable signs, without secrets, cut."""
    line = " ".join("".join(sign if sign.isprintable() else " " for sign in text[: 8 * most]).split())
    own = Redaction(_sent(target))
    line = REDACTION.hide(own.hide(line))
    return line if len(line) <= most else line[: most - 1] + "…"


def _sent(target: Target) -> Iterator[str]:
    """What of our request must not be shown, should a reply repeat it: keys, and what stands in the query of its address."""
    yield from filter(None, target.secrets)
    for name, value in target.headers:
        if _TELLING_NAME.search(name):
            yield value
    if target.url:
        yield from opaque_words(target.url)
    if target.carries_credential and target.url:
        query = urlsplit(target.url).query
        yield from (query, *(value for _, value in parse_qsl(query)))


# --- names, addresses, the way ---------------------------------------------------------------------------------------


async def _ask_all(
    target: Target, net: Net, servers: tuple[str, ...], found: dict[str, Any]
) -> dict[str, Any]:
    """What each name server says; a run that has asked them is believed."""
    if "seen" in found and found["seen"].answers:
        return {"answers": tuple(one for one in found["seen"].answers if not one.decoy)[:MOST_SERVERS]}
    if is_literal(target.host) or _by_proxy(target):
        return {}
    own = await net.answers(target.host, target.resolver, LONGEST)
    asked = {answer.resolver for answer in own}
    others = tuple(server for server in dict.fromkeys(servers) if server not in asked)[
        : MOST_SERVERS - len(own)
    ]
    return {"answers": own + (await net.answers(target.host, others, LONGEST) if others else ())}


async def _look_at_each(target: Target, net: Net, admit: Admit, found: dict[str, Any]) -> dict[str, Any]:
    """Connect to every address that anybody named, and shake hands where TLS is spoken."""
    if not target.port or _by_proxy(target):  # without a port nothing is connected to
        return {}
    known = [*(found["seen"].addresses if "seen" in found else ())]
    known += [address for answer in found.get("answers", ()) for address in answer.addresses]
    addresses = list(dict.fromkeys(known))[:MOST_ADDRESSES]
    look = await asyncio.gather(*(_look_at(target, net, address, admit) for address in addresses))
    return {"addresses": tuple(_refused(one, found) for one in look if one is not None)}


def _refused(look: AddressLook, found: dict[str, Any]) -> AddressLook:
    """An address that presents the certificate which the run refused: it was looked at without verifying."""
    shown, cause = found.get("certificate"), found.get("cause", Cause.NONE)
    is_it = shown is not None and shown.verify_error == cause and look.fingerprint == shown.fingerprint
    return replace(look, cause=cause, phase=Phase.TLS) if is_it and look.cause is Cause.NONE else look


async def _look_at(target: Target, net: Net, address: str, admit: Admit) -> AddressLook | None:
    request = Request(
        host=address,
        port=target.port,
        tls=replace(target.tls, verify=Verify.FALSE) if _speaks_tls(target) else None,
        server_name=target.server_name or target.host,
        proxies=Proxies(),
    )
    try:
        patience = min(LONGEST, target.timeout)
        seen = await net.look(request, timeout=patience, admit=lambda _: admit(target.host_key))
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
        fingerprint=None if seen.certificate is None else seen.certificate.fingerprint,
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
