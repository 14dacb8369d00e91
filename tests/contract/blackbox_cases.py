"""What both exporters are shown, how each is told, and where and why they differ: the table of test_blackbox."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any

from tests.contract.peer_targets import LEAF_ENDS, ROOT_ENDS


class Because(StrEnum):
    """Why the two differ: the words of docs/blackbox.md."""

    READ_ANYWAY = "a certificate that is refused is read all the same"
    NO_CHAIN = "without a verified chain there is no series instead of the year 1"
    BODY_READ = "the body of a redirect that is not followed is read"
    SAME_HOST = "redirects to another host are refused unless they are listed"
    FIVE_HOPS = "five redirects at most instead of ten"
    THROTTLED = "429 is a sign of life"
    ONLY_200 = "the expected status is 200"
    DECODED = "compression is always asked for and undone"


@dataclass(frozen=True, kw_only=True)
class Case:
    """One thing to look at, as each of the two is told."""

    at: str
    """`{plain}` and the like stand for ports."""
    kind: str = "http"
    ours: str = ""
    """More keys of the probe, in YAML."""
    theirs: Mapping[str, Any] = field(default_factory=dict)
    """Keys of the module's `http` or `tcp`."""
    timeout: float = 5.0
    proves: Mapping[str, float] = field(default_factory=dict)
    """What ours must say: two that err alike would agree."""
    differs: Mapping[str, Because] = field(default_factory=dict)
    longest: str | None = None
    """The phase in which both must have spent at least `HELD` seconds."""

    @property
    def prober(self) -> str:
        """The prober of blackbox_exporter."""
        return "http" if self.kind == "http" else "tcp"


OK = {"probe_success": 1.0}
FAILED = {"probe_success": 0.0}
REFUSED_CHAIN = {
    "probe_ssl_earliest_cert_expiry": Because.READ_ANYWAY,
    "probe_ssl_last_chain_info": Because.READ_ANYWAY,
    "probe_tls_version_info": Because.READ_ANYWAY,
}
UNVERIFIED: dict[str, Any] = {
    "ours": "tls: {verify: false}",
    "theirs": {"tls_config": {"insecure_skip_verify": True}},
    "differs": {"probe_ssl_last_chain_expiry_timestamp_seconds": Because.NO_CHAIN},
}
NOT_FOLLOWED: dict[str, Any] = {
    "theirs": {"follow_redirects": False},
    "differs": {"probe_http_uncompressed_body_length": Because.BODY_READ},
}

CASES: dict[str, Case] = {
    # --- replies
    "200": Case(at="http://127.0.0.1:{plain}/", proves={**OK, "probe_http_content_length": 120.0}),
    "a date that is none": Case(at="http://127.0.0.1:{plain}/odd-date", proves=OK),
    "HEAD": Case(
        at="http://127.0.0.1:{plain}/", ours="method: HEAD", theirs={"method": "HEAD"},
        proves={**OK, "probe_http_uncompressed_body_length": 0.0},
    ),
    "204": Case(
        at="http://127.0.0.1:{plain}/204", ours="expect: {status: [204]}", theirs={"valid_status_codes": [204]},
        proves={**OK, "probe_http_content_length": 0.0},
    ),
    "204, expected by nobody": Case(
        at="http://127.0.0.1:{plain}/204",
        theirs={"valid_status_codes": []},
        proves=FAILED,
        differs={"probe_success": Because.ONLY_200},
    ),
    "404": Case(at="http://127.0.0.1:{plain}/404", proves={**FAILED, "probe_http_status_code": 404.0}),
    "404 as expected": Case(
        at="http://127.0.0.1:{plain}/404", ours="expect: {status: [404]}", theirs={"valid_status_codes": [404]},
        proves=OK,
    ),
    "500": Case(at="http://127.0.0.1:{plain}/500", proves={**FAILED, "probe_http_status_code": 500.0}),
    "429": Case(
        at="http://127.0.0.1:{plain}/429", proves=OK, differs={"probe_success": Because.THROTTLED}
    ),
    "chunked": Case(
        at="http://127.0.0.1:{plain}/chunked",
        proves={**OK, "probe_http_content_length": -1.0, "probe_http_uncompressed_body_length": 9.0},
    ),
    "gzip, asked for": Case(
        at="http://127.0.0.1:{plain}/gzip",
        theirs={"compression": "gzip", "headers": {"Accept-Encoding": "gzip"}},
        proves={**OK, "probe_http_uncompressed_body_length": 120.0},
    ),
    "gzip, not asked for by blackbox_exporter": Case(
        at="http://127.0.0.1:{plain}/gzip", proves=OK,
        differs={"probe_http_uncompressed_body_length": Because.DECODED},
    ),
    "HTTP/1.0": Case(at="http://127.0.0.1:{plain}/old", proves={**OK, "probe_http_version": 1.0}),
    "HTTP/1.0 until closed": Case(
        at="http://127.0.0.1:{plain}/old-until-closed", proves={**OK, "probe_http_content_length": -1.0}
    ),
    "until closed": Case(at="http://127.0.0.1:{plain}/until-closed", proves=OK),
    "shorter than announced": Case(
        at="http://127.0.0.1:{plain}/too-short", proves={**FAILED, "probe_http_content_length": 130.0}
    ),
    "longer than announced": Case(
        at="http://127.0.0.1:{plain}/too-long", proves={**OK, "probe_http_uncompressed_body_length": 100.0}
    ),
    "no HTTP at all": Case(at="http://127.0.0.1:{plain}/no-http", proves={**FAILED, "probe_http_status_code": 0.0}),
    # --- bodies
    "body matches": Case(
        at="http://127.0.0.1:{plain}/", ours="expect: {body_regex: 'hel+o'}",
        theirs={"fail_if_body_not_matches_regexp": ["hel+o"]}, proves={**OK, "probe_failed_due_to_regex": 0.0},
    ),
    "body does not match": Case(
        at="http://127.0.0.1:{plain}/", ours="expect: {body_regex: 'good-?bye'}",
        theirs={"fail_if_body_not_matches_regexp": ["good-?bye"]},
        proves={**FAILED, "probe_failed_due_to_regex": 1.0},
    ),
    "body has what it must not have": Case(
        at="http://127.0.0.1:{plain}/", ours="expect: {body_absent: [hello]}",
        theirs={"fail_if_body_matches_regexp": ["hello"]}, proves={**FAILED, "probe_failed_due_to_regex": 1.0},
    ),
    # --- redirects
    "three redirects": Case(at="http://127.0.0.1:{plain}/hop3", proves={**OK, "probe_http_redirects": 3.0}),
    "a redirect not followed": Case(
        at="http://127.0.0.1:{plain}/hop2", ours="follow_redirects: no", **NOT_FOLLOWED,
        proves={**FAILED, "probe_http_redirects": 1.0, "probe_http_status_code": 301.0},
    ),
    "a redirect not followed, as expected": Case(
        at="http://127.0.0.1:{plain}/hop3", ours="follow_redirects: no, expect: {status: [302]}",
        theirs={"follow_redirects": False, "valid_status_codes": [302]}, differs=NOT_FOLLOWED["differs"],
        proves={**OK, "probe_http_redirects": 1.0},
    ),
    "redirects in a circle": Case(
        at="http://127.0.0.1:{plain}/round", proves={**FAILED, "probe_http_redirects": 6.0},
        differs={"probe_http_redirects": Because.FIVE_HOPS, "probe_http_uncompressed_body_length": Because.BODY_READ},
    ),
    "to another host": Case(
        at="http://127.0.0.1:{plain}/elsewhere/http://localhost:{plain}/",
        proves={**FAILED, "probe_http_status_code": 302.0},
        differs=dict.fromkeys(
            (
                "probe_success", "probe_http_status_code", "probe_http_content_length",
                "probe_http_uncompressed_body_length", "probe_http_last_modified_timestamp_seconds",
            ),
            Because.SAME_HOST,
        ),
    ),
    "to another host that is listed": Case(
        at="http://127.0.0.1:{plain}/elsewhere/http://localhost:{plain}/", ours="follow_redirects: [localhost]",
        proves={**OK, "probe_http_redirects": 1.0},
    ),
    "from http to https": Case(
        at="http://localhost:{plain}/elsewhere/https://localhost:{tls}/", proves={**OK, "probe_http_ssl": 1.0}
    ),
    "from https to http": Case(
        at="https://localhost:{tls}/elsewhere/http://localhost:{plain}/", proves={**OK, "probe_http_ssl": 0.0}
    ),
    # --- TLS
    "TLS 1.2": Case(at="https://localhost:{tls12}/", proves={**OK, "probe_http_ssl": 1.0}),
    "TLS 1.3": Case(at="https://localhost:{tls13}/", proves=OK),
    "an address in the certificate": Case(at="https://127.0.0.1:{tls}/", proves=OK),
    "an intermediate": Case(
        at="https://localhost:{intermediate}/",
        proves={**OK, "probe_ssl_earliest_cert_expiry": LEAF_ENDS.timestamp()},
    ),
    "a root that ends first": Case(
        at="https://localhost:{short_root}/",
        proves={
            **OK,
            "probe_ssl_earliest_cert_expiry": LEAF_ENDS.timestamp(),
            "probe_ssl_last_chain_expiry_timestamp_seconds": ROOT_ENDS.timestamp(),
        },
    ),
    "expired": Case(at="https://localhost:{expired}/", proves=FAILED, differs=REFUSED_CHAIN),
    "self-signed": Case(at="https://localhost:{self_signed}/", proves=FAILED, differs=REFUSED_CHAIN),
    "unknown root": Case(at="https://localhost:{stranger}/", proves=FAILED, differs=REFUSED_CHAIN),
    "wrong name": Case(at="https://localhost:{wrong_name}/", proves=FAILED, differs=REFUSED_CHAIN),
    "intermediate missing": Case(at="https://localhost:{leaf_alone}/", proves=FAILED, differs=REFUSED_CHAIN),
    "expired, unverified": Case(at="https://localhost:{expired}/", proves=OK, **UNVERIFIED),
    "self-signed, unverified": Case(at="https://localhost:{self_signed}/", proves=OK, **UNVERIFIED),
    "TLS to a plain port": Case(at="https://localhost:{plain}/", proves={**FAILED, "probe_http_ssl": 0.0}),
    # --- connections
    "dead port": Case(at="http://127.0.0.1:{dead}/", proves={**FAILED, "probe_ip_protocol": 4.0}),
    "no such name": Case(at="http://nowhere.invalid/", proves={**FAILED, "probe_ip_protocol": 0.0}),
    "reset": Case(at="http://127.0.0.1:{resets}/", proves=FAILED),
    "closed without a word": Case(at="http://127.0.0.1:{closes}/", proves=FAILED),
    "hangs": Case(at="http://127.0.0.1:{hangs}/", timeout=1.0, proves=FAILED),
    "stops in the body": Case(at="http://127.0.0.1:{plain}/stops", timeout=1.0, proves=FAILED, longest="transfer"),
    "slow head": Case(at="http://127.0.0.1:{plain}/slow-head", proves=OK, longest="processing"),
    "slow body": Case(at="http://127.0.0.1:{plain}/slow-body", proves=OK, longest="transfer"),
    "IPv6": Case(at="http://[::1]:{six}/", proves={**OK, "probe_ip_protocol": 6.0}),
    # --- tcp and tls
    "tcp": Case(at="127.0.0.1:{plain}", kind="tcp", proves=OK),
    "tcp, dead port": Case(at="127.0.0.1:{dead}", kind="tcp", proves=FAILED),
    "tls": Case(at="localhost:{tls13}", kind="tls", proves=OK),
    "tls 1.2": Case(at="localhost:{tls12}", kind="tls", proves=OK),
    "tls, expired": Case(at="localhost:{expired}", kind="tls", proves=FAILED, differs=REFUSED_CHAIN),
    "tls, self-signed": Case(at="localhost:{self_signed}", kind="tls", proves=FAILED, differs=REFUSED_CHAIN),
    "tls, unverified": Case(at="localhost:{expired}", kind="tls", proves=OK, **UNVERIFIED),
    "tls to a plain port": Case(at="localhost:{plain}", kind="tls", proves=FAILED),
    "tls that hangs": Case(at="localhost:{hangs}", kind="tls", timeout=1.0, proves=FAILED),
}  # fmt: skip
