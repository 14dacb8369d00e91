"""The key `proxy`: none, environment, or the address of an HTTP proxy. Names and passwords in it are secrets."""

from __future__ import annotations

import base64
import ipaddress
import re
from collections.abc import Collection, Iterable, Iterator
from typing import Annotated, Any
from urllib.parse import unquote, urlsplit

from pydantic import GetCoreSchemaHandler, GetJsonSchemaHandler, ValidationInfo
from pydantic_core import CoreSchema, core_schema

from monitor.config.mistakes import quoted
from monitor.config.reading import FROM_ELSEWHERE, Surroundings, around_of, fetch, wrong
from monitor.model import LOCAL, Proxies, Proxy, Target

MEANT = "none, environment or http://host:port is meant"
_ADDRESS = re.compile(
    r"http://(?:(?P<user>[^/?#\s]*)@)?(?P<host>[A-Za-z0-9_.-]+|\[[0-9A-Fa-f:.]+\])(?::(?P<port>[0-9]{1,5}))?/?",
    re.ASCII | re.IGNORECASE,
)
_PORT_OF_HTTP = 80
_MOST_RULES = 1000


class ReadProxy:
    """How the key is read; always `Proxies`, those without any for `none`."""

    def __get_pydantic_core_schema__(self, source: object, handler: GetCoreSchemaHandler) -> CoreSchema:
        """Take part in pydantic: this type reads raw values itself."""
        return core_schema.with_info_plain_validator_function(self._read)

    def __get_pydantic_json_schema__(
        self, schema: CoreSchema, handler: GetJsonSchemaHandler
    ) -> dict[str, Any]:
        """A word, or an address."""
        return {
            "anyOf": [
                {"enum": ["none", "environment"]},
                {"type": "string", "pattern": "^http://"},
                FROM_ELSEWHERE,
            ]
        }

    def _read(self, value: object, info: ValidationInfo) -> Proxies:
        around = around_of(info)
        text = fetch(value, around, MEANT)
        if text == "none":
            return Proxies()
        if text == "environment":
            return _from_environment(around)
        around.secrets.update(_secrets(text))
        try:
            proxy = proxy_at(text)
        except ValueError as problem:
            shown = quoted(text) if isinstance(value, str) and "@" not in text else "a value not shown here"
            raise wrong(shown, str(problem) or MEANT) from None
        return Proxies(http=proxy, https=proxy)


ProxyKey = Annotated[Proxies, ReadProxy()]


def proxy_at(text: str) -> Proxy:
    """The proxy at `http://[user:password@]host[:port]`; port 80 if none is given. Raises ValueError."""
    if text.lower().startswith(("https://", "socks")):
        raise ValueError("only proxies that are spoken to by http:// are known")
    match = _ADDRESS.fullmatch(text)
    port = int(match["port"] or _PORT_OF_HTTP) if match else 0
    if match is None or not 1 <= port <= 65535:
        raise ValueError
    return Proxy(host=match["host"].strip("[]"), port=port, authorization=_authorization(match["user"]))


def _authorization(user: str | None) -> str | None:
    """What `Proxy-Authorization` says. Raises ValueError for what cannot be said in it."""
    if user is None:
        return None
    name, _, password = (unquote(part) for part in user.partition(":"))
    if ":" in name or not (name + password).isprintable():
        raise ValueError("a name and password of printable characters are meant, the name without a colon")
    return _basic(name, password)


def _basic(name: str, password: str) -> str:
    return f"Basic {base64.b64encode(f'{name}:{password}'.encode()).decode()}"


def _secrets(text: str) -> Iterator[str]:
    """What of an address must not be shown, in every form in which it may come up."""
    before, at, _ = text.partition("://")[2].rpartition("@")
    if not at:
        return
    name, _, password = before.partition(":")
    basic = _basic(unquote(name), unquote(password))
    yield from (text, before, unquote(before), basic, basic.removeprefix("Basic "))
    yield from (password, unquote(password)) if password else (name, unquote(name))


# --- the environment -------------------------------------------------------------------------------------------------


def _from_environment(around: Surroundings) -> Proxies:
    """HTTP_PROXY, HTTPS_PROXY and NO_PROXY, each in small letters first, as curl and Python read them."""
    direct = tuple(rule.strip() for rule in _variable("no_proxy", around)[1].split(",") if rule.strip())
    for rule in direct[:_MOST_RULES]:
        if not _is_rule(rule):
            meant = "NO_PROXY lists names, addresses and networks, with :port or without, or *"
            raise wrong(f"{quoted(rule)} in NO_PROXY", meant)
    proxies = Proxies(
        http=_proxy_in("http_proxy", around),
        https=_proxy_in("https_proxy", around),
        direct=direct[:_MOST_RULES],
    )
    if proxies.http is None and proxies.https is None:
        around.remarks.add(
            "proxy: environment: neither HTTPS_PROXY nor HTTP_PROXY is set, nothing goes by a proxy"
        )
    return proxies


def _proxy_in(variable: str, around: Surroundings) -> Proxy | None:
    name, text = _variable(variable, around)
    if not text:
        return None
    text = text if "://" in text else f"http://{text}"
    around.secrets.update(_secrets(text))
    try:
        return proxy_at(text)
    except ValueError as problem:
        raise wrong(f"the value of ${name}", str(problem) or "http://host:port is meant in it") from None


def _variable(name: str, around: Surroundings) -> tuple[str, str]:
    """The variable that counts and its value; empty where none is set."""
    for each in (name, name.upper()):
        if text := around.environ.get(each, "").strip():
            return each, text
    return name.upper(), ""


def _is_rule(rule: str) -> bool:
    from monitor.net.proxies import split_rule  # brings the network along: only where it is needed

    if rule == "*":
        return True
    place, port = split_rule(rule)
    if port and not 1 <= int(port) <= 65535:
        return False
    try:
        ipaddress.ip_network(place, strict=False)
    except ValueError:
        return re.fullmatch(r"[a-z0-9_]([a-z0-9_.-]*[a-z0-9_])?", place) is not None and not _looks_numeric(
            place
        )
    return True


def _looks_numeric(place: str) -> bool:
    """Whether this was meant as an address and is none: `10.0`, `300.1.1.1`."""
    return re.fullmatch(r"[0-9.]+", place) is not None


# --- what follows from it --------------------------------------------------------------------------------------------


def notes(targets: Iterable[Target]) -> Iterator[str]:
    """Probes whose name servers are not asked and whose addresses are not chosen, because a proxy does that."""
    known = [target for target in targets if target.proxies.http or target.proxies.https]
    probes = dict.fromkeys(target.probe for target in known if target.resolver)
    if probes:
        yield f"{', '.join(probes)}: `resolver` is not asked where a proxy leads; the proxy resolves"
    probes = dict.fromkeys(target.probe for target in known if target.every_address)
    if probes:
        yield f"{', '.join(probes)}: `addresses: all` is not followed where a proxy leads; the proxy chooses"


def untold(targets: Collection[Target]) -> Iterator[str]:
    """Proxies whose own failure could not be told from that of what is looked at through them."""
    if not any(target.proxies.http or target.proxies.https for target in targets):
        return
    ways = [(target, _way(target)) for target in targets]
    controls = [way for target, way in ways if target.authority == LOCAL]
    for way in dict.fromkeys(way for target, way in ways if way and target.authority != LOCAL):
        if way not in controls:
            yield (
                f"proxy {way[0]}:{way[1]}: no control goes by it, so its own failure cannot be told from an outage of "
                "all that is looked at through it; give one probe of `role: control` this proxy"
            )
        elif set(controls) == {way}:
            yield (
                f"proxy {way[0]}:{way[1]}: every control goes by it, so its own failure cannot be told from that of the "
                "line; give one probe of `role: control` the key `proxy: none`"
            )


def _way(target: Target) -> tuple[str, int] | None:
    """Host and port of the proxy by which a target is reached; None for one that is gone to directly."""
    from monitor.net.proxies import proxy_for  # brings the network along: only where it is needed

    scheme = urlsplit(target.url).scheme if target.url else ""
    proxy = proxy_for(target.proxies, scheme=scheme, host=target.host, port=target.port)
    return (proxy.host, proxy.port) if proxy else None
