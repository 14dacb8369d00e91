"""The table of faults: what is done, what a client sees, and what a monitor is to make of it.

The last column is a promise in the words of the contract (§2), copied here and not imported: outcome, cause and phase of one
captcha run against a verify service over TLS, or the flags of one that is ok. Tests hold the monitor to it by real runs.
"""

from __future__ import annotations

from monitor.simulator.kinds import Kind, Stage

_NAME, _LISTEN, _RAW, _CERTIFICATE, _WIRE, _REPLY = Stage


def _row(
    name: str, stage: Stage, does: str, sees: str, promise: str, default: str = "", argument: str = ""
) -> Kind:
    return Kind(
        name=name, stage=stage, does=does, sees=sees, promise=promise, default=default, argument=argument
    )


_ROWS = (
    _row("nxdomain", _NAME, "the name does not exist", "NXDOMAIN", "error dns_nxdomain resolve"),
    _row("dns_servfail", _NAME, "the name server answers SERVFAIL", "SERVFAIL", "error dns_servfail resolve"),
    _row("dns_refused", _NAME, "the name server answers REFUSED", "REFUSED", "error dns_servfail resolve"),
    _row("dns_silence", _NAME, "the name server says nothing", "no answer", "timeout resolve_timeout resolve"),
    _row("dns_slow", _NAME, "the name server answers well after so many seconds", "a late address", "ok", "0.5", "seconds"),
    _row("no_address", _NAME, "NOERROR without an address", "no address", "error dns_no_address resolve"),
    _row("cname_loop", _NAME, "two aliases that lead to each other", "an alias without end", "error dns_servfail resolve"),
    _row("dns_truncated", _NAME, "truncated over UDP, whole over TCP", "the address, after a second question", "ok"),
    _row("dns_garbage", _NAME, "bytes that are no DNS message behind the right id", "no answer that can be read", "error dns_servfail resolve"),
    _row("dns_hijacked", _NAME, "the first name server leads to 127.0.0.66, where an advertisement answers; the second tells the truth", "a certificate for another name; name servers that disagree", "error tls_name_mismatch tls"),
    _row("dns_rewrite", _NAME, "of `resolver`: names that do not exist lead to 127.0.0.66", "a random name that resolves", "ok"),
    _row("bad_node", _NAME, "the first of two addresses is dead", "one address refuses, the next answers", "ok +address_failed"),
    _row("unreachable", _NAME, "the name leads to an address to which there is no way", "network unreachable", "error unreachable connect"),

    _row("refuse", _LISTEN, "the listening socket is closed; the port stays reserved", "connection refused", "error connection_refused connect"),
    _row("hang_accept", _LISTEN, "accept() is never called; the kernel completes the handshake", "connects, then silence: TLS (plain: the reply) times out", "timeout tls_timeout tls"),
    _row("hang_before_accept", _LISTEN, "the backlog is filled, so that SYNs are dropped", "connecting times out", "timeout connect_timeout connect"),

    _row("reset", _RAW, "RST right after accept", "connection reset, perhaps while connecting", "error connection_reset connect|tls"),
    _row("close_accept", _RAW, "FIN right after accept", "EOF before TLS", "error connection_closed tls"),
    _row("stall_tls", _RAW, "reads the ClientHello, sends the head of a record, stops", "TLS times out", "timeout tls_timeout tls"),
    _row("reset_tls", _RAW, "RST after the first bytes of the client", "connection reset during TLS", "error connection_reset tls"),
    _row("close_tls", _RAW, "FIN after the first bytes of the client", "EOF during TLS", "error connection_closed tls"),
    _row("alert_tls", _RAW, "answers the ClientHello with the alert handshake_failure", "TLS refused", "error tls_handshake tls"),
    _row("plain_on_tls", _RAW, "answers the ClientHello in plain HTTP", "wrong version number", "error tls_handshake tls"),
    _row("garbage_tls", _RAW, "answers the ClientHello as an SSH server would", "bytes that are no TLS", "error tls_handshake tls"),
    _row("tls_on_plain", _RAW, "of a plain port: answers HTTP with a TLS alert", "malformed reply", "error http_malformed transfer"),

    _row("expired", _CERTIFICATE, "a certificate that ended yesterday", "certificate has expired", "error tls_expired tls"),
    _row("expired_intermediate", _CERTIFICATE, "a good leaf under an intermediate that ended yesterday", "certificate has expired", "error tls_expired tls"),
    _row("expiring", _CERTIFICATE, "a valid certificate that ends in five days", "fine, but soon not", "ok +certificate_expiring"),
    _row("not_yet_valid", _CERTIFICATE, "a certificate that begins tomorrow", "certificate is not yet valid", "error tls_not_yet_valid tls"),
    _row("wrong_name", _CERTIFICATE, "a certificate for elsewhere.invalid", "hostname mismatch", "error tls_name_mismatch tls"),
    _row("self_signed", _CERTIFICATE, "a certificate signed by itself", "self-signed certificate", "error tls_untrusted tls"),
    _row("unknown_ca", _CERTIFICATE, "a whole chain of a CA nobody knows", "self-signed certificate in chain", "error tls_untrusted tls"),
    _row("incomplete_chain", _CERTIFICATE, "the intermediate is kept back; the leaf names it (AIA)", "unable to get local issuer", "error tls_incomplete_chain tls"),
    _row("stranger_chain", _CERTIFICATE, "the leaf comes with the intermediate of another CA", "unable to get local issuer", "error tls_untrusted tls"),
    _row("legacy_tls", _CERTIFICATE, "speaks TLS 1.0 and 1.1 only", "unsupported protocol", "error tls_legacy tls"),
    _row("weak_key", _CERTIFICATE, "a certificate with an RSA key of 1024 bits", "key too small", "error tls_legacy tls"),
    _row("weak_digest", _CERTIFICATE, "a certificate signed with SHA-1", "digest too weak", "error tls_legacy tls"),
    _row("client_certificate", _CERTIFICATE, "TLS 1.2 that demands a certificate of the client", "TLS refused", "error tls_handshake tls"),

    _row("hang", _WIRE, "reads the request, never answers", "no first byte", "timeout response_timeout processing"),
    _row("slow", _WIRE, "answers well after so many seconds", "a late first byte", "ok +slow", "2", "seconds"),
    _row("reset_request", _WIRE, "RST after the request, without a byte", "connection reset before a reply", "error connection_reset processing"),
    _row("close", _WIRE, "FIN after the request, without a byte", "EOF before a reply", "error connection_closed processing"),
    _row("garbage", _WIRE, "bytes that are no HTTP", "malformed reply", "error http_malformed transfer"),
    _row("trickle_headers", _WIRE, "one byte of the headers each so many seconds", "headers never end", "timeout transfer_timeout transfer", "0.2", "seconds"),
    _row("endless_headers", _WIRE, "headers as fast as they are read, without end", "headers without measure", "error http_malformed transfer"),
    _row("reset_headers", _WIRE, "RST within the headers", "connection reset in the headers", "error connection_reset transfer"),
    _row("close_headers", _WIRE, "FIN within the headers", "EOF inside the headers", "error connection_closed transfer"),
    _row("trickle", _WIRE, "headers at once, one byte of the body each so many seconds", "the body never ends", "timeout transfer_timeout transfer", "0.2", "seconds"),
    _row("stall_body", _WIRE, "half of the body, then nothing", "the body stops", "timeout transfer_timeout transfer"),
    _row("reset_body", _WIRE, "RST after half of the body", "connection reset in the body", "error connection_reset transfer"),
    _row("close_body", _WIRE, "FIN after half of the body", "EOF inside the body", "error connection_closed transfer"),
    _row("long_length", _WIRE, "Content-Length is ten more than the body; FIN", "EOF inside the body", "error connection_closed transfer"),
    _row("short_length", _WIRE, "Content-Length is half of the body", "a cut body", "error format_drift processing"),
    _row("two_lengths", _WIRE, "two Content-Length that differ", "malformed reply", "error http_malformed transfer"),
    _row("bad_chunk", _WIRE, "a chunk whose size is no number", "malformed reply", "error http_malformed transfer"),
    _row("bad_gzip", _WIRE, "says gzip and sends none", "a body that cannot be unpacked", "error http_malformed transfer"),
    _row("chunked", _WIRE, "the healthy reply in small chunks", "fine", "ok"),
    _row("no_length", _WIRE, "the healthy reply without a length, ended by FIN", "fine", "ok"),
    _row("gzip", _WIRE, "the healthy reply, compressed", "fine", "ok"),
    _row("bom", _WIRE, "the healthy reply behind a byte order mark", "fine", "ok"),
    _row("gbk", _WIRE, "the healthy reply in GBK, named in its Content-Type", "fine", "ok"),
    _row("gb18030", _WIRE, "the healthy reply in GB18030, named nowhere", "fine", "ok"),
    _row("endless_body", _WIRE, "a chunked body without end", "a body without measure", "error body_too_large transfer"),

    _row("status", _REPLY, "that status with a short HTML page (`status_503`)", "an unexpected status", "error http_status processing", "503", "status"),
    _row("waf", _REPLY, "a challenge or block page: 412 202 Ruishu, 521 Jiasule, 468 SafeLine, 403 云防护, 200 wzws script", "a challenge where JSONP is due", "error blocked processing", "412", "status"),
    _row("maintenance", _REPLY, "an HTML page titled 系统维护", "a maintenance page", "error maintenance_page processing", "503", "status"),
    _row("maintenance_gbk", _REPLY, "the same in GBK, named in a meta element", "a maintenance page", "error maintenance_page processing", "503", "status"),
    _row("busy_page", _REPLY, "200 and a page that says 系统繁忙", "the platform is overloaded", "error backend_busy processing"),
    _row("html", _REPLY, "200 and the index.html of a single-page application", "HTML where JSONP is due", "error format_drift processing"),
    _row("other_page", _REPLY, "200 and a page about something else", "HTML where JSONP is due", "error format_drift processing"),
    _row("other_json", _REPLY, "200 and JSON of another shape", "neither key1 nor data", "error format_drift processing"),
    _row("empty_body", _REPLY, "200 and a body of no bytes", "nothing where JSONP is due", "error format_drift processing"),
    _row("opaque", _REPLY, "the shape `data`: an encoded string", "alive, image not judged", "ok +opaque"),
    _row("truncated_image", _REPLY, "key1 holds the first 60 % of a PNG", "an image that cannot be decoded", "error captcha_invalid processing"),
    _row("blank_image", _REPLY, "key1 holds a PNG of one colour", "a trivial image", "error captcha_invalid processing"),
    _row("garbage_image", _REPLY, "key1 is base64 of no image", "an image that cannot be decoded", "error captcha_invalid processing"),
    _row("empty_image", _REPLY, 'key1 is ""', "neither code nor image", "error captcha_invalid processing"),
    _row("code", _REPLY, "key1 is that code (`003`, `010`, `999`, `fpdmerr`)", "a code of the platform", "error backend_busy processing", "004", "code"),
    _row("redirect_away", _REPLY, "302 to https://elsewhere.invalid/", "a redirect to another host", "error redirect_refused processing|transfer"),
    _row("redirect_loop", _REPLY, "302 to the same address", "redirects without end", "error redirect_refused processing|transfer"),
    _row("redirect_broken", _REPLY, "302 to what is no address", "a redirect to nowhere", "error redirect_refused processing|transfer"),
    _row("redirect_once", _REPLY, "302 to another path of the same host, which answers well", "fine", "ok"),
    _row("big_body", _REPLY, "a reply of so many bytes", "a body without measure", "error body_too_large transfer", str(4 << 20), "bytes"),
    _row("gzip_bomb", _REPLY, "gzip that unpacks to so many bytes", "a small body that grows", "error body_too_large transfer", str(4 << 20), "bytes"),
)  # fmt: skip

FAULTS = {kind.name: kind for kind in _ROWS}
"""Name → row."""

PROMISES = {
    "status_429": "ok +throttled",
    "status_401": "error http_status processing",
    "status_403": "error http_status processing",
    "status_404": "error http_status processing",
    "status_412": "error blocked processing",
    "status_500": "error http_status processing",
    "waf:202": "error blocked processing",
    "waf:521": "error blocked processing",
    "waf:468": "error blocked processing",
    "waf:403": "error blocked processing",
    "waf:200": "error blocked processing",
    "maintenance:200": "error maintenance_page processing",
    "003": "ok +throttled",
    "004": "error backend_busy processing",
    "005": "ok +unsigned_refused",
    "010": "error backend_busy processing",
    "010_": "error backend_busy processing",
    "016": "ok +throttled",
    "020": "error blocked processing",
    "024": "ok +throttled",
    "fpdmerr": "error probe_misconfigured processing",
    "999": "error api_error processing",
    "1": "error api_error processing",
    "rqerr": "ok",
}
"""Faults with an argument that means something else than the row's own promise."""
