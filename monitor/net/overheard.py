"""What a TLS 1.2 handshake says in the clear, watched for numbers that would take seconds to reckon with, and for idle talk.

The server chooses the group of a Diffie-Hellman exchange, and OpenSSL takes any of up to 10,000 bits: with one of those a
handshake holds the loop for 2 to 5 s (8,192 bits: 0.4 s; 6,144 bits: 0.2 s). TLS 1.3 has fixed groups.
"""

from __future__ import annotations

from monitor.model import Cause
from monitor.net.failures import FaultError

MOST_PRIME = 768
"""Bytes of the prime of a group. The same two bytes of an exchange over an elliptic curve always read 0x0300, which is 768."""
MOST_MESSAGES = 100
"""A handshake has about five; OpenSSL passes over empty requests to greet again without end."""
_HANDSHAKE = 22
_SERVER_KEY_EXCHANGE = 12
_CERTIFICATE_REQUEST = 13
_SERVER_HELLO_DONE = 14


class Overheard:
    """Records and messages (RFC 5246 §6.2.1, §7.4) as far as they are in the clear."""

    __slots__ = ("_count", "_messages", "_records", "is_over", "wants_certificate")

    def __init__(self) -> None:
        self._records = bytearray()
        self._messages = bytearray()
        self._count = 0
        self.is_over = False
        self.wants_certificate = False

    def hear(self, data: bytes) -> None:
        """Take the next bytes from the server. Raises FaultError for a group that is too large, or too much talk."""
        self._records += data
        while not self.is_over and len(self._records) >= 5:
            end = 5 + int.from_bytes(self._records[3:5], "big")
            if self._records[0] != _HANDSHAKE:  # what follows is encrypted, or the end
                self.is_over = True
            elif len(self._records) >= end:
                self._messages += self._records[5:end]
                del self._records[:end]
                self._read_messages()
            else:
                break

    def _read_messages(self) -> None:
        start = 0
        while len(self._messages) >= start + 4:
            first, size = self._messages[start], int.from_bytes(self._messages[start + 1 : start + 4], "big")
            if first == _SERVER_KEY_EXCHANGE and len(self._messages) >= start + 6:
                self._refuse_giant(int.from_bytes(self._messages[start + 4 : start + 6], "big"))
            self.wants_certificate = self.wants_certificate or first == _CERTIFICATE_REQUEST
            if len(self._messages) < start + 4 + size:
                break
            self.is_over = self.is_over or first == _SERVER_HELLO_DONE
            start += 4 + size
            self._count += 1
            if self._count > MOST_MESSAGES:
                raise FaultError(Cause.TLS_HANDSHAKE, f"more than {MOST_MESSAGES} messages and no end")
        del self._messages[:start]

    def _refuse_giant(self, size: int) -> None:
        if size > MOST_PRIME:
            self.is_over = True
            said = f"a Diffie-Hellman group of more than {8 * MOST_PRIME} bits"
            raise FaultError(Cause.TLS_HANDSHAKE, said)
