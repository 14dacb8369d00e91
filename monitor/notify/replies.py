"""What receivers really answered to apprise's plugins, which look at the HTTP status only.

WeCom, DingTalk, Feishu, Lark and ServerChan answer 200 also when they refuse; the truth stands in the body.
"""

from __future__ import annotations

import json
import threading
from dataclasses import dataclass
from functools import cache
from types import TracebackType
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

from monitor.model import Proxies
from monitor.net.proxies import proxy_for
from monitor.notify.delivery import DeliveryError, refused_for_good

if TYPE_CHECKING:
    import requests

MOST_REPLY = 65_536
"""Bytes of a reply that are read."""
CODE_KEYS = {
    "wecombot": ("errcode",),
    "dingtalk": ("errcode",),
    "feishu": ("code", "StatusCode"),
    "lark": ("code", "StatusCode"),
    "schan": ("code", "errno"),
}
"""scheme → where the body says whether it was taken; one of these must be there."""
UNMISTAKABLE = ("errcode",)
"""Looked at in any JSON reply: a code other than 0 under this name is a refusal everywhere."""
LATER = frozenset({"-1", "45009", "45033", "130101", "410100", "9499", "11232"})
"""Codes that mean "busy" or "too often": the same will be taken later."""

_thread = threading.local()


@dataclass(frozen=True, slots=True, kw_only=True)
class Reply:
    """One HTTP reply, or the lack of one (`status` None, `problem` in words)."""

    status: int | None
    body: bytes = b""
    problem: str = ""


class Replies:
    """Collects the replies to all requests this thread makes while it is entered, and has them go by these proxies."""

    def __init__(self, proxies: Proxies | None = None) -> None:
        self.seen: list[Reply] = []
        self.proxies = proxies or Proxies()

    def __enter__(self) -> Replies:
        _listen_in()
        _thread.replies = self
        return self

    def __exit__(
        self, kind: type[BaseException] | None, problem: BaseException | None, trace: TracebackType | None
    ) -> None:
        _thread.replies = None


@cache
def _listen_in() -> None:
    """Let every `requests` session report to the thread that uses it. Other threads notice nothing."""
    import requests

    send = requests.Session.send

    def listening(
        self: requests.Session, request: requests.PreparedRequest, **kwargs: Any
    ) -> requests.Response:
        replies: Replies | None = getattr(_thread, "replies", None)
        if replies is None:
            return send(self, request, **kwargs)
        try:
            _lead(self, request, replies.proxies)
            response = send(self, request, **{**kwargs, "stream": True, "proxies": {}})
            body = next(response.iter_content(MOST_REPLY), b"")
        except requests.RequestException as problem:
            replies.seen.append(Reply(status=None, problem=_in_words(problem)))
            raise
        response._content = body  # noqa: SLF001 - bounded: `content` would read on without end
        response.close()
        replies.seen.append(Reply(status=response.status_code, body=body))
        return response

    requests.Session.send = listening  # type: ignore[method-assign]


def _lead(session: requests.Session, request: requests.PreparedRequest, proxies: Proxies) -> None:
    """Have the session go by the proxy that leads there. `requests` itself would look at the environment."""
    parts = urlsplit(request.url or "")
    host, port = parts.hostname or "", parts.port or (443 if parts.scheme == "https" else 80)
    proxy = proxy_for(proxies, scheme=parts.scheme, host=host, port=port)
    if proxy is not None:
        from monitor.notify.tunnels import Tunnels

        session.mount(f"{parts.scheme}://{parts.netloc}/", Tunnels(proxy))


def _in_words(problem: Exception) -> str:
    """Words of ours: the exception's own text holds the URL."""
    import requests

    from monitor.notify.tunnels import words_of

    table: tuple[tuple[type[Exception], str], ...] = (
        (requests.exceptions.SSLError, "TLS failed"),
        (requests.Timeout, "no answer in time"),
        (requests.ConnectionError, "cannot connect"),
    )
    known = (words for kind, words in table if isinstance(problem, kind))
    return words_of(problem) or next(known, "the request failed")


def judge(scheme: str, accepted: bool, replies: Replies) -> str:
    """What was answered, when everything was taken. Raises `DeliveryError` when anything was not."""
    for reply in replies.seen:
        _refuse(scheme, reply)
    if not accepted:
        raise DeliveryError("it did not take the message", permanent=False)
    return " ".join(str(reply.status) for reply in replies.seen) or "accepted"


def _refuse(scheme: str, reply: Reply) -> None:
    """Raise `DeliveryError` for a reply that is a refusal."""
    if reply.status is None:
        raise DeliveryError(reply.problem, permanent=False)
    if not 200 <= reply.status < 300:
        raise DeliveryError(f"answered {reply.status}", permanent=refused_for_good(reply.status))
    codes = _codes(scheme, reply.body)
    if scheme in CODE_KEYS and not codes:
        raise DeliveryError("answered 200 without saying that it took the message", permanent=False)
    for name, code in codes.items():
        if code != "0":
            raise DeliveryError(f"answered {reply.status} with {name} {code}", permanent=code not in LATER)


def _codes(scheme: str, body: bytes) -> dict[str, str]:
    """The codes in a JSON reply; empty when it is no JSON object or has none of them."""
    try:
        said = json.loads(body)
    except (ValueError, RecursionError):
        return {}
    if not isinstance(said, dict):
        return {}
    names = CODE_KEYS.get(scheme, UNMISTAKABLE)
    return {name: _plain(said[name]) for name in names if name in said}


def _plain(code: object) -> str:
    """A code as short text; whatever else stands there is not repeated."""
    text = str(code)
    return (
        text
        if isinstance(code, int | str) and len(text) <= 12 and text.lstrip("-").isalnum()
        else "unreadable"
    )
