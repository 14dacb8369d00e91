"""Counts, a canary and lists of records, compared over real sockets with the stand-in for a vendor."""

from __future__ import annotations

import os
from collections.abc import AsyncIterator, Awaitable, Callable
from pathlib import Path

import pytest

from monitor.config.load import load
from monitor.core.classify import Knowledge
from monitor.kept import Kept
from monitor.knowledge import load_catalogue, load_registry, load_words
from monitor.model import Cause, Flag, Outcome, Result, SpeaksOf
from monitor.net import LimitReached, Net
from monitor.probes import run
from monitor.simulator.sync import SyncApi
from tests.conftest import StillClock

KNOWN = Knowledge(catalogue=load_catalogue(), words=load_words())
SECRET = "Zq9-hunter-22"
HOUR = 3600.0
REMOTE = '{url: "%(remote)s", headers: {Authorization: {env: ERP_TOKEN}}}'
COUNTS = (
    'counts: {local: {url: "%(local)s"}, local_path: $.count, remote: '
    + REMOTE
    + ", remote_path: $.data.count, tolerance: 2, grace: 24h}"
)
CANARY = (
    "canary: {request: "
    + REMOTE
    + ", path: $.data.canary, equals: canary-1, issued_at: {%(issued)s}, warn: 4h, fail: 24h}"
)
ITEMS = (
    "items: {local: {file: ours.csv, number: [代码, 号码]}, remote: {%(theirs)s}, tolerance: 1, grace: 24h}"
)
BY_FILE = "file: issued.txt"
BY_OURS = 'path: $.issuedAt, request: {url: "%(local)s"}'

Look = Callable[..., Awaitable[Result]]


@pytest.fixture
async def erp() -> AsyncIterator[SyncApi]:
    async with SyncApi(token=SECRET) as server:
        yield server


@pytest.fixture
def look(erp: SyncApi, tmp_path: Path, clock: StillClock) -> Look:
    """A run of a probe with these keys; each time by a client of its own, as after a restart."""

    async def once(keys: str, *, token: str = SECRET, leave: int = 99, **places: str) -> Result:
        net = Net(clock, Kept(tmp_path / "kept"))
        known = {"remote": erp.url, "local": erp.local_url, **places}
        text = (keys % {"issued": BY_FILE, **known}) % known if keys.count("%(") else keys
        (tmp_path / "probes.yaml").write_text(
            f"version: 1\nprobes:\n  - {{name: both, kind: sync, authority: beijing, codes: nuonuo, {text}}}\n"
        )
        environ = {**os.environ, "ERP_TOKEN": token}
        loaded = load(tmp_path / "probes.yaml", environ=environ, registry=load_registry())
        left = iter(range(leave))
        try:
            return await run(
                loaded.plan.targets["both"], net, KNOWN, admit=lambda _: next(left, None) is not None
            )
        finally:
            await net.close()

    return once


def read(result: Result) -> dict[str, float | None]:
    return {one.name: one.value for one in result.readings}


# --- counts ----------------------------------------------------------------------------------------------------------


async def test_counts_that_differ_are_a_fault_once_they_have_for_their_grace(
    erp: SyncApi, look: Look, clock: StillClock
) -> None:
    erp.set(count=126)
    assert (await look(COUNTS)).cause is Cause.NONE, "within the tolerance"
    erp.set(count=120)
    result = await look(COUNTS)
    assert (result.cause, read(result)["missing"], read(result)["extra"]) == (Cause.NONE, 8, 0)
    clock.advance(23 * HOUR)
    assert (await look(COUNTS)).cause is Cause.NONE
    clock.advance(2 * HOUR)
    result = await look(COUNTS)
    assert (result.cause, result.outcome) == (Cause.COUNT_MISMATCH, Outcome.ERROR)
    assert result.detail == "128 here, 120 there, for 25 h"
    erp.set(count=128)
    assert (await look(COUNTS)).cause is Cause.NONE
    erp.set(count=140)
    result = await look(COUNTS)
    assert (result.cause, read(result)["extra"]) == (Cause.NONE, 12), "its grace begins anew"


async def test_without_grace_at_once(erp: SyncApi, look: Look) -> None:
    erp.set(count=125)
    assert (await look(COUNTS.replace("24h", "0s"))).cause is Cause.COUNT_MISMATCH


async def test_each_side_is_asked_with_what_is_its_own(erp: SyncApi, look: Look) -> None:
    await look(COUNTS)
    ours, theirs = erp.asked
    assert ours.path == "/local"
    assert "Authorization" not in ours.headers
    assert theirs.headers["Authorization"] == SECRET


@pytest.mark.parametrize(
    ("settings", "cause", "says"),
    [
        ({"token": "renewed"}, Cause.CREDENTIAL, "counts.remote: status 401"),
        ({"status": 503, "body": "{}"}, Cause.HTTP_STATUS, "counts.remote: status 503"),
        ({"status": 429}, Cause.NONE, ""),
        ({"code": "E9999"}, Cause.API_ERROR, "counts.remote: unknown code E9999"),
        ({"body": '{"code": "E0000"}'}, Cause.CONTENT_MISMATCH, "counts.remote: the body has no $.data.count"),
        ({"body": '{"data": {"count": null}}'}, Cause.CONTENT_MISMATCH, "$.data.count is no number of records"),
        ({"body": '{"data": {"count": true}}'}, Cause.CONTENT_MISMATCH, "is no number of records"),
        ({"body": '{"data": {"count": -3}}'}, Cause.CONTENT_MISMATCH, "is no number of records"),
        ({"body": '{"data": {"count": "many"}}'}, Cause.CONTENT_MISMATCH, "is no number of records"),
        ({"body": "<html><title>系统维护</title>系统维护中</html>"}, Cause.MAINTENANCE_PAGE, "系统维护"),
        ({"body": "<html><title>login</title></html>"}, Cause.FORMAT_DRIFT, "HTML where data are due"),
    ],
)  # fmt: skip
async def test_what_is_no_count_is_told_apart(
    erp: SyncApi, look: Look, settings: dict[str, object], cause: Cause, says: str
) -> None:
    erp.set(**settings)
    result = await look(COUNTS)
    assert result.cause is cause
    assert says in result.detail
    assert SECRET not in repr(result)


@pytest.mark.parametrize("body", ['"128"', "128.0", "128"])
async def test_counts_are_numbers_however_they_are_written(erp: SyncApi, look: Look, body: str) -> None:
    erp.set(body=f'{{"data": {{"count": {body}}}}}')
    assert read(await look(COUNTS))["remote_count"] == 128


async def test_our_own_side_that_fails_speaks_of_us(erp: SyncApi, look: Look) -> None:
    result = await look(COUNTS, local="http://127.0.0.1:9/count")
    assert (result.cause, result.cause.speaks_of) == (Cause.PROBE_MISCONFIGURED, SpeaksOf.US)
    assert result.detail == "counts.local: connection refused"


async def test_all_share_one_deadline_and_the_limit(erp: SyncApi, look: Look) -> None:
    erp.set(delay=5)
    keys = COUNTS.replace("%(local)s", "%(quick)s")
    async with SyncApi() as quick:
        result = await look(f"timeout: 1s, {keys}", quick=quick.local_url)
    assert (result.cause, result.outcome) == (Cause.RESPONSE_TIMEOUT, Outcome.TIMEOUT)
    assert result.detail.startswith("counts.remote: ")
    assert result.duration < 3
    erp.set(delay=0.0)
    with pytest.raises(LimitReached):
        await look(COUNTS, leave=1)


async def test_a_reply_that_fails_stands_before_what_is_compared(erp: SyncApi, look: Look) -> None:
    erp.set(code="E9999")
    result = await look(f'request: {{url: "{erp.url}", headers: {{Authorization: {SECRET}}}}}, {COUNTS}')
    assert (result.cause, result.readings, len(erp.asked)) == (Cause.API_ERROR, (), 3)


# --- canary ----------------------------------------------------------------------------------------------------------


async def test_a_canary_that_does_not_come(
    erp: SyncApi, look: Look, clock: StillClock, tmp_path: Path
) -> None:
    (tmp_path / "issued.txt").write_text("2026-11-21 16:00:00\nnote\n")  # now, in Shanghai
    erp.set(canary=None)
    result = await look(CANARY)
    assert (result.cause, result.lag, set(result.flags)) == (Cause.NONE, 0, set())
    clock.advance(5 * HOUR)
    result = await look(CANARY)
    assert (result.cause, result.lag, set(result.flags)) == (Cause.NONE, 5 * HOUR, {Flag.LAG_WARNING})
    clock.advance(20 * HOUR)
    result = await look(CANARY)
    assert (result.cause, result.lag) == (Cause.RECORD_MISSING, 25 * HOUR)
    assert result.detail == "the canary is not there 25 h after it was issued"
    erp.set(canary="canary-1")
    clock.advance(HOUR)
    result = await look(CANARY)
    assert (result.cause, result.lag) == (Cause.NONE, 26 * HOUR), "so long it took"


async def test_another_record_is_not_the_canary_and_404_is_not_there_yet(
    erp: SyncApi, look: Look, clock: StillClock
) -> None:
    clock.at = erp._started
    clock.advance(30 * HOUR)
    erp.set(canary="canary-0")
    assert (await look(CANARY, issued=BY_OURS)).cause is Cause.RECORD_MISSING
    erp.set(body='{"message": "no such record"}', status=404)
    assert (await look(CANARY, issued=BY_OURS)).cause is Cause.RECORD_MISSING
    erp.set(body=None, status=200, canary="canary-1")
    assert (await look(CANARY, issued=BY_OURS)).cause is Cause.NONE


@pytest.mark.parametrize(
    ("issued", "written", "says"),
    [
        (BY_FILE, None, "canary: there is no"),
        (BY_FILE, "", "holds no time that can be read"),
        (BY_FILE, "yesterday", "holds no time that can be read"),
        (BY_FILE, "2026-11-22 16:00:00", "ahead of our clock"),
        ("path: $.data.issuedAt", None, "$.data.issuedAt holds no time that can be read"),
    ],
)
async def test_a_time_of_issue_that_cannot_be_read(
    erp: SyncApi, look: Look, tmp_path: Path, issued: str, written: str | None, says: str
) -> None:
    if written is not None:
        (tmp_path / "issued.txt").write_text(written)
    erp.set(canary=None)
    result = await look(CANARY, issued=issued)
    assert result.cause is Cause.CONTENT_MISMATCH
    assert says in result.detail


async def test_a_pipe_in_place_of_the_file_hangs_nothing(erp: SyncApi, look: Look, tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "issued.txt")
    erp.set(canary=None)
    assert (await look(CANARY)).cause is Cause.PROBE_MISCONFIGURED


async def test_a_canary_whose_reply_is_an_error_is_no_missing_record(
    erp: SyncApi, look: Look, tmp_path: Path
) -> None:
    (tmp_path / "issued.txt").write_text("2026-11-01 16:00:00")
    erp.set(token="renewed", canary=None)
    assert (await look(CANARY)).cause is Cause.CREDENTIAL


# --- lists of records ------------------------------------------------------------------------------------------------

NUMBERS = [f"25{number:018d}" for number in range(40)]


def csv(path: Path, numbers: list[str], encoding: str = "utf-8", sign: str = ",") -> None:
    rows = [
        sign.join(("代码", "号码", "购方")),
        *(sign.join((one[:10], one[10:], "某公司")) for one in numbers),
    ]
    path.write_bytes("\r\n".join(rows).encode(encoding))


@pytest.mark.parametrize(("encoding", "sign"), [("utf-8", ","), ("gbk", ";"), ("utf-8-sig", "\t")])
async def test_records_on_one_side_alone(
    look: Look, clock: StillClock, tmp_path: Path, encoding: str, sign: str
) -> None:
    csv(tmp_path / "ours.csv", NUMBERS, encoding, sign)
    csv(tmp_path / "theirs.csv", [*NUMBERS[3:], "9" * 20])
    keys, theirs = ITEMS, "file: theirs.csv, number: [代码, 号码]"
    result = await look(keys, theirs=theirs)
    assert (result.cause, read(result)["missing"], read(result)["extra"]) == (Cause.NONE, 3, 1)
    clock.advance(20 * HOUR)
    csv(tmp_path / "theirs.csv", [*NUMBERS[1:-5], "9" * 20])
    assert (await look(keys, theirs=theirs)).cause is Cause.NONE
    clock.advance(5 * HOUR)
    result = await look(keys, theirs=theirs)
    assert (result.cause, read(result)["missing"]) == (Cause.COUNT_MISMATCH, 6)
    assert result.detail == "1 missing there (…0000), 1 extra there (…9999)", (
        "the others are within their grace"
    )
    kept = b"".join(path.read_bytes() for path in (tmp_path / "kept").iterdir())
    assert NUMBERS[0].encode() not in kept
    assert NUMBERS[0] not in repr(result)
    csv(tmp_path / "theirs.csv", NUMBERS)
    assert (await look(keys, theirs=theirs)).cause is Cause.NONE


async def test_a_list_by_request_in_json(erp: SyncApi, look: Look, tmp_path: Path) -> None:
    csv(tmp_path / "ours.csv", NUMBERS[:3])
    rows = ", ".join(f'{{"c": "{one[:10]}", "n": "{one[10:]}"}}' for one in NUMBERS[:3])
    erp.set(body=f'{{"code": "E0000", "data": {{"list": [{rows}]}}}}')
    theirs = f"request: {REMOTE}, rows: '$.data.list[*]', number: [c, $.n]"
    result = await look(ITEMS, theirs=theirs)
    assert (result.cause, read(result)["missing"], read(result)["extra"]) == (Cause.NONE, 0, 0)
    erp.set(body='{"code": "E0000", "data": {"list": [{"c": "1"}]}}')
    assert (await look(ITEMS, theirs=theirs)).detail == "items.remote: a row without $.n"
    erp.set(body='{"code": "E0000", "data": {}}')
    assert (await look(ITEMS, theirs=theirs)).detail == "items.remote: $.data.list is no list"


@pytest.mark.parametrize(
    ("text", "cause", "says"),
    [
        (None, Cause.PROBE_MISCONFIGURED, "there is no such file"),
        ("", Cause.CONTENT_MISMATCH, "items.local: no column 代码"),
        ("a,b\n1,2\n", Cause.CONTENT_MISMATCH, "items.local: no column 代码"),
        ('代码,号码\n"' + "x" * 200_000, Cause.CONTENT_MISMATCH, "items.local: no CSV"),
    ],
)
async def test_lists_that_cannot_be_read(
    look: Look, tmp_path: Path, text: str | None, cause: Cause, says: str
) -> None:
    if text is not None:
        (tmp_path / "ours.csv").write_text(text)
    csv(tmp_path / "theirs.csv", NUMBERS)
    result = await look(ITEMS, theirs="file: theirs.csv, number: 号码")
    assert result.cause is cause
    assert says in result.detail
