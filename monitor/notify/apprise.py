"""Receivers of kind `apprise`, wrapped: one thread per URL under our own deadline, replies read, texts cut to fit.

Apprise sends in threads that cannot be cancelled, shares six of them among all receivers, and believes any HTTP 200.
So each URL has a daemon thread of its own; one that does not come back in time is left behind and replaced. Apprise
itself is imported in that thread at first use: it takes half a second.
"""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Callable, Mapping
from concurrent.futures import Future
from dataclasses import dataclass, replace
from datetime import datetime
from queue import SimpleQueue
from typing import Any
from urllib.parse import unquote

from monitor.clock import Clock, SystemClock
from monitor.model import EventName, Receiver, Severity
from monitor.notify.bots import NOBODY, Amendment, Mentions, deserves, mentions_in, tail
from monitor.notify.delivery import DeliveryError
from monitor.notify.replies import Replies, judge
from monitor.notify.shapes import ANY, SHAPES, Shape, as_markdown, fitted

DEADLINE = 14.0
"""Seconds for one delivery. The caller's own deadline is later, so that what is known here is said."""
MOST_STUCK = 3
"""Threads of one URL that may hang at once; beyond that nothing is sent until one comes back."""
SOCKET_TIMEOUTS = (3.0, 8.0)
"""Seconds apprise may wait for a connection, and for each read."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Message:
    """What apprise is asked to send. `kind`: its word for how bad it is."""

    title: str
    text: str
    url: str
    """Where to read more; a line of the text ends with it. Empty: nowhere."""
    kind: str
    calls: bool
    """Whether people are mentioned, where the receiver's address names some."""
    now: datetime


class AppriseDeliverer:
    """Sends title and text through apprise's plugins."""

    def __init__(self, deadline: float = DEADLINE, clock: Clock | None = None) -> None:
        self._deadline = deadline
        self._clock = clock or SystemClock()
        self._channels: dict[tuple[str, str], Channel] = {}

    async def deliver(self, receiver: Receiver, payload: Mapping[str, Any]) -> str:
        """Send title and text; returns what was answered. Raises `DeliveryError`."""
        channel = self._channels.setdefault((receiver.id, receiver.url), Channel(receiver))
        done = channel.send(_message(payload, self._clock.now()))
        try:
            async with asyncio.timeout(self._deadline):
                return await asyncio.wrap_future(done)
        except TimeoutError:
            if channel.leave_behind():
                raise DeliveryError("its reply did not end in time", permanent=False, doubtful=True) from None
            raise DeliveryError("no answer in time", permanent=False) from None
        except asyncio.CancelledError:
            channel.leave_behind()
            raise

    async def close(self) -> None:
        """Let all threads end; those that hang are daemons and die with the process."""
        for channel in self._channels.values():
            channel.close()


class Channel:
    """One URL: the thread that serves it, and those that were left behind."""

    def __init__(self, receiver: Receiver) -> None:
        self._receiver = receiver
        self._thread: SendingThread | None = None
        self._stuck: list[SendingThread] = []

    def send(self, message: Message) -> Future[str]:
        """Hand a message to the thread. Raises `DeliveryError` when too many hang already."""
        self._stuck = [thread for thread in self._stuck if thread.is_alive()]
        if self._thread is None:
            if len(self._stuck) >= MOST_STUCK:
                raise DeliveryError(f"{len(self._stuck)} earlier tries still hang", permanent=False)
            self._thread = SendingThread(self._receiver)
            self._thread.start()
        return self._thread.submit(message)

    def leave_behind(self) -> bool:
        """Give the thread up; it ends when what it waits for ends. What it sends then may arrive twice.

        Whether what it sent was answered with a 2xx, of which it still reads the body.
        """
        thread, self._thread = self._thread, None
        if thread is None:
            return False
        thread.finish()
        self._stuck.append(thread)
        return thread.replies.is_heard

    def close(self) -> None:
        """Let the thread end."""
        self.leave_behind()


class SendingThread(threading.Thread):
    """Serves one URL with a plugin of its own, message by message, until it is told to finish."""

    def __init__(self, receiver: Receiver) -> None:
        super().__init__(name=f"apprise {receiver.id}", daemon=True)
        self._receiver = receiver
        self.replies = Replies()
        """What is answered to the message that it sends now."""
        self._jobs: SimpleQueue[tuple[Message, Future[str]] | None] = SimpleQueue()

    def submit(self, message: Message) -> Future[str]:
        """Queue a message; the future holds the answer or a `DeliveryError`."""
        future: Future[str] = Future()
        self._jobs.put((message, future))
        return future

    def finish(self) -> None:
        """End after what is queued."""
        self._jobs.put(None)

    def run(self) -> None:
        """Serve. No exception leaves: each is the outcome of one message."""
        plugin: Any = None
        while (job := self._jobs.get()) is not None:
            message, future = job
            if not future.set_running_or_notify_cancel():
                continue
            try:
                self.replies = Replies(self._receiver.proxies)
                plugin = plugin or _plugin(self._receiver.url)
                future.set_result(_send(plugin, message, self._receiver, self.replies))
            except DeliveryError as problem:
                future.set_exception(problem)
            except Exception as problem:  # noqa: BLE001 - plugins of others; their texts may hold the URL
                future.set_exception(
                    DeliveryError(f"the plugin failed: {type(problem).__name__}", permanent=False)
                )


def _plugin(url: str) -> Any:
    """The plugin for a URL, with everything set that its defaults get wrong. Raises `DeliveryError`."""
    from apprise import Apprise, AppriseAsset

    from monitor.notify.quiet import silence

    silence()
    asset = AppriseAsset(app_id="fapiao-monitor", http_redirects=False, pgp_autogen=False, pem_autogen=False)
    plugin = Apprise.instantiate(url, asset=asset)
    if plugin is None:
        raise DeliveryError("apprise does not understand this URL", permanent=True)
    plugin.redirects = False  # a redirected POST becomes a GET, which apprise takes for success
    plugin.request_rate_per_sec = (
        0  # else 5.5 s of sleep before each message; our retries are slow by themselves
    )
    plugin.socket_connect_timeout, plugin.socket_read_timeout = SOCKET_TIMEOUTS
    if hasattr(plugin, "get_signature"):
        plugin.get_signature = _quoted_once(plugin.get_signature)
    return plugin


def _quoted_once(sign: Callable[[], tuple[str, str]]) -> Callable[[], tuple[str, str]]:
    """DingTalk's signature as it is: apprise quotes it, and requests quotes it again, which is refused.

    "sign not match", wowiwj/ding-notice#11 and x-cold/dingtalk-robot#7.
    """

    def signature() -> tuple[str, str]:
        timestamp, signed = sign()
        return timestamp, unquote(signed)

    return signature


def _send(plugin: Any, message: Message, receiver: Receiver, replies: Replies) -> str:
    """Send and judge by what apprise says and by what was really answered. Raises `DeliveryError`."""
    scheme, style = _scheme(plugin), _style(plugin)
    mentions = _mentions(plugin, receiver.url) if message.calls else NOBODY
    shape = _shape(plugin, scheme, style)
    title, text = fitted(shape, message.title, message.text, message.url, tail(scheme, mentions))
    replies.amend = Amendment(scheme=scheme, mentions=mentions, secret=plugin.user, now=message.now)
    with replies:
        accepted = plugin.notify(body=text, title=title, notify_type=message.kind, body_format=style)
    return judge(scheme, bool(accepted), replies)


def _mentions(plugin: Any, url: str) -> Mentions:
    """Whom its address names; apprise's own way for DingTalk are mobile numbers in the path."""
    asked = mentions_in(url)
    if _scheme(plugin) != "dingtalk":
        return asked
    return replace(asked, mobiles=tuple(dict.fromkeys((*plugin.targets, *asked.mobiles))))


def _style(plugin: Any) -> str:
    """`markdown` where DingTalk was asked to render it: it needs other line ends than apprise makes. Else plain text."""
    return (
        "markdown"
        if _scheme(plugin) == "dingtalk" and plugin.resolve_format("text") == "markdown"
        else "text"
    )


def _shape(plugin: Any, scheme: str, style: str) -> Shape:
    shape = SHAPES.get(scheme, ANY)
    if style == "markdown":
        shape = replace(shape, markup=as_markdown)
    return shape if scheme in SHAPES else replace(shape, room=min(shape.room, plugin.body_maxlen))


def _scheme(plugin: Any) -> str:
    """The plugin's first scheme, whatever alias or native address the URL has."""
    known = plugin.secure_protocol or plugin.protocol
    return str(known if isinstance(known, str) else known[0])


def _message(payload: Mapping[str, Any], now: datetime) -> Message:
    return Message(
        title=payload["title"],
        text=payload["text"],
        url=payload["url"],
        kind=_kind(payload["event"], payload["severity"]),
        calls=deserves(payload["event"], payload["severity"]),
        now=now,
    )


def _kind(event: str, severity: str) -> str:
    if event == EventName.TEST:
        return "info"
    if event == EventName.INCIDENT_RESOLVED:
        return "success"
    return {Severity.CRITICAL: "failure", Severity.WARNING: "warning"}.get(Severity(severity), "info")
