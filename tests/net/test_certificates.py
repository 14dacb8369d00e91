"""Certificates that were made to hurt are read as far as they go, and never raise."""

from __future__ import annotations

import random

import pytest
import trustme
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import Encoding

from monitor.model import Cause
from monitor.net.certificates import (
    MAX_KEPT,
    MAX_NAMES,
    MAX_WEIGHT,
    Certificates,
    lacks_intermediate,
    read_chain,
)
from monitor.net.tls import verification_cause
from tests.matrix.certificates import DAY, NOW, make
from tests.net.peers import make_leaf

KEY = ec.generate_private_key(ec.SECP256R1())


def der(*names: str, issuer: str | None = None, aia: bool = False) -> bytes:
    return make_leaf(KEY, names or ("localhost",), issuer=issuer, aia=aia).public_bytes(Encoding.DER)


def test_a_thousand_names_are_cut() -> None:
    found = read_chain((der(*(f"n{n}.example" for n in range(1000))),), None, None)
    assert found is not None
    assert len(found.names) == MAX_NAMES


def test_names_and_addresses_are_listed_and_made_printable() -> None:
    found = read_chain((der("etax.example", "10.0.0.1", "::1", "a\nb.example"),), True, None)
    assert found is not None
    assert found.names == ("etax.example", "10.0.0.1", "::1", "a�b.example")
    assert (found.verified, found.chain_length, len(found.fingerprint)) == (True, 1, 64)


def test_bytes_that_are_no_certificate_are_nothing() -> None:
    assert read_chain((), None, None) is None
    assert read_chain((b"\x30\x03abc",), None, None) is None
    assert read_chain((b"\x30\x03abc", der()), None, None) is None


def test_a_broken_intermediate_does_not_hide_the_leaf() -> None:
    found = read_chain((der(), b"nonsense"), False, Cause.TLS_UNTRUSTED)
    assert found is not None
    assert (found.chain_length, found.verify_error) == (2, "tls_untrusted")


@pytest.mark.parametrize("seed", range(8))
def test_a_certificate_with_bytes_changed_never_raises(seed: int) -> None:
    dice = random.Random(seed)
    whole = der("etax.example", issuer="an authority", aia=True)
    for _ in range(300):
        data = bytearray(whole)
        for _ in range(dice.randint(1, 4)):
            data[dice.randrange(len(data))] = dice.randrange(256)
        read_chain((bytes(data),), False, None)
        lacks_intermediate((bytes(data),))


def test_only_a_lone_leaf_that_names_its_issuer_lacks_an_intermediate() -> None:
    lone = der(issuer="an authority", aia=True)
    assert lacks_intermediate((lone,))
    assert not lacks_intermediate((lone, trustme.CA().cert_pem.bytes()))
    assert not lacks_intermediate((der(issuer="an authority"),))
    assert not lacks_intermediate((der(aia=True),))


def test_what_is_kept_is_bounded() -> None:
    certificates = Certificates()
    for n in range(MAX_KEPT + 10):
        certificates.read((b"%d" % n,), verified=None)
    assert len(certificates._kept) == MAX_KEPT


def test_another_giant_at_every_look_is_not_kept_for_long() -> None:
    certificates = Certificates()
    names = [f"{n}.{'a' * 60}.{'b' * 60}.{'c' * 60}.example" for n in range(MAX_NAMES)]
    for n in range(120):
        found = certificates.read((der(*names, issuer=f"authority {n}"),), verified=None)
        assert found is not None
    assert 10 < len(certificates._kept) < 80
    assert certificates._weight < MAX_WEIGHT


def test_a_lone_leaf_refused_for_another_reason_lacks_nothing() -> None:
    lone = (der(issuer="an authority", aia=True),)
    assert verification_cause(20, lone) is Cause.TLS_INCOMPLETE_CHAIN
    assert verification_cause(10, lone) is Cause.TLS_EXPIRED
    assert verification_cause(26, lone) is Cause.TLS_UNTRUSTED  # a certificate for another purpose


def chain_of(*days: tuple[int, int]) -> tuple[bytes, ...]:
    """A chain, leaf first, of certificates valid from so many days from now to so many."""
    return tuple(make("any", days=span).certificate.public_bytes(Encoding.DER) for span in days)


@pytest.mark.parametrize(
    ("chain", "ends", "leaf_ends", "above"),
    [
        ([(0, 90), (-365, 3650)], 90, 90, None),
        ([(0, 90), (-365, -1)], -1, 90, (-365, -1)),
        ([(0, 90), (-365, 3650), (-365, 30)], 30, 90, (-365, 30)),
        ([(0, 90), (10, 3650)], 90, 90, (10, 3650)),
    ],
)
def test_it_is_known_which_certificate_of_the_chain_ends_first(chain, ends, leaf_ends, above) -> None:
    found = read_chain(chain_of(*chain), False, Cause.TLS_EXPIRED)
    assert found is not None
    assert (found.not_before, found.not_after) == (NOW + chain[0][0] * DAY, NOW + ends * DAY)
    assert found.leaf_ends == NOW + leaf_ends * DAY
    assert (found.above and (found.above.not_before, found.above.not_after)) == (
        above and (NOW + above[0] * DAY, NOW + above[1] * DAY)
    )
