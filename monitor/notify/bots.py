"""What apprise's plugins for chat robots leave out of their requests: whom to mention, and Feishu's signature.

`?mention=` in a receiver's address names whom: `all`, mobile numbers, user ids. They are mentioned where it deserves
it: when something critical goes on and somebody has to act, and in a test, so that one sees whether it works.
"""

from __future__ import annotations

import base64
import hashlib
import hmac
import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from urllib.parse import parse_qs, urlsplit

from monitor.model import EventName, Severity

DESERVING = frozenset(
    {
        EventName.INCIDENT_OPENED,
        EventName.INCIDENT_CHANGED,
        EventName.INCIDENT_REMINDER,
        EventName.INCIDENT_ESCALATED,
        EventName.MAINTENANCE_OVERRUN,
        EventName.DAEMON_DEGRADED,
    }
)
EVERYONE = ("all", "@all")
MOST_NAMED = 20
"""Names of a kind that are mentioned; a message has to have room for something else."""
FEISHU = ("feishu", "lark")
_MOBILE = re.compile(r"(?:\+?86)?(1[0-9]{10})")
_ID = re.compile(r"[A-Za-z0-9_.@\-]{1,64}")
"""What user ids of these services are made of; nothing that could become markup."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Mentions:
    """Who is called by name in a message."""

    everyone: bool = False
    mobiles: tuple[str, ...] = ()
    ids: tuple[str, ...] = ()


NOBODY = Mentions()


def deserves(event: str, severity: str) -> bool:
    """Whether people are called by name for this."""
    return event == EventName.TEST or (event in DESERVING and severity == Severity.CRITICAL)


def mentions_in(url: str) -> Mentions:
    """Whom a receiver's address says to mention. What is neither a number nor an id is passed over."""
    asked = [
        name.strip()
        for value in parse_qs(urlsplit(url).query).get("mention", ())
        for name in value.split(",")
    ]
    names = [name for name in asked if name not in EVERYONE]
    mobiles = [found[1] for name in names if (found := _MOBILE.fullmatch(name))]
    ids = [name.removeprefix("@") for name in names if not _MOBILE.fullmatch(name)]
    return Mentions(
        everyone=len(names) < len(asked),
        mobiles=tuple(dict.fromkeys(mobiles))[:MOST_NAMED],
        ids=tuple(dict.fromkeys(name for name in ids if _ID.fullmatch(name)))[:MOST_NAMED],
    )


def tail(scheme: str, mentions: Mentions) -> str:
    """What has to stand in the text itself for people to be mentioned."""
    if scheme == "dingtalk":  # only who also stands in the text is called
        return " ".join(f"@{name}" for name in (*mentions.mobiles, *mentions.ids))
    if scheme in FEISHU:  # has user ids only
        everyone = ['<at user_id="all">所有人</at>'] if mentions.everyone else []
        return " ".join(everyone + [f'<at user_id="{name}"></at>' for name in mentions.ids])
    return ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Amendment:
    """What is added to the JSON that a plugin is about to send."""

    scheme: str
    mentions: Mentions = NOBODY
    secret: str | None = None
    """Of Feishu's signature."""
    now: datetime

    def __call__(self, body: dict[str, Any]) -> dict[str, Any]:
        """The request's body, completed."""
        if self.scheme == "wecombot" and "text" in body:
            return {**body, "text": {**body["text"], **_lists(self.mentions)}}
        if self.scheme == "dingtalk":
            return {**body, "at": _at(self.mentions)}
        if self.scheme in FEISHU and self.secret:
            return {**body, **signature(self.secret, self.now)}
        return body


def _lists(mentions: Mentions) -> Mapping[str, list[str]]:
    lists = {
        "mentioned_list": [*mentions.ids, *(["@all"] if mentions.everyone else [])],
        "mentioned_mobile_list": list(mentions.mobiles),
    }
    return {name: people for name, people in lists.items() if people}


def _at(mentions: Mentions) -> Mapping[str, Any]:
    return {
        "atMobiles": list(mentions.mobiles),
        "atUserIds": list(mentions.ids),
        "isAtAll": mentions.everyone,
    }


def signature(secret: str, now: datetime) -> Mapping[str, str]:
    """Feishu's: HMAC-SHA256 of nothing under `timestamp\\nsecret`; it holds for an hour.

    open.feishu.cn/document/client-docs/bot-v3/add-custom-bot
    """
    timestamp = str(int(now.timestamp()))
    digest = hmac.new(f"{timestamp}\n{secret}".encode(), digestmod=hashlib.sha256).digest()
    return {"timestamp": timestamp, "sign": base64.b64encode(digest).decode()}
