"""TLS between memory and memory. OpenSSL gets no socket: it reads on for as long as bytes come, with the whole loop waiting.

A server that sends nothing but what TLS skips by itself (empty requests to greet again, new keys, new tickets) would hold
the program for ever, deadline and all. Seen with OpenSSL 3.0: 8 s for 8 s of such bytes. Here it gets what has come in, a
piece at a time, and not without end.
"""

from __future__ import annotations

import ssl

from monitor.model import Cause
from monitor.net.failures import FaultError
from monitor.net.overheard import Overheard

MOST_UNTOLD = 1 << 18
"""Bytes that may come in before the handshake is done, and without any data after it. OpenSSL takes 100 KiB of certificates."""
KEPT = 512
"""Bytes of a beginning that are kept in case it is no TLS."""
RECORDS = frozenset({20, 21, 22, 23})
"""First bytes of what TLS sends (RFC 8446 §5.1)."""


_ENCRYPTED = 23
"""First byte of a record that is encrypted in TLS 1.3, those of a handshake among them."""


class Secured:
    """One connection's TLS. `tls` works on what was `take`n, and leaves what is to be sent in `out`."""

    __slots__ = ("_into", "_overheard", "_untold", "heard", "may_refuse", "out", "tls")

    def __init__(self, context: ssl.SSLContext, server_name: str) -> None:
        self._into = ssl.MemoryBIO()
        self.out = ssl.MemoryBIO()
        self.tls = context.wrap_bio(self._into, self.out, server_hostname=server_name)
        self._overheard = Overheard()
        self._untold = 0
        self.heard = b""
        """How that began which came in place of TLS; empty where TLS came."""
        self.may_refuse = False
        """Whether the server asked for a certificate of ours and has yet to say what it makes of having none (TLS 1.3)."""

    def shake(self) -> None:
        """One step of the handshake. Raises ssl.SSLError, SSLWantReadError among them.

        In TLS 1.3 it is over for us with the last words that we send, before the server has read them. What it asked for
        is encrypted; that it asked shows in our own words: an empty certificate goes ahead of them.
        """
        self.tls.do_handshake()
        last = self.out.read()
        self.out.write(last)
        self.may_refuse = self.tls.version() == "TLSv1.3" and _kinds(last).count(_ENCRYPTED) > 1

    @property
    def has_heard(self) -> bool:
        """Whether a byte has come and no data yet."""
        return self._untold > 0

    @property
    def wants_certificate(self) -> bool:
        """Whether the server has asked for a certificate of ours where that can be overheard (TLS 1.2)."""
        return self._overheard.wants_certificate

    def take(self, data: bytes) -> None:
        """What has come in; empty at its end. Raises FaultError for what would cost far too much."""
        if not data:
            self._into.write_eof()
            return
        if len(self.heard) < KEPT and (self.heard or (not self._untold and data[0] not in RECORDS)):
            self.heard += data[: KEPT - len(self.heard)]
        self._untold += len(data)
        if self._untold > MOST_UNTOLD:
            raise FaultError(Cause.TLS_HANDSHAKE, f"more than {MOST_UNTOLD} bytes of TLS that say nothing")
        if not self._overheard.is_over:
            self._overheard.hear(data)
        self._into.write(data)

    def read(self, most: int) -> bytes:
        """Decrypted bytes, empty at the end. Raises ssl.SSLError, SSLWantReadError among them."""
        data = self.tls.read(most)
        self._untold = 0
        return data


def _kinds(records: bytes) -> list[int]:
    """The kind of each record."""
    kinds, start = [], 0
    while start + 5 <= len(records):
        kinds.append(records[start])
        start += 5 + int.from_bytes(records[start + 3 : start + 5], "big")
    return kinds
