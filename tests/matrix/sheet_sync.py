"""Sync interfaces: their codes and words, how long ago they synchronised, and what is compared beside that."""

from __future__ import annotations

from monitor.model import Freshness, Success, SyncRules
from tests.matrix.case import Look, looks
from tests.matrix.comparing import awaits, counts, lists
from tests.matrix.replies import last_sync, reply, says, synced
from tests.matrix.servers import serves


def syncs(table: str | None = "nuonuo", success: Success | None = None, fresh: bool = False) -> Look:
    """A look of kind sync; `fresh`: no older than 24 h, with a warning after 4 h."""
    freshness = Freshness(path="$.data.lastSync", warn=4 * 3600.0, fail=24 * 3600.0) if fresh else None
    paths = (("", "$.code"),) if table else ()
    return looks("sync", sync=SyncRules(table=table, code_paths=paths, success=success, freshness=freshness))


SYNC, FRESH = syncs(), syncs(fresh=True)
COMPARE = looks("sync")
TRUE = Success(path="$.success", any_of=("true",))


# fmt: off
SYNCS = (
    ("well", SYNC, serves(says('{"code": "0000"}')), "ok =0000"),
    ("a code that nobody knows", SYNC, serves(says('{"code": "E77", "msg": "?"}')), "error api_error processing =E77"),
    ("a code that nobody knows, status 500", SYNC, serves(says('{"code": "E77"}', 500)), "error api_error processing =E77"),
    ("well, by another word", syncs(success=TRUE), serves(says('{"success": true}')), "ok"),
    ("not well, by that word", syncs(None, success=TRUE), serves(says('{"success": false}')), "error content_mismatch processing"),
    ("without that word", syncs(None, success=TRUE), serves(says("{}")), "error content_mismatch processing"),
    ("JSON without a code", SYNC, serves(says("{}")), "error format_drift processing"),
    ("a code that is null", SYNC, serves(says('{"code": null}')), "error format_drift processing"),
    ("HTML", SYNC, serves(says("<html>login</html>")), "error format_drift processing"),
    ("nothing", SYNC, serves(says("")), "error format_drift processing"),
    ("502 without a body", SYNC, serves(says("", 502)), "error http_status processing"),
    ("401", SYNC, serves(says('{"code": "0000"}', 401)), "error credential processing"),
    ("429", SYNC, serves(says('{"code": "0000"}', 429)), "ok +throttled"),
    ("a message that says 系统维护", SYNC, serves(says('{"code": "500", "msg": "系统维护中"}')), "error maintenance_page processing =500"),
    ("a message that says 系统繁忙", SYNC, serves(says('{"code": "500", "msg": "系统繁忙"}')), "error backend_busy processing =500"),
    ("系统维护费 on an invoice", SYNC, serves(says('{"code": "0000", "data": [{"goods": "系统维护费"}]}')), "ok =0000"),
    ("synced just now", FRESH, serves(synced(0)), "ok =0000"),
    ("synced an hour ago, RFC 3339", FRESH, serves(synced(1)), "ok =0000"),
    ("synced an hour ago, in UTC", FRESH, serves(synced(1, "zulu")), "ok =0000"),
    ("synced an hour ago, without a zone", FRESH, serves(synced(1, "naive")), "ok =0000"),
    ("synced an hour ago, in Chinese", FRESH, serves(synced(1, "chinese")), "ok =0000"),
    ("synced an hour ago, fourteen digits", FRESH, serves(synced(1, "packed")), "ok =0000"),
    ("synced an hour ago, seconds", FRESH, serves(synced(1, "seconds")), "ok =0000"),
    ("synced an hour ago, milliseconds", FRESH, serves(synced(1, "milliseconds")), "ok =0000"),
    ("synced an hour ago, milliseconds as text", FRESH, serves(synced(1, "text of milliseconds")), "ok =0000"),
    ("synced an hour ago, as mail writes it", FRESH, serves(synced(1, "mail")), "ok =0000"),
    ("synced an hour ago, as a list", FRESH, serves(synced(1, "list")), "ok =0000"),
    ("synced five hours ago", FRESH, serves(synced(5)), "ok +lag_warning =0000"),
    ("synced five hours ago, without a zone", FRESH, serves(synced(5, "naive")), "ok +lag_warning =0000"),
    ("synced 25 hours ago", FRESH, serves(synced(25)), "error sync_lag processing =0000"),
    ("synced 25 hours ago, without a zone", FRESH, serves(synced(25, "naive")), "error sync_lag processing =0000"),
    ("synced 25 hours ago, milliseconds", FRESH, serves(synced(25, "milliseconds")), "error sync_lag processing =0000"),
    ("synced half a minute ahead", FRESH, serves(synced(-0.008)), "ok =0000"),
    ("synced in ten minutes", FRESH, serves(synced(-0.17)), "error content_mismatch processing =0000"),
    ("synced in eight hours: the wrong zone", FRESH, serves(synced(-8, "naive")), "error content_mismatch processing =0000"),
    ("synced at null", FRESH, serves(last_sync(None)), "error content_mismatch processing =0000"),
    ("synced at nothing", FRESH, serves(says('{"code": "0000", "data": {}}')), "error content_mismatch processing =0000"),
    ("synced at what is no time", FRESH, serves(last_sync("刚刚")), "error content_mismatch processing =0000"),
    ("synced at the 31st of February", FRESH, serves(last_sync("2026-02-31 08:00:00")), "error content_mismatch processing =0000"),
    ("synced in the year 1", FRESH, serves(last_sync("0001-01-01 00:00:00")), "error content_mismatch processing =0000"),
    ("synced at true", FRESH, serves(last_sync(True)), "error content_mismatch processing =0000"),
    ("a failing code and a lag: the code is first", FRESH, serves(synced(25, code="E77")), "error api_error processing =E77"),
)

COMPARED = (
    ("as many here as there", COMPARE, counts(100, 100), "ok"),
    ("as many, one of them written as text", COMPARE, counts(100, "100"), "ok"),
    ("fewer there, for longer than the grace", COMPARE, counts(100, 98, grace=0), "error count_mismatch processing"),
    ("more there, for longer than the grace", COMPARE, counts(100, 101, grace=0), "error count_mismatch processing"),
    ("fewer there, within the grace", COMPARE, counts(100, 98), "ok"),
    ("fewer there, within the tolerance", COMPARE, counts(100, 98, grace=0, tolerance=2), "ok"),
    ("a count that is null", COMPARE, counts(100, None), "error content_mismatch processing"),
    ("a count that is no number", COMPARE, counts(100, "many"), "error content_mismatch processing"),
    ("a count below zero", COMPARE, counts(100, -1), "error content_mismatch processing"),
    ("no count", COMPARE, counts(100, reply("{}")), "error content_mismatch processing"),
    ("HTML in place of their count", COMPARE, counts(100, reply("<html>login</html>")), "error format_drift processing"),
    ("their count is refused us", COMPARE, counts(100, reply("", 401)), "error credential processing"),
    ("their count fails", COMPARE, counts(100, reply("", 502)), "error http_status processing"),
    ("our own count fails", COMPARE, counts(reply("", 502), 100), "error probe_misconfigured processing"),
    ("the canary is there", COMPARE, awaits("E1", hours=30), "ok"),
    ("the canary is not there after an hour", COMPARE, awaits("", hours=1), "ok"),
    ("the canary is not there after five hours", COMPARE, awaits("", hours=5), "ok +lag_warning"),
    ("the canary is not there after 25 hours", COMPARE, awaits("", hours=25), "error record_missing processing"),
    ("another record in place of the canary", COMPARE, awaits("E2", hours=25), "error record_missing processing"),
    ("404 in place of the canary, after 25 hours", COMPARE, awaits(reply("", 404), hours=25), "error record_missing processing"),
    ("nobody says when the canary was issued", COMPARE, awaits("", hours=None), "error content_mismatch processing"),
    ("the canary was issued in an hour", COMPARE, awaits("", hours=-1), "error content_mismatch processing"),
    ("the canary cannot be asked for", COMPARE, awaits(reply("", 500), hours=25), "error http_status processing"),
    ("both lists hold the same", COMPARE, lists(["1", "2"], ["2", "1"]), "ok"),
    ("one is missing there", COMPARE, lists(["1", "2"], ["1"], grace=0), "error count_mismatch processing"),
    ("one is there alone", COMPARE, lists(["1"], ["1", "2"], grace=0), "error count_mismatch processing"),
    ("one is missing there, within the grace", COMPARE, lists(["1", "2"], ["1"]), "ok"),
    ("one is missing there, within the tolerance", COMPARE, lists(["1", "2"], ["1"], grace=0, tolerance=1), "ok"),
    ("as many, but not the same", COMPARE, lists(["1", "2"], ["1", "3"], grace=0), "error count_mismatch processing"),
    ("no list", COMPARE, lists(["1"], "none"), "error content_mismatch processing"),
)
# fmt: on

SECTIONS = {"sync": SYNCS, "compared here and there": COMPARED}
"""What a section is about → its lines."""
