"""Replies of a sync interface, as they were seen, and what is made of them."""

from __future__ import annotations

import json
from dataclasses import replace
from typing import Any

from monitor.core.sync import judge_sync
from monitor.knowledge import load_tables
from monitor.model import Code, Expect, Freshness, Reply, Result, Seen, SyncRules
from tests.core.replies import KNOWN, NOW
from tests.core.replies import TARGET as CAPTCHA

SECRET = "Zq9-hunter-22"
FRESH = Freshness(path="$.data.lastSync", warn=4 * 3600, fail=24 * 3600)

TARGET = replace(
    CAPTCHA,
    id="erp-sync",
    probe="erp-sync",
    kind="sync",
    authority="beijing",
    service="sync",
    host="erp.example",
    url="https://erp.example/api",
    expect=Expect(status=(200, 201, 202)),
    carries_credential=True,
    secrets=(SECRET,),
)


def rules(table: str | None = None, **more: Any) -> SyncRules:
    return SyncRules(table=table, code_paths=load_tables()[table].code_paths if table else (), **more)


def seen(body: Any, status: int = 200, **more: Any) -> Seen:
    raw = (
        body
        if isinstance(body, bytes)
        else body.encode()
        if isinstance(body, str)
        else json.dumps(body).encode()
    )
    reply = Reply(status=status, headers=(), body=raw, url="https://erp.example/api")
    return replace(Seen(started_at=NOW, duration=0.5, phases={}, reply=reply), **more)


def judge(
    body: Any, asked: SyncRules, status: int = 200, codes: tuple[Code, ...] = (), **more: Any
) -> Result:
    return judge_sync(replace(TARGET, sync=asked, codes=codes), seen(body, status, **more), KNOWN)
