"""The fault table's promises are true: real runs of the monitor's own code come out as it says.

The two share no code, so a misreading would have to be made twice; here they meet.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from dataclasses import replace
from urllib.parse import urlsplit

import pytest

from monitor.clock import SystemClock
from monitor.core.classify import Knowledge
from monitor.knowledge import load_catalogue, load_words
from monitor.model import Cause, Expect, Flag, Repeat, Result, Target, TlsOptions, Verify
from monitor.net import Net
from monitor.probes import run
from monitor.simulator import FaultError, Simulator
from monitor.simulator.faults import FAULTS, Stage, parse, promise_of
from monitor.simulator.table import PROMISES

# CPython 3.11 leaves an SSLSocket to the garbage collector when the peer resets while `wrap_socket` is still making it.
pytestmark = pytest.mark.filterwarnings("ignore:unclosed <ssl.SSLSocket:ResourceWarning")

KNOWN = Knowledge(catalogue=load_catalogue(), words=load_words())
PATIENCE = 15.0
"""Seconds for a run that is to end of itself; a busy machine may need them."""
SHORT = 1.5
"""Seconds for a run that is to end with the deadline."""
Look = Callable[..., Awaitable[Result]]

QUICK = {"slow": "slow:0.5", "dns_slow": "dns_slow:0.1"}
"""Arguments that suit the patience of these tests."""
PLAIN = {"tls_on_plain"}
"""What can happen only where no TLS is due."""
OF_ALL_NAMES = {"dns_rewrite"}
"""What befalls the name server and not a stand-in."""
OF_ONE = [QUICK.get(name, name) for name in FAULTS if name not in PLAIN | OF_ALL_NAMES] + list(PROMISES)


@pytest.fixture
async def sim() -> AsyncIterator[Simulator]:
    async with Simulator(scheme="mixed", shape="key1", names=True) as running:
        yield running


@pytest.fixture
async def look(sim: Simulator) -> AsyncIterator[Look]:
    """One run of the monitor against a service of the simulator."""
    net = Net(SystemClock())

    async def one(slug: str = "shandong", kind: str = "captcha", **changes: object) -> Result:
        wanted: Target = replace(target(sim, slug, kind), **changes)  # type: ignore[arg-type]
        return await run(wanted, net, KNOWN, admit=lambda _: True)

    yield one
    await net.close()


def target(sim: Simulator, slug: str, kind: str) -> Target:
    path = "/NWebQuery/yzmQuery?callback=jQuery1_2&fpdm=3700990130&r=0" if kind == "captcha" else "/"
    url = urlsplit(sim.url(slug) + path)
    assert url.hostname is not None
    assert url.port is not None
    return Target(
        id=f"{kind}/{slug}", probe=kind, kind=kind, authority=slug, service="verify", interval=300,
        timeout=PATIENCE, while_down=60, confirm=Repeat(attempts=3, spacing=5), recover=Repeat(attempts=2, spacing=5),
        host=url.hostname, port=url.port, url=url.geturl(), slow_after=0.5, user_agent="fapiao-monitor/0",
        resolver=(sim.names.addresses[0],), tls=TlsOptions(ca=str(sim.ca_path)),
    )  # fmt: skip


def verdict(seen: Result, *, slow: bool = False) -> str:
    """In the words of the table; without the flag `slow` unless asked for, which a busy machine earns as well."""
    flags = sorted(f"+{flag}" for flag in seen.flags if slow or flag is not Flag.SLOW)
    return " ".join([seen.outcome, *([] if seen.outcome == "ok" else [seen.cause, str(seen.phase)]), *flags])


def fits(promise: str, seen: Result) -> bool:
    """`error connection_reset connect|tls` fits either phase."""
    *words, last = promise.split()
    said = verdict(seen, slow="+slow" in promise)
    return said in {" ".join([*words, either]) for either in last.split("|")}


def in_batches(sim: Simulator) -> Iterator[dict[str, str]]:
    """Slug → fault, as many at once as there are stand-ins with TLS; those that wait for the deadline by themselves."""
    slugs = [slug for slug in sim.slugs if sim.url(slug).startswith("https")]
    waits = [fault for fault in OF_ONE if promise_of(parse(fault)).startswith("timeout")]
    ends = [fault for fault in OF_ONE if fault not in waits]
    for first in range(0, len(ends), len(slugs)):
        yield dict(zip(slugs, ends[first:], strict=False))
    yield dict(zip(slugs, waits, strict=False))


async def test_every_fault_comes_out_as_promised_and_is_mended(sim: Simulator, look: Look) -> None:
    wrong: dict[str, tuple[str, str]] = {}
    for struck in in_batches(sim):
        promises = {slug: promise_of(parse(fault)) for slug, fault in struck.items()}
        for slug, fault in struck.items():
            sim.set_fault(slug, fault, "verify")
        patience = {
            slug: SHORT if promise.startswith("timeout") else PATIENCE for slug, promise in promises.items()
        }
        seen = await asyncio.gather(*(look(slug, timeout=patience[slug]) for slug in struck))
        for slug, result in zip(struck, seen, strict=True):
            if not fits(promises[slug], result):
                wrong[struck[slug]] = promises[slug], f"{verdict(result)} ({result.detail})"
        sim.clear_fault()
    assert wrong == {}
    assert {verdict(result) for result in await asyncio.gather(*map(look, sim.slugs))} == {"ok"}


async def test_what_befalls_plain_ports_and_all_names_comes_out_as_promised(
    sim: Simulator, look: Look
) -> None:
    sim.set_fault("yunnan", "tls_on_plain", "verify")
    assert fits(promise_of(parse("tls_on_plain")), await look("yunnan"))
    with pytest.raises(FaultError, match="speaks TLS"):
        sim.set_fault("shandong", "tls_on_plain", "verify")
    sim.set_fault("resolver", "dns_servfail")
    assert (await look("shandong")).cause is Cause.DNS_SERVFAIL
    sim.set_fault("resolver", "dns_rewrite")
    assert verdict(await look("shandong")) == "ok"


async def test_expected_content_that_is_missing_is_a_mismatch(sim: Simulator, look: Look) -> None:
    expect = Expect(body_contains=("发票",))
    for fault in ("gbk", "gb18030", "bom", "chunked"):
        sim.set_fault("national", fault)
        assert verdict(await look("national", "http", expect=expect)) == "ok", fault
    sim.set_fault("national", "other_page")
    assert (await look("national", "http", expect=expect)).cause is Cause.CONTENT_MISMATCH


async def test_under_report_a_bad_certificate_is_a_flag(sim: Simulator, look: Look) -> None:
    sim.set_fault("shandong", "self_signed", "verify")
    seen = await look(tls=TlsOptions(ca=str(sim.ca_path), verify=Verify.REPORT))
    assert verdict(seen) == "ok +tls_unverified"


def test_every_cause_of_the_contract_has_a_fault_that_makes_it() -> None:
    promised = {word for name in [*OF_ONE, *PLAIN] for word in promise_of(parse(name)).split()}
    elsewhere = {
        "none", "content_mismatch",  # above: of a page that is expected to hold something
        "sync_lag", "record_missing", "count_mismatch", "credential",  # of the sync interface, see test_sync
        "dns_hijacked",  # of two name servers compared, see test_names
        "proxy_failed",  # of a proxy: there is none in the simulator
        "internal",  # of our own bugs: no server makes it
    }  # fmt: skip
    assert {cause for cause in Cause if cause not in promised} == elsewhere
    flags = {flag for flag in Flag if f"+{flag}" not in promised}
    assert flags == {
        Flag.TLS_UNVERIFIED,  # above
        *(Flag.WARNING_CODE, Flag.LAG_WARNING),  # see test_sync
        Flag.ANSWERS_DIFFER,  # of addresses of the internet
    }


def test_every_stage_has_its_faults() -> None:
    assert {kind.stage for kind in FAULTS.values()} == set(Stage)
