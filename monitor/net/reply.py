"""A reply taken apart while it comes in: httptools parses, chunks and compression are undone, everything is bounded."""

from __future__ import annotations

import httptools

from monitor.model import Cause, Reply
from monitor.net.decoding import Decoder, is_undone
from monitor.net.failures import FaultError

MAX_HEAD = 1 << 16
"""Bytes of status line and headers."""
MAX_HEADERS = 200
MAX_INTERIM = 8
"""1xx replies before the real one."""
WIRE_FACTOR = 8
"""Bytes on the wire per byte of `max_body`: a body in one-byte chunks takes six."""
KEPT = 512
"""Bytes of a beginning that are kept in case no HTTP comes of it."""
_SUCCESSES = range(200, 300)


class Collector:
    """Collects one reply. `feed` it what comes in until `done`; `end` it when the peer closes.

    Both raise FaultError: `http_malformed`, `body_too_large`, and at the end `connection_closed`.
    """

    __slots__ = (
        "_beginning",
        "_decoder",
        "_fault",
        "_framed",
        "_headers",
        "_interim",
        "_max_body",
        "_method",
        "_parser",
        "_received",
        "done",
        "has_head",
        "status",
    )

    def __init__(self, method: str, max_body: int) -> None:
        self._method = method
        self._max_body = max_body
        self._parser = httptools.HttpResponseParser(self)
        # What every browser takes: bare line feeds, blanks around chunk sizes, odd bytes in header values.
        self._parser.set_dangerous_leniencies(
            lenient_headers=True,
            lenient_optional_cr_before_lf=True,
            lenient_spaces_after_chunk_size=True,
            lenient_data_after_close=True,
        )
        self._beginning = b""
        self._received = 0
        self._interim = 0
        self._framed = False
        self._fault: FaultError | None = None
        self._headers: list[tuple[str, str]] = []
        self._decoder: Decoder | None = None
        self.status = 0
        self.has_head = False
        self.done = False

    def feed(self, data: bytes) -> None:
        """Take the next bytes; what comes behind a whole reply is not looked at."""
        while data and not self.done:
            # cut where a bound lies, so that the verdict does not depend on how the bytes were cut on their way
            most = MAX_HEAD + (WIRE_FACTOR * self._max_body if self.has_head else 0)
            room = most + 1 - self._received
            self._take(data[:room])
            data = data[room:]

    def _take(self, data: bytes) -> None:
        if not self.has_head and len(self._beginning) < KEPT:
            self._beginning += data[: KEPT - len(self._beginning)]
        self._received += len(data)
        try:
            self._parser.feed_data(data)
        except httptools.HttpParserUpgrade:
            raise FaultError(Cause.HTTP_MALFORMED, "changes to a protocol that was not asked for") from None
        except httptools.HttpParserError as error:
            if self._fault is None and not self.done:
                raise FaultError(Cause.HTTP_MALFORMED, _words(error)) from error
        if self._fault is not None:
            raise self._fault
        if not self.has_head and self._received > MAX_HEAD:
            raise FaultError(Cause.HTTP_MALFORMED, f"headers larger than {MAX_HEAD} bytes")
        if not self.done and self._received > MAX_HEAD + WIRE_FACTOR * self._max_body:
            raise FaultError(Cause.BODY_TOO_LARGE, "far more on the wire than the body may hold")

    def end(self) -> None:
        """The peer has closed: the end of a body without a length, a broken reply otherwise."""
        if self.done:
            return
        if not self.has_head or self._framed:
            raise FaultError(Cause.CONNECTION_CLOSED, "connection closed before the reply was whole")
        if self._is_cut():
            raise FaultError(Cause.CONNECTION_CLOSED, "connection closed inside the compressed body")
        self.done = True

    def header(self, name: str) -> str | None:
        """The first header of that lower-case name."""
        return next((value for key, value in self._headers if key == name), None)

    def reply(self, url: str) -> Reply | None:
        """What has come in so far; None before the headers are whole."""
        if not self.has_head:
            return None
        body = b"" if self._decoder is None else bytes(self._decoder.body)
        return Reply(
            status=self.status,
            headers=tuple(self._headers),
            body=body,
            url=url,
            version=self._parser.get_http_version(),
        )

    @property
    def received(self) -> int:
        """Bytes that have come in."""
        return self._received

    @property
    def heard(self) -> bytes:
        """How that began which came in, where no headers came of it."""
        return b"" if self.has_head else self._beginning

    def close(self) -> None:
        """Let go of the parser and of the fault, each of which holds this collector, and the body with it. The last call."""
        del self._parser
        self._fault = None

    # httptools calls these

    def on_message_begin(self) -> None:
        if self.done:  # whatever follows a whole reply is not read; `feed` takes no notice of this
            raise FaultError(Cause.HTTP_MALFORMED, "more than one reply")
        self._headers.clear()

    def on_header(self, name: bytes, value: bytes) -> None:
        if self.has_head:  # a trailer: says nothing that counts
            return
        if len(self._headers) >= MAX_HEADERS:
            raise self._stop(FaultError(Cause.HTTP_MALFORMED, f"more than {MAX_HEADERS} headers"))
        self._headers.append((name.decode("latin-1").lower(), value.decode("latin-1")))

    def on_headers_complete(self) -> None:
        self.status = self._parser.get_status_code()
        if 100 <= self.status < 200:
            return
        self.has_head = True
        self._framed = self.header("content-length") is not None or self._is_chunked()
        if self._method == "HEAD":
            self.done = True
            return
        self._decoder = Decoder(self._codings(), self._max_body)

    def on_body(self, data: bytes) -> None:
        if self.done or self._decoder is None:
            return
        try:
            self._decoder.feed(data)
        except FaultError as fault:
            self._stop(fault)
            raise

    def on_message_complete(self) -> None:
        if self.has_head:
            self.done = True
            if self._is_cut():
                raise self._stop(FaultError(Cause.HTTP_MALFORMED, "the compressed body is cut"))
            return
        self._interim += 1
        if self._interim > MAX_INTERIM:
            raise self._stop(FaultError(Cause.HTTP_MALFORMED, f"more than {MAX_INTERIM} interim replies"))

    def _is_cut(self) -> bool:
        return self._decoder is not None and not self._decoder.is_whole

    def _is_chunked(self) -> bool:
        return "chunked" in self._listed("transfer-encoding").lower()

    def _codings(self) -> str:
        """What was done to the body, first to last. A refusal that cannot be read is a refusal all the same: its status counts."""
        codings = f"{self._listed('content-encoding')},{self._listed('transfer-encoding')}"
        return codings if self.status in _SUCCESSES or is_undone(codings) else ""

    def _listed(self, name: str) -> str:
        """All headers of that lower-case name as one list (RFC 9110 §5.3)."""
        return ",".join(value for key, value in self._headers if key == name)

    def _stop(self, fault: FaultError) -> FaultError:
        self._fault = fault
        return fault


def _words(error: Exception) -> str:
    """llhttp's reason, which quotes nothing of the reply."""
    return f"not HTTP: {error}"[:200]
