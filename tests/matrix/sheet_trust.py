"""Certificates: what a server presents, and what comes out under each of `verify: true`, `report` and `false`.

Under `report` a failed verification is the flag `tls_unverified` and the run goes on; under `false`
nobody asks. A certificate that fails is read all the same, so that one which has expired is flagged as expiring too.
"""

from __future__ import annotations

from collections.abc import Iterator

from tests.matrix.case import Case, looks
from tests.matrix.replies import says
from tests.matrix.servers import named, serves

# fmt: off
TRUST = (
    #  presented                            looked at as   verify: true                    report               false
    ("good",                                "localhost",   "ok",                           "ok",                "ok"),
    ("reversed",                            "localhost",   "ok",                           "ok",                "ok"),
    ("with its root",                       "localhost",   "ok",                           "ok",                "ok"),
    ("twice",                               "localhost",   "ok",                           "ok",                "ok"),
    ("with a stranger between",             "localhost",   "ok",                           "ok",                "ok"),
    ("address",                             "127.0.0.1",   "ok",                           "ok",                "ok"),
    ("wildcard",                            "verify.shandong.example", "ok",               "ok",                "ok"),
    ("only a common name",                  "localhost",   "ok",                           "ok",                "ok"),  # as OpenSSL and Java take it
    ("capitals",                            "localhost",   "ok",                           "ok",                "ok"),
    ("thousand names",                      "localhost",   "ok",                           "ok",                "ok"),
    ("crossed",                             "localhost",   "ok",                           "ok",                "ok"),
    ("ed25519",                             "localhost",   "ok",                           "ok",                "ok"),
    ("rsa 2048",                            "localhost",   "ok",                           "ok",                "ok"),
    ("expiring",                            "localhost",   "ok +certificate_expiring",     "ok +certificate_expiring", "ok +certificate_expiring"),
    ("expired",                             "localhost",   "error tls_expired tls",        "ok +tls_unverified +certificate_expiring", "ok +certificate_expiring"),
    ("expired intermediate",                "localhost",   "error tls_expired tls",        "ok +tls_unverified +certificate_expiring", "ok +certificate_expiring"),
    ("not yet valid",                       "localhost",   "error tls_not_yet_valid tls",  "ok +tls_unverified", "ok"),
    ("future intermediate",                 "localhost",   "error tls_not_yet_valid tls",  "ok +tls_unverified", "ok"),
    ("elsewhere",                           "localhost",   "error tls_name_mismatch tls",  "ok +tls_unverified", "ok"),
    ("good",                                "other.example", "error tls_name_mismatch tls", "ok +tls_unverified", "ok"),
    ("address",                             "localhost",   "error tls_name_mismatch tls",  "ok +tls_unverified", "ok"),
    ("wildcard",                            "shandong.example", "error tls_name_mismatch tls", "ok +tls_unverified", "ok"),
    ("wildcard",                            "a.verify.shandong.example", "error tls_name_mismatch tls", "ok +tls_unverified", "ok"),
    ("partial wildcard",                    "verify.example", "error tls_name_mismatch tls", "ok +tls_unverified", "ok"),
    ("self-signed",                         "localhost",   "error tls_untrusted tls",      "ok +tls_unverified", "ok"),
    ("unknown root",                        "localhost",   "error tls_untrusted tls",      "ok +tls_unverified", "ok"),
    ("unknown root, root kept back",        "localhost",   "error tls_untrusted tls",      "ok +tls_unverified", "ok"),
    ("leaf alone, aia",                     "localhost",   "error tls_incomplete_chain tls", "ok +tls_unverified", "ok"),
    ("leaf alone",                          "localhost",   "error tls_untrusted tls",      "ok +tls_unverified", "ok"),
    ("gap",                                 "localhost",   "error tls_untrusted tls",      "ok +tls_unverified", "ok"),
    ("stranger's intermediate",             "localhost",   "error tls_untrusted tls",      "ok +tls_unverified", "ok"),
    ("signed by a leaf",                    "localhost",   "error tls_untrusted tls",      "ok +tls_unverified", "ok"),
    ("constrained",                         "localhost",   "error tls_untrusted tls",      "ok +tls_unverified", "ok"),
    ("too deep",                            "localhost",   "error tls_untrusted tls",      "ok +tls_unverified", "ok"),
    ("for clients only",                    "localhost",   "error tls_untrusted tls",      "ok +tls_unverified", "ok"),
    ("demands what nobody knows",           "localhost",   "error tls_untrusted tls",      "ok +tls_unverified", "ok"),
    ("weak key",                            "localhost",   "error tls_legacy tls",         "ok +tls_unverified", "ok"),
    ("weak key above",                      "localhost",   "error tls_legacy tls",         "ok +tls_unverified", "ok"),
    ("weak digest",                         "localhost",   "error tls_legacy tls",         "ok +tls_unverified", "ok"),
)
# fmt: on


def cases() -> Iterator[Case]:
    """Three cases for each line."""
    for presented, host, *columns in TRUST:
        there = serves(says(), presented)
        if host.endswith(".example"):
            there = named({host: ["127.0.0.1"]}, then=there, host=host)
        for verify, comes_out in zip(("true", "report", "false"), columns, strict=True):
            name = f"{presented}, as {host}, verify {verify}"
            yield Case(name, looks("http", "https", verify=verify, host=host), there, comes_out)
