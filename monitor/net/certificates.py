"""Facts of a presented chain, read by cryptography. OpenSSL has judged it; here nothing is trusted and nothing raises."""

from __future__ import annotations

import hashlib
import warnings
from collections.abc import Callable, Iterable, Sequence
from datetime import datetime
from functools import partial
from itertools import islice
from typing import TypeVar

from cryptography import x509
from cryptography.x509.oid import AuthorityInformationAccessOID

from monitor.model import Above, Cause, Certificate

MAX_NAMES = 100
MAX_TEXT = 256
MAX_SERIAL = 20
"""Bytes of a serial number (RFC 5280 §4.1.2.2)."""
MAX_KEPT = 1024
MAX_WEIGHT = 4 << 20
"""Bytes of all that are kept: a server may show another giant at every look."""

Chain = tuple[bytes, ...]
_T = TypeVar("_T")


class Certificates:
    """Reads chains; one whose bytes were seen before is not parsed again."""

    def __init__(self) -> None:
        self._kept: dict[tuple[bytes, bool | None, Cause | None], Certificate | None] = {}
        self._weight = 0

    def read(
        self,
        chain: Chain,
        *,
        verified: bool | None,
        verify_error: Cause | None = None,
        trusted: Callable[[], Chain] = tuple,
    ) -> Certificate | None:
        """What `chain` (DER, leaf first) says; None when its leaf cannot be read at all.

        `trusted` gives the chain that was verified; it is asked only where `verified` is true.
        """
        key = (hashlib.sha256(b"".join(chain)).digest(), verified, verify_error)
        if key not in self._kept:
            found = read_chain(chain, verified, verify_error, trusted() if verified else ())
            self._weight += _weight(found)
            self._kept[key] = found
            while len(self._kept) > MAX_KEPT or self._weight > MAX_WEIGHT:
                self._weight -= _weight(self._kept.pop(next(iter(self._kept))))
        return self._kept[key]


def _weight(found: Certificate | None) -> int:
    """About how many bytes it takes, at up to four a letter."""
    if found is None:
        return 200
    above = () if found.above is None else (found.above.subject,)
    return 1500 + sum(60 + 4 * len(text) for text in (found.subject, found.issuer, *above, *found.names))


def read_chain(
    chain: Chain, verified: bool | None, verify_error: Cause | None, trusted: Chain = ()
) -> Certificate | None:
    """The facts of one chain. Expiry is the earliest of it; names and texts are cut to a bearable size."""
    parsed = [certificate for der in chain if (certificate := _parse(der)) is not None]
    if not parsed or parsed[0][0] != chain[0]:
        return None
    leaf = parsed[0][1]
    starts = _safely(lambda: leaf.not_valid_before_utc)
    ends = _ends(parsed)
    if starts is None or not ends:
        return None
    return Certificate(
        subject=_safely(lambda: _clean(leaf.subject.rfc4514_string())) or "",
        issuer=_safely(lambda: _clean(leaf.issuer.rfc4514_string())) or "",
        not_before=starts,
        not_after=min(ends),
        names=_safely(lambda: _names(leaf)) or (),
        fingerprint=hashlib.sha256(chain[0]).hexdigest(),
        chain_length=len(chain),
        verified=verified,
        verify_error=None if verify_error is None else str(verify_error),
        serial=_safely(lambda: _serial(leaf)) or "",
        trusted_until=min(_ends(_parse(der) for der in trusted), default=None),
        above=_narrower(starts, _expiry(leaf), parsed[1:]),
        leaf_not_after=own if (own := _expiry(leaf)) is not None and own > min(ends) else None,
    )


def _narrower(
    starts: datetime, ends: datetime | None, chain: Sequence[tuple[bytes, x509.Certificate]]
) -> Above | None:
    """What above a leaf of these dates ends before it, the first to end; else what begins after it, the last to begin."""
    spans = [found for _, one in chain if (found := _safely(partial(_above, one))) is not None]
    if ends is None:
        return None
    early = min(spans, key=lambda one: one.not_after, default=None)
    if early is not None and early.not_after < ends:
        return early
    late = max(spans, key=lambda one: one.not_before, default=None)
    return late if late is not None and late.not_before > starts else None


def _above(one: x509.Certificate) -> Above:
    return Above(
        subject=_clean(one.subject.rfc4514_string()),
        not_before=one.not_valid_before_utc,
        not_after=one.not_valid_after_utc,
    )


def lacks_intermediate(chain: Chain) -> bool:
    """Whether the peer sent its leaf alone although somebody else signed it, and says where the signer is found."""
    if len(chain) != 1 or (parsed := _parse(chain[0])) is None:
        return False
    leaf = parsed[1]
    return bool(_safely(lambda: leaf.issuer != leaf.subject and _names_its_issuer(leaf)))


def _names_its_issuer(leaf: x509.Certificate) -> bool:
    access = leaf.extensions.get_extension_for_class(x509.AuthorityInformationAccess).value
    return any(one.access_method == AuthorityInformationAccessOID.CA_ISSUERS for one in access)


def _parse(der: bytes) -> tuple[bytes, x509.Certificate] | None:
    certificate = _safely(lambda: x509.load_der_x509_certificate(der))
    return None if certificate is None else (der, certificate)


def _expiry(certificate: x509.Certificate) -> datetime | None:
    return _safely(lambda: certificate.not_valid_after_utc)


def _ends(parsed: Iterable[tuple[bytes, x509.Certificate] | None]) -> list[datetime]:
    return [end for one in parsed if one is not None and (end := _expiry(one[1])) is not None]


def _serial(leaf: x509.Certificate) -> str:
    number = leaf.serial_number
    return number.to_bytes((number.bit_length() + 7) // 8).hex()[: 2 * MAX_SERIAL]


def _names(leaf: x509.Certificate) -> tuple[str, ...]:
    names = leaf.extensions.get_extension_for_class(x509.SubjectAlternativeName).value
    wanted = (x509.DNSName, x509.IPAddress)
    first = islice((name for name in names if isinstance(name, wanted)), MAX_NAMES)
    return tuple(_clean(str(name.value)) for name in first)


def _clean(text: str) -> str:
    return "".join(letter if letter.isprintable() else "�" for letter in text[:MAX_TEXT])


def _safely(read: Callable[[], _T]) -> _T | None:
    """What `read` finds; None where the certificate is so odd that the library gives up or warns."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        try:
            return read()
        except Exception:  # noqa: BLE001  hostile bytes: whatever the parser raises means that it cannot be read
            return None
