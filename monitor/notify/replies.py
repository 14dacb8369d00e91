"""What receivers really answered to apprise's plugins, which look at the HTTP status only.

WeCom, DingTalk and Feishu answer 200 also when they refuse, ServerChan and Feishu 400 also when they only want us to
wait; the truth stands in the body. Of mail servers the plugin says no more than that it failed; they are heard as well.
"""

from __future__ import annotations

import json
import smtplib
import threading
from collections.abc import Callable
from dataclasses import dataclass
from email.header import Header, decode_header, make_header
from functools import cache
from types import TracebackType
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

from monitor.clock import SystemClock
from monitor.model import Proxies
from monitor.net.proxies import proxy_for
from monitor.notify.codes import CODE_KEYS, MESSAGE_KEYS, UNMISTAKABLE, is_for_later, sense
from monitor.notify.delivery import DeliveryError, refused_for_good

if TYPE_CHECKING:
    import requests

MOST_REPLY = 65_536
"""Bytes of a reply that are read."""
PATIENCE = 3.0
"""Seconds for the body of a reply: a message that was taken is not told again because its receiver goes on talking."""
_thread = threading.local()


@dataclass(frozen=True, slots=True, kw_only=True)
class Reply:
    """One HTTP reply, or the lack of one (`status` None, `problem` in words)."""

    status: int | None
    body: bytes = b""
    problem: str = ""
    is_whole: bool = True
    """Whether the body came to its end."""
    carried: bool = True
    """Whether its request carried a message; else it asked for something, as for a token."""


Amend = Callable[[dict[str, Any]], dict[str, Any]]


class Replies:
    """Collects what is answered to this thread while it is entered.

    Its requests go by these proxies, and `amend` completes the JSON that they carry.
    """

    def __init__(self, proxies: Proxies | None = None) -> None:
        self.seen: list[Reply] = []
        self.mail: int | None = None
        """The last refusal of a mail server (RFC 5321 §4.2.1: 4xx later, 5xx never)."""
        self.is_heard = False
        """A message was answered with a 2xx, and the body of that reply is being read."""
        self.proxies = proxies or Proxies()
        self.amend: Amend | None = None

    def __enter__(self) -> Replies:
        _listen_in()
        _listen_to_mail()
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
            _complete(request, replies.amend)
            response = send(self, request, **{**kwargs, "stream": True, "proxies": {}})
            carried = request.method == "POST"
            replies.is_heard = carried and 200 <= response.status_code < 300
            body, is_whole = _read(response)
        except requests.RequestException as problem:
            replies.seen.append(Reply(status=None, problem=_in_words(problem)))
            raise
        response._content = body  # noqa: SLF001 - bounded: `content` would read on without end
        response.close()
        replies.seen.append(Reply(status=response.status_code, body=body, is_whole=is_whole, carried=carried))
        return response

    requests.Session.send = listening  # type: ignore[method-assign]


def _read(response: requests.Response) -> tuple[bytes, bool]:
    """The beginning of the body, and whether that is all: one that drips is cut off rather than waited for."""
    from urllib3.exceptions import HTTPError

    clock, body = SystemClock(), b""
    until = clock.monotonic() + PATIENCE
    try:
        while len(body) < MOST_REPLY and clock.monotonic() < until:
            piece = response.raw.read1(MOST_REPLY - len(body), decode_content=True)
            if not piece:
                return body, True
            body += piece
    except HTTPError:
        pass  # broken off: what was said until then counts
    return body, False


@cache
def _listen_to_mail() -> None:
    """Let every SMTP conversation report refusals to the thread that leads it. Other threads notice nothing."""
    getreply, sendmail = smtplib.SMTP.getreply, smtplib.SMTP.sendmail

    def listening(self: smtplib.SMTP) -> tuple[int, bytes]:
        code, words = getreply(self)
        replies: Replies | None = getattr(_thread, "replies", None)
        if replies is not None and code >= 400:
            replies.mail = code
        return code, words

    def sending(self: smtplib.SMTP, sender: str, to: Any, mail: Any, *more: Any, **options: Any) -> Any:
        is_ours = getattr(_thread, "replies", None) is not None and isinstance(mail, str)
        return sendmail(self, sender, to, folded(mail) if is_ours else mail, *more, **options)

    smtplib.SMTP.getreply = listening  # type: ignore[method-assign]
    smtplib.SMTP.sendmail = sending  # type: ignore[method-assign,assignment]


def folded(mail: str) -> str:
    """A mail whose subject is in encoded words of at most 75 characters each, as RFC 2047 §2 asks for.

    Apprise makes one word of it, and a line of more than 1,000 bytes is refused (RFC 5321 §4.5.3.1.6).
    """
    head, gap, body = mail.partition("\n\n")
    lines = [_folded(line) if line.startswith("Subject: =?") else line for line in head.split("\n")]
    return "\n".join(lines) + gap + body


def _folded(line: str) -> str:
    name, _, value = line.partition(": ")
    return f"{name}: " + Header(str(make_header(decode_header(value))), "utf-8", header_name=name).encode()


def _complete(request: requests.PreparedRequest, amend: Amend | None) -> None:
    """Put what a plugin leaves out into the JSON of its request."""
    if amend is None or not isinstance(request.body, bytes | str):
        return
    try:
        body = json.loads(request.body)
    except ValueError:
        return  # a form
    if isinstance(body, dict):
        request.prepare_body(json.dumps(amend(body)).encode(), None)


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
    if not accepted and replies.mail is not None:
        raise DeliveryError(f"the mail server answered {replies.mail}", permanent=replies.mail >= 500)
    if not accepted:
        raise DeliveryError("it did not take the message", permanent=False)
    return " ".join(str(reply.status) for reply in replies.seen) or "accepted"


def _refuse(scheme: str, reply: Reply) -> None:
    """Raise `DeliveryError` for a reply that is a refusal. A code says more than a status."""
    if reply.status is None:
        raise DeliveryError(reply.problem, permanent=False)
    is_taken = 200 <= reply.status < 300
    codes, message = _said(scheme, reply.body)
    for name, code in codes.items():
        if code != "0":
            meaning = sense(scheme, code, message)
            reason = f"answered {reply.status} with {name} {code}" + (f" ({meaning})" if meaning else "")
            is_broken = not is_taken and not refused_for_good(reply.status)
            raise DeliveryError(reason, permanent=not (is_broken or is_for_later(scheme, code, message)))
    if not is_taken:
        raise DeliveryError(f"answered {reply.status}", permanent=refused_for_good(reply.status))
    if scheme in CODE_KEYS and not codes:
        reason = f"answered {reply.status} without saying that it took the message"
        raise DeliveryError(reason, permanent=False, doubtful=reply.carried and not _is_of_another(reply))


def _is_of_another(reply: Reply) -> bool:
    """Whether it is a whole page or text: the services answer JSON, so somebody on the way took the message for them."""
    said = reply.body.strip()
    return reply.is_whole and bool(said) and not said.startswith(b"{")


def _said(scheme: str, body: bytes) -> tuple[dict[str, str], str]:
    """The codes in a JSON reply and the words beside them; nothing when it is no JSON object or has none of them."""
    try:
        said = json.loads(body)
    except (ValueError, RecursionError):
        return {}, ""
    if not isinstance(said, dict):
        return {}, ""
    names = CODE_KEYS.get(scheme, UNMISTAKABLE)
    words = " ".join(str(said[name]) for name in MESSAGE_KEYS if isinstance(said.get(name), str))
    return {name: _plain(said[name]) for name in names if name in said}, words


def _plain(code: object) -> str:
    """A code as short text; whatever else stands there is not repeated."""
    text = str(code)
    return (
        text
        if isinstance(code, int | str) and len(text) <= 12 and text.lstrip("-").isalnum()
        else "unreadable"
    )
