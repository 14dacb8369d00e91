"""Undoes what was done to a body on its way: gzip and deflate, one after the other where there are several. All is bounded."""

from __future__ import annotations

import zlib
from collections.abc import Iterator

from monitor.model import Cause
from monitor.net.failures import FaultError

MAX_MEMBERS = 16
"""Members of one gzip stream."""
MAX_CODINGS = 4
_UNDONE = frozenset({"gzip", "x-gzip", "deflate"})
_REFUSED = frozenset(
    {"br", "zstd", "compress", "x-compress", "dcb", "dcz", "exi", "aes128gcm", "pack200-gzip"}
)
"""Codings of IANA's registry that we do not ask for. Other words (`none`, `utf-8`) are none: browsers take no notice either."""


def is_undone(codings: str) -> bool:
    """Whether a list of codings holds none that cannot be undone."""
    return not any(one in _REFUSED for one in _names(codings))


class Decoder:
    """Undoes a list of codings; `body` never grows beyond `limit` bytes, whatever a bomb unfolds to."""

    __slots__ = ("_layers", "_refused", "body")

    def __init__(self, codings: str, limit: int) -> None:
        """`codings`: as in Content-Encoding, in the order in which they were applied."""
        named = list(_names(codings))
        applied = [one for one in named if one in _UNDONE]
        self._refused = not is_undone(codings) or len(applied) > MAX_CODINGS
        self._layers = [_Layer(one, limit) for one in reversed(applied)] or [_Layer("", limit)]
        self.body = self._layers[-1].body

    def feed(self, data: bytes) -> None:
        """Take the next bytes of the encoded body. Raises FaultError: `body_too_large`, `http_malformed`."""
        if self._refused:
            raise FaultError(Cause.HTTP_MALFORMED, "a content-encoding that was not asked for")
        for layer in self._layers:
            before = len(layer.body)
            layer.feed(data)
            if layer is not self._layers[-1]:
                data = bytes(layer.body[before:])

    @property
    def is_whole(self) -> bool:
        """Whether what came in is no stump: a compressed stream says itself where it ends."""
        return all(layer.is_whole for layer in self._layers)


class _Layer:
    """Undoes one coding."""

    __slots__ = ("_coding", "_limit", "_members", "_stream", "body")

    def __init__(self, coding: str, limit: int) -> None:
        self._coding = coding
        self._limit = limit
        self._members = 0
        self._stream: zlib._Decompress | None = None
        self.body = bytearray()

    def feed(self, data: bytes) -> None:
        if not self._coding:
            self._keep(data)
            return
        try:
            while data:
                data = self._inflate(data)
        except zlib.error as error:
            raise FaultError(Cause.HTTP_MALFORMED, f"{self._coding} cannot be undone") from error

    @property
    def is_whole(self) -> bool:
        return self._stream is None or self._stream.eof

    def _inflate(self, data: bytes) -> bytes:
        """Undo one member's worth of `data`; what belongs to the next one is returned."""
        stream = self._stream = self._stream or self._open(data)
        self._keep(stream.decompress(data, self._limit - len(self.body) + 1))
        if not stream.eof:
            return b""
        rest = stream.unused_data
        if not rest.startswith(b"\x1f\x8b"):  # servers pad; browsers do not mind
            return b""
        self._stream = None
        return rest

    def _open(self, data: bytes) -> zlib._Decompress:
        self._members += 1
        if self._members > MAX_MEMBERS:
            raise FaultError(Cause.HTTP_MALFORMED, f"more than {MAX_MEMBERS} gzip members")
        if self._coding != "deflate":
            return zlib.decompressobj(16 + zlib.MAX_WBITS)
        # "deflate" is zlib by the standard and a bare stream by the habit of old servers.
        is_zlib = data[0] & 0x0F == 8 and (len(data) < 2 or int.from_bytes(data[:2], "big") % 31 == 0)
        return zlib.decompressobj(zlib.MAX_WBITS if is_zlib else -zlib.MAX_WBITS)

    def _keep(self, data: bytes) -> None:
        room = self._limit - len(self.body)
        self.body += data[:room]
        if len(data) > room:
            raise FaultError(Cause.BODY_TOO_LARGE, f"body larger than {self._limit} bytes")


def _names(codings: str) -> Iterator[str]:
    return filter(None, (one.strip().lower() for one in codings.split(",")))
