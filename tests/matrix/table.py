"""The matrix: every way a look can end, from real faults on real sockets, one line a case. Its sheets:

    sheet_way.py      names, connections, TLS, proxies; each place at which a connection can be cut, stall or trickle
    sheet_trust.py    certificates, each under `verify: true`, `report` and `false`
    sheet_replies.py  HTTP, redirects, pages, firewalls, writing, captchas
    sheet_sync.py     sync interfaces: codes, words, lag, counts, canaries, lists
    sheet_codes.py    every row of the error-code catalogue
    sheet_kinds.py    the kinds that ask nobody for a page: dns, icmp, log, host, file; and addresses one by one

A line is `(what is the matter, who looks, what is there, what has to come out)`. The last is written as

    outcome cause phase +flag =code      error tls_expired tls      ok +slow      error blocked processing =020

After `ok` no cause and no phase follows. `|` between two phases: which one depends on whose packet is first. The flags are
all of them: a line without any says that there is none. The words are the contract's (§2 and §8), written down by hand;
nothing in that column is taken from the product.
"""

from __future__ import annotations

from collections.abc import Iterator

from tests.matrix import sheet_codes, sheet_kinds, sheet_replies, sheet_sync, sheet_trust, sheet_way
from tests.matrix.case import Case


def _cases() -> Iterator[tuple[str, Case]]:
    for sheet in (sheet_way.SECTIONS, sheet_replies.SECTIONS, sheet_sync.SECTIONS, sheet_kinds.SECTIONS):
        for section, rows in sheet.items():
            yield from ((f"{section}: {row[0]}", Case(*row)) for row in rows)
    yield from ((f"certificate: {case.name}", case) for case in sheet_trust.cases())
    yield from ((f"code: {case.name}", case) for case in sheet_codes.cases())


ALL = tuple(_cases())
CASES = dict(ALL)
"""The name of a line → the line."""
