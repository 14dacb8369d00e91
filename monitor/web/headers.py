"""What every answer carries, the refusals of what is no HTTP included."""

from __future__ import annotations

HEADERS = {
    "Server": "fapiao-monitor",
    "Cache-Control": "no-store",
    "Content-Security-Policy": (
        "default-src 'none'; style-src 'self'; script-src 'self'; img-src 'self'; connect-src 'self'; "
        "base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
    ),
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",
    "Referrer-Policy": "no-referrer",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Cross-Origin-Opener-Policy": "same-origin",
}
MAY_DIFFER = ("Cache-Control", "Cross-Origin-Resource-Policy")
"""What an answer may say otherwise: static files may be kept, a badge may be shown by pages of other sites."""
