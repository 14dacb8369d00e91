"""The faults that a stand-in can be given: one table with what is done on the wire and what a client sees.

A fault is written `name` or `name:argument` (`slow:2.5`, `waf:521`). Statuses and platform codes are families:
`status_503` is any three-digit status, `003` any three-digit code of the platform, known or not.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from difflib import get_close_matches
from enum import StrEnum


class Stage(StrEnum):
    """Where on the way of a connection a fault strikes."""

    LISTEN = "listen"
    RAW = "raw"
    """On the accepted socket, before or instead of TLS."""
    CERTIFICATE = "certificate"
    WIRE = "wire"
    """In how the reply is written."""
    REPLY = "reply"
    """In what the reply says."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Kind:
    """One row of the table. `default` is the argument taken when none is written; "" if there is none to give."""

    name: str
    stage: Stage
    does: str
    sees: str
    default: str = ""
    argument: str = ""
    """What an argument must look like: `seconds`, `status`, `bytes`, `days`; "" takes none."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Fault:
    """A fault as somebody set it. `text` is how it was written."""

    kind: Kind
    argument: str
    text: str

    @property
    def number(self) -> float:
        """The argument as a number (seconds, days, bytes or a status)."""
        return float(self.argument)


class FaultError(ValueError):
    """A fault that does not exist, has a bad argument, or cannot happen at that place."""


def _rows() -> tuple[Kind, ...]:
    listen, raw, cert, wire, reply = Stage
    seconds = {"argument": "seconds"}
    status = {"argument": "status"}

    def row(name: str, stage: Stage, does: str, sees: str, default: str = "", argument: str = "") -> Kind:
        return Kind(name=name, stage=stage, does=does, sees=sees, default=default, argument=argument)

    return (
        row("refuse", listen, "the listening socket is closed; the port stays reserved", "connection refused"),
        row("hang_accept", listen, "accept() is never called; the kernel completes the handshake", "connects, then silence: TLS (plain: the reply) times out"),
        row("hang_before_accept", listen, "the backlog is filled, so that SYNs are dropped", "connecting times out"),
        row("reset", raw, "RST right after accept", "connection reset, perhaps while connecting"),
        row("stall_tls", raw, "reads the ClientHello, sends the head of a record, stops", "TLS times out"),
        row("reset_tls", raw, "RST after the first bytes of the client", "connection reset during TLS"),
        row("close_tls", raw, "FIN after the first bytes of the client", "EOF during TLS"),
        row("plain_on_tls", raw, "answers the ClientHello in plain HTTP", "wrong version number"),
        row("expired", cert, "a certificate that ended yesterday", "certificate has expired"),
        row("expiring", cert, "a valid certificate that ends in five days", "fine, but soon not"),
        row("not_yet_valid", cert, "a certificate that begins tomorrow", "certificate is not yet valid"),
        row("wrong_name", cert, "a certificate for elsewhere.invalid", "hostname mismatch"),
        row("self_signed", cert, "a certificate signed by itself", "self-signed certificate"),
        row("unknown_ca", cert, "a whole chain of a CA nobody knows", "self-signed certificate in chain"),
        row("incomplete_chain", cert, "the intermediate is kept back; the leaf names it (AIA)", "unable to get local issuer"),
        row("stranger_chain", cert, "the leaf comes with the intermediate of another CA", "unable to get local issuer"),
        row("hang", wire, "reads the request, never answers", "no first byte"),
        row("slow", wire, "answers well after so many seconds", "a late first byte", "2", **seconds),
        row("trickle_headers", wire, "one byte of the headers each so many seconds", "headers never end", "0.2", **seconds),
        row("trickle", wire, "headers at once, one byte of the body each so many seconds", "the body never ends", "0.2", **seconds),
        row("reset_body", wire, "RST after half of the body", "connection reset in the body"),
        row("close", wire, "FIN after the request, without a byte", "EOF before a reply"),
        row("close_body", wire, "FIN after half of the body", "EOF inside the body"),
        row("garbage", wire, "bytes that are no HTTP", "malformed reply"),
        row("status", reply, "that status with a short HTML page (`status_503`)", "an unexpected status", "503", **status),
        row("waf", reply, "a challenge or block page: 412 202 Ruishu, 521 Jiasule, 468 SafeLine, 403 云防护, 200 wzws script", "a challenge where JSONP is due", "412", **status),
        row("maintenance", reply, "an HTML page titled 系统维护", "a maintenance page", "503", **status),
        row("html", reply, "200 and the index.html of a single-page application", "HTML where JSONP is due"),
        row("truncated_image", reply, "key1 holds the first 60 % of a PNG", "an image that cannot be decoded"),
        row("blank_image", reply, "key1 holds a PNG of one colour", "a trivial image"),
        row("garbage_image", reply, "key1 is base64 of no image", "an image that cannot be decoded"),
        row("empty_image", reply, 'key1 is ""', "neither code nor image"),
        row("code", reply, "key1 is that code (`003`, `010`, `999`, `fpdmerr`)", "a code of the platform", "004", "code"),
        row("redirect_away", reply, "302 to https://elsewhere.invalid/", "a redirect to another host"),
        row("redirect_loop", reply, "302 to the same address", "redirects without end"),
        row("big_body", reply, "a reply of so many bytes", "a body without measure", str(4 << 20), "bytes"),
        row("gzip_bomb", reply, "gzip that unpacks to so many bytes", "a small body that grows", str(4 << 20), "bytes"),
    )  # fmt: skip


FAULTS = {kind.name: kind for kind in _rows()}

_NUMBER = re.compile(r"\d{1,9}(\.\d{1,6})?", re.ASCII)
_STATUS = re.compile(r"[2-5]\d\d", re.ASCII)
_CODE = re.compile(r"\d{3}|\d|010_|rqerr|fpdmerr", re.ASCII)
_SHAPES = {"seconds": _NUMBER, "bytes": re.compile(r"\d{1,9}", re.ASCII), "status": _STATUS, "code": _CODE}


def parse(text: str) -> Fault:
    """The fault that `text` names. Raises FaultError with the nearest name where there is none."""
    name, _, argument = text.strip().partition(":")
    if name.startswith("status_"):
        name, argument = "status", name.removeprefix("status_")
    elif _CODE.fullmatch(name) and not argument:
        name, argument = "code", name
    kind = FAULTS.get(name)
    if kind is None:
        near = get_close_matches(name, FAULTS, 1)
        raise FaultError(f"no fault is called {name!r}" + (f"; did you mean {near[0]!r}?" if near else ""))
    argument = argument or kind.default
    if argument and not kind.argument:
        raise FaultError(f"{name} takes no argument")
    if kind.argument and not _SHAPES[kind.argument].fullmatch(argument):
        raise FaultError(f"{argument!r} is no {kind.argument} for {name}")
    return Fault(kind=kind, argument=argument, text=text.strip())
