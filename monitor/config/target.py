"""One target of one probe and one authority: facts filled in, defaults laid under what the probe says."""

from __future__ import annotations

import base64
import re
from collections.abc import Collection
from dataclasses import fields, replace
from pathlib import Path
from typing import Any
from urllib.parse import SplitResult, unquote

from monitor.config import comparing, interface, on_machine
from monitor.config.catalogue import Catalogue
from monitor.config.facts import fill
from monitor.config.kinds import (
    CaptchaProbe,
    ConnectingProbe,
    DnsProbe,
    Expect,
    ExpectStatus,
    FileProbe,
    HostProbe,
    HttpProbe,
    IcmpProbe,
    LogProbe,
    MachineProbe,
    Probe,
    SpokenProbe,
    SyncProbe,
    TcpProbe,
    Tls,
    TlsProbe,
    WebProbe,
)
from monitor.config.kinds import Repeat as Written
from monitor.config.scalars import web_address
from monitor.config.schema import Configuration, Defaults
from monitor.config.sync import SyncRequest
from monitor.model import SYSTEM, Authority, Exchange, JsonExpectation, NameRules, Repeat, Target, TlsOptions
from monitor.model import Expect as Expected

CAPTCHA_QUERY = "callback=jQuery1124000000000000000_0&fpdm={code}990130&r=0"
"""What every version of the page has sent: a JSONP callback, an invoice code, a number against caches. The code is
structure and zeros; the signed parameters (publickey, key9) are never sent. Source: domain.md 1.1 and 2."""

_SERVICES: dict[type[Probe], str] = {CaptchaProbe: "verify", SyncProbe: "sync"}
_PLATFORM = "platform"
"""Table of the catalogue that captcha replies are read by."""
_ANSWERED = Expected(status=(200, 201, 202))
"""Statuses of a sync interface that says nothing else."""
_PORTS = {"http": 80, "https": 443}
_CREDENTIALS = frozenset(
    {"authorization", "proxy-authorization", "cookie", "token", "x-api-key", "x-auth-token"}
)


class UnusableError(Exception):
    """An address that cannot be connected to, once its facts are filled in."""

    def __init__(self, key: str, text: str, meant: str) -> None:
        self.keys: tuple[str | int, ...] = (key,)
        """Where in the probe it stands."""
        self.text = text
        """May hold a secret."""
        self.meant = meant
        super().__init__(f"{key}: {meant}")


def prototype_of(
    probe: Probe,
    configuration: Configuration,
    catalogue: Catalogue,
    *,
    authority: str,
    user_agent: str,
    directory: Path,
) -> Target:
    """What all targets of a probe have in common. Relative paths start at `directory`.

    A `while_down` shorter than the timeout is read as the timeout: the next run is not due before the last is over.
    """
    defaults, judgement = configuration.defaults, configuration.judgement
    timeout = probe.timeout or defaults.timeout
    return Target(
        id=probe.name,
        probe=probe.name,
        kind=str(getattr(probe, "kind", "")),
        authority=authority,
        service=probe.service or _SERVICES.get(type(probe), ""),
        interval=probe.interval or defaults.interval,
        timeout=timeout,
        while_down=max(timeout, probe.while_down or defaults.while_down),
        confirm=_repeat(probe.confirm, judgement.confirm),
        recover=_repeat(probe.recover, judgement.recover),
        host="",
        port=0,
        slow_after=probe.slow_after,
        wake_on=probe.wake_on,
        **_way(probe, defaults),
        tls=_tls(probe.tls if isinstance(probe, TlsProbe | SpokenProbe) else Tls(), defaults, directory),
        **(_web(probe, defaults, user_agent) if isinstance(probe, SpokenProbe) else {}),
        **_read_by(probe, configuration, catalogue),
    )


def target_of(
    prototype: Target,
    probe: Probe,
    authority: Authority,
    secrets: Collection[str],
    catalogue: Catalogue,
    directory: Path,
) -> Target:
    """The target of one authority. Relative paths start at `directory`. Raises NotKnown for a fact that is null, UnusableError for what cannot be connected to."""
    name = f"{probe.name}/{authority.slug}" if probe.each else probe.name
    match probe:
        case CaptchaProbe():
            place = _at_url(_captcha_url(fill(probe.url, authority), authority), prototype.headers, secrets)
        case HttpProbe():
            place = _at_url(fill(probe.url, authority), prototype.headers, secrets)
        case SyncProbe():
            place = _at_interface(prototype, probe, authority, secrets, directory)
        case TlsProbe():
            place = _at_tls(probe, authority)
        case TcpProbe():
            place = _at_host(probe, authority)
        case DnsProbe():
            place = {"host": _name(fill(probe.host, authority)), "port": 0}
        case IcmpProbe():
            port = _fact_of_host(probe, authority, "port") or "443"
            place = {"host": _host(fill(probe.host, authority)), "port": int(port)}
        case LogProbe() | MachineProbe() | FileProbe():
            place = on_machine.rules_of(probe, authority, catalogue, directory)
        case _:
            raise AssertionError(probe)
    return replace(prototype, id=name, authority=authority.slug, **place)


# --- where it is -----------------------------------------------------------------------------------------------------


def _at_host(probe: TcpProbe | TlsProbe, authority: Authority) -> dict[str, Any]:
    host, port = fill(probe.host, authority), fill(probe.port, authority)
    if not re.fullmatch(r"[0-9]{1,5}", port) or not 1 <= int(port) <= 65535:
        raise UnusableError("port", port, "a port from 1 to 65535 is meant")
    return {"host": _host(host), "port": int(port)}


def _host(text: str) -> str:
    if not re.fullmatch(r"[^\s/:@?#\[\]]+|\[?[0-9A-Fa-f:.]+\]?", text):
        raise UnusableError("host", text, "a host name or an address is meant, without scheme and port")
    return text.strip("[]")


def _name(text: str) -> str:
    """What a name server can be asked for."""
    from monitor.net.failures import FaultError  # brings the network along: only where it is needed
    from monitor.net.resolve import is_literal, plain_name

    try:
        plain_name(_host(text))
    except FaultError:
        raise UnusableError("host", text, "no name can be like this") from None
    if is_literal(text.strip("[]")):
        raise UnusableError("host", text, "a name is meant: there is nothing to ask about an address")
    return text


def _at_tls(probe: TlsProbe, authority: Authority) -> dict[str, Any]:
    """A handshake; only a connection where that address of the authority is plain http."""
    place = _at_host(probe, authority)
    if _fact_of_host(probe, authority, "scheme") == "http":
        return place | {"kind": "tcp"}
    return place | {"server_name": fill(probe.server_name, authority) if probe.server_name else None}


def _fact_of_host(probe: TlsProbe | IcmpProbe, authority: Authority, name: str) -> str | None:
    """A fact of the address whose host the probe names: `{dppt_host}` and `scheme` → the fact `dppt_scheme`."""
    match = re.search(r"\{(\w+)_host\}", probe.host)
    fact = authority.facts.get(f"{match[1]}_{name}") if match else None
    return fact.value if fact else None


def _at_url(url: str, headers: tuple[tuple[str, str], ...], secrets: Collection[str]) -> dict[str, Any]:
    """An address of http or https. A user and password in it become a header, so that no URL holds them."""
    try:
        parts = web_address(url)
    except ValueError as problem:
        raise UnusableError("url", url, str(problem)) from None
    host = parts.netloc.rpartition("@")[2]
    user = _basic(parts)
    if user and not any(name.lower() == "authorization" for name, _ in headers):
        headers = (*headers, ("Authorization", user))
    return {
        "url": parts._replace(netloc=host, fragment="").geturl(),
        "host": parts.hostname,
        "port": parts.port or _PORTS[parts.scheme],
        "headers": headers,
        "carries_credential": _is_credential(url, headers, secrets),
    }


def _at_interface(
    prototype: Target, probe: SyncProbe, authority: Authority, secrets: Collection[str], directory: Path
) -> dict[str, Any]:
    """Its own request, and those of what is compared; without one of its own the first of these says where it is."""
    sent: list[tuple[str, str]] = []

    def made(request: SyncRequest, keys: tuple[str, ...]) -> Exchange:
        url = request.url if request.url in secrets else fill(request.url, authority)
        try:
            place = _at_url(url, interface.headers_of(request), secrets)
        except UnusableError as problem:
            problem.keys = (*keys, *problem.keys)
            raise
        sent.extend(place["headers"])
        place.pop("carries_credential")
        body = interface.body_of(request, authority, secrets)
        return Exchange(**place, method=interface.method_of(request), body=body)

    own = made(probe.request, ("request",)) if probe.request else None
    rules = prototype.sync
    assert rules is not None
    rules = replace(
        rules,
        counts=comparing.counts_of(probe.counts, made) if probe.counts else None,
        canary=comparing.canary_of(probe.canary, made, directory, rules.timezone) if probe.canary else None,
        items=comparing.items_of(probe.items, made, directory) if probe.items else None,
    )
    first = own or next(iter(rules.exchanges().values()), None)
    place = {part.name: getattr(first, part.name) for part in fields(Exchange)} if first else {}
    return place | {
        "sync": rules,
        "carries_credential": True,
        "secrets": interface.hidden_in(probe, sent, secrets),
    }


def _basic(parts: SplitResult) -> str | None:
    if parts.username is None:
        return None
    pair = f"{unquote(parts.username)}:{unquote(parts.password or '')}"
    return f"Basic {base64.b64encode(pair.encode()).decode()}"


def _is_credential(url: str, headers: tuple[tuple[str, str], ...], secrets: Collection[str]) -> bool:
    named = any(name.lower() in _CREDENTIALS or value in secrets for name, value in headers)
    return named or url in secrets


def _captcha_url(base: str, authority: Authority) -> str:
    """`base` + /yzmQuery and its parameters; an address that has parameters of its own is taken whole."""
    if "?" in base:
        return base
    path = base.rstrip("/")
    path = path if path.endswith("/yzmQuery") else f"{path}/yzmQuery"
    return f"{path}?{CAPTCHA_QUERY.format(code=authority.code)}"


# --- how it is looked at ---------------------------------------------------------------------------------------------


def _repeat(written: Written, default: Written) -> Repeat:
    attempts = written.attempts if written.attempts is not None else default.attempts
    spacing = written.spacing if written.spacing is not None else default.spacing
    assert attempts is not None
    assert spacing is not None
    return Repeat(attempts=attempts, spacing=spacing)


def _tls(written: Tls, defaults: Defaults, directory: Path) -> TlsOptions:
    said = {key: value for key in Tls.model_fields if (value := getattr(written, key)) is not None}
    options = TlsOptions(**{key: getattr(defaults.tls, key) for key in Tls.model_fields} | said)
    if options.ca in ("system", "certifi"):
        return options
    return replace(options, ca=str((directory / options.ca).absolute()))


def _way(probe: Probe, defaults: Defaults) -> dict[str, Any]:
    """By which name servers, to which addresses, through which proxy."""
    way: dict[str, Any] = {}
    if isinstance(probe, HostProbe):
        way["resolver"] = defaults.resolver if probe.resolver is None else probe.resolver
        way["every_address"] = (probe.addresses or defaults.addresses) == "all"
    if isinstance(probe, ConnectingProbe):
        way["proxies"] = defaults.proxy if probe.proxy is None else probe.proxy
    if isinstance(probe, IcmpProbe):
        way["packets"] = probe.packets
    if isinstance(probe, DnsProbe):
        way["names"] = NameRules(
            record=probe.record,
            resolvers=tuple(dict.fromkeys(probe.resolvers or defaults.resolver or (SYSTEM,))),
            expect_networks=probe.expect_networks,
            random_name=probe.random_name,
        )
    return way


def _read_by(probe: Probe, configuration: Configuration, catalogue: Catalogue) -> dict[str, Any]:
    """What replies of this probe are read by, apart from `expect`."""
    if isinstance(probe, SyncProbe):
        rules = interface.rules_of(probe, catalogue.tables, configuration.timezone)
        own = catalogue.own.get(probe.codes or "", ())
        return {
            "sync": rules,
            "codes": own,
            "expect": _ANSWERED,
        }
    return {"codes": catalogue.own.get(_PLATFORM, ())} if isinstance(probe, CaptchaProbe) else {}


def _web(probe: SpokenProbe, defaults: Defaults, user_agent: str) -> dict[str, Any]:
    how = _spoken(probe, defaults, user_agent)
    if not isinstance(probe, WebProbe):
        return how
    http = probe if isinstance(probe, HttpProbe) else None
    body = http.body if http else None
    return how | {
        "method": http.method if http else "GET",
        "headers": tuple(probe.headers.items()),
        "body": None if body is None else body.encode(),
        "expect": _expected(probe.expect if isinstance(probe, HttpProbe | CaptchaProbe) else ExpectStatus()),
    }


def _spoken(probe: SpokenProbe, defaults: Defaults, user_agent: str) -> dict[str, Any]:
    redirects = probe.follow_redirects
    return {
        "follow_redirects": defaults.follow_redirects if redirects is None else redirects,
        "max_body": probe.max_body or defaults.max_body,
        "user_agent": probe.user_agent or defaults.user_agent or user_agent,
    }


def _expected(written: ExpectStatus) -> Expected:
    if not isinstance(written, Expect):
        return Expected(status=written.status)
    return Expected(
        status=written.status,
        body_contains=written.body_contains,
        body_absent=written.body_absent,
        body_regex=written.body_regex,
        json=tuple(JsonExpectation(path=each.path, equals=each.equals) for each in written.json_equals),
    )
