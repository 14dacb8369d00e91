"""Names of cipher suites: OpenSSL's own → those of the IANA registry, which Go and with it blackbox_exporter use."""

from __future__ import annotations

import re

_EXCHANGE = re.compile(r"(?:(?P<exchange>(?:ECDHE|DHE|ECDH|DH)-(?:ECDSA|RSA|DSS)|RSA)-)?(?P<rest>.+)")
_BULK = re.compile(
    r"(?P<name>AES|CAMELLIA|ARIA)(?P<bits>128|256)(?:-(?P<mode>GCM|CCM8|CCM))?(?:-(?P<hash>SHA\d*))?"
)
_ODD = {
    "CHACHA20-POLY1305": "CHACHA20_POLY1305_SHA256",
    "DES-CBC3-SHA": "3DES_EDE_CBC_SHA",
    "RC4-SHA": "RC4_128_SHA",
    "RC4-MD5": "RC4_128_MD5",
}


def iana_name(name: str) -> str:
    """`ECDHE-RSA-AES128-GCM-SHA256` → `TLS_ECDHE_RSA_WITH_AES_128_GCM_SHA256`.

    Suites of TLS 1.3 have one name only; what is not understood stays as OpenSSL says it.
    """
    parts = _EXCHANGE.fullmatch(name)
    bulk = None if parts is None or name.startswith("TLS_") else _bulk(parts["rest"])
    if parts is None or bulk is None:
        return name
    exchange = (parts["exchange"] or "RSA").replace("-", "_")
    return f"TLS_{exchange}_WITH_{bulk}"


def _bulk(rest: str) -> str | None:
    found = _BULK.fullmatch(rest)
    if found is None:
        return _ODD.get(rest)
    cipher = f"{found['name']}_{found['bits']}_{(found['mode'] or 'CBC').replace('CCM8', 'CCM_8')}"
    return f"{cipher}_{found['hash']}" if found["hash"] else cipher
