"""`server.tls` and `server.basic_auth` where they are sound: what the plan holds, what `check` says, what is never shown."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from pathlib import Path

import bcrypt
import pytest
import trustme

from monitor.cli.check import summary
from monitor.model import ServerTls
from tests.config.conftest import HEAD, ONE, ReadText

HASH = bcrypt.hashpw(b"right", b"$2b$04$abcdefghijklmnopqrstuu").decode()
"""With a salt that is always the same: it stands in the names of tests, which several processes must agree on."""
NOW = datetime(2026, 11, 21, 8, tzinfo=UTC)


def certify(folder: Path, expires_at: datetime) -> None:
    """cert.pem and key.pem in `folder`."""
    made = trustme.CA().issue_cert(
        "localhost", not_before=datetime(2026, 1, 1, tzinfo=UTC), not_after=expires_at
    )
    (folder / "cert.pem").write_bytes(b"".join(part.bytes() for part in made.cert_chain_pems))
    made.private_key_pem.write_to_path(folder / "key.pem")


@pytest.mark.parametrize(
    ("left", "says"),
    [
        (timedelta(days=90), ", until "),
        (timedelta(days=5), "expires in 5 days"),
        (-timedelta(days=1), "expired"),
    ],
)
def test_check_says_until_when_the_certificate_is_good(read_text: ReadText, tmp_path: Path, left, says):
    certify(tmp_path, NOW + left)
    loaded = read_text(HEAD + ONE + "server: {tls: {cert: cert.pem, key: key.pem}}\n")
    assert loaded.plan.tls == ServerTls(cert=str(tmp_path / "cert.pem"), key=str(tmp_path / "key.pem"))
    told = summary(tmp_path / "probes.yaml", loaded, NOW)
    assert says in told
    assert ("note: server.tls" in told) is (left < timedelta(days=21))


def test_a_hash_may_come_from_elsewhere_and_is_shown_nowhere(read_text: ReadText, tmp_path: Path):
    (tmp_path / "bob").write_text(HASH + "\n")
    text = f'server: {{basic_auth: {{alice: "{HASH}", bob: {{file: bob}}, eve: {{env: EVE}}}}}}\n'
    loaded = read_text(HEAD + ONE + text, {"EVE": HASH})
    assert loaded.plan.basic_auth == {"alice": HASH, "bob": HASH, "eve": HASH}
    assert HASH in loaded.secrets
    told = summary(tmp_path / "probes.yaml", loaded, NOW)
    assert "users        alice, bob, eve" in told
    for shown in (told, repr(loaded.plan), repr(loaded), *loaded.notes):
        assert HASH not in shown


@pytest.mark.parametrize(
    ("listen", "more", "is_noted"),
    [
        ("0.0.0.0:8036", "token: t0ken", True),
        ("':8036'", f'basic_auth: {{a: "{HASH}"}}', True),
        ("0.0.0.0:8036", "external_url: 'http://x/'", False),
        ("127.0.0.1:8036", "token: t0ken", False),
        ("'[::1]:8036'", "token: t0ken", False),
        ("localhost:8036", "token: t0ken", False),
    ],
)
def test_secrets_on_an_open_wire_are_noted(read_text: ReadText, listen: str, more: str, is_noted: bool):
    notes = read_text(HEAD + ONE + f"server: {{listen: {listen}, {more}}}\n").notes
    assert any("without tls" in note for note in notes) is is_noted


def test_a_cheap_hash_is_noted(read_text: ReadText):
    notes = read_text(HEAD + ONE + f'server: {{basic_auth: {{alice: "{HASH}"}}}}\n').notes
    assert any("the hash of alice is cheap" in note for note in notes)


@pytest.mark.parametrize(("cost", "is_noted"), [(12, False), (14, False), (15, True)])
def test_a_hash_that_makes_logins_slow_is_noted(read_text: ReadText, cost: int, is_noted: bool):
    hash_ = f"{HASH[:4]}{cost}{HASH[6:]}"
    notes = read_text(HEAD + ONE + f'server: {{basic_auth: {{alice: "{hash_}"}}}}\n').notes
    assert any("takes seconds" in note for note in notes) is is_noted
