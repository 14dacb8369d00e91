"""What a stand-in says to a request: as the platform does while it is well, or what a fault puts in its place."""

from __future__ import annotations

import random

from monitor.simulator import replies
from monitor.simulator.authorities import VERIFY, StandIn
from monitor.simulator.exchange import Request
from monitor.simulator.kinds import Fault, Stage
from monitor.simulator.replies import Reply

CAPTCHA_PATHS = ("/NWebQuery/yzmQuery", "/WebQuery/yzmQuery")
VERIFY_PATH = "/NWebQuery/vatQuery"
ELSEWHERE = "https://elsewhere.invalid/"
MOVED = "/moved"
"""Where `redirect_once` leads: the same answers under another path."""


class Answers:
    """The content of one service of one stand-in."""

    def __init__(self, stand_in: StandIn, service: str, *, shape: str, number: int) -> None:
        """`shape` is that of its captcha; `number` varies Content-Type and first image."""
        self._stand_in = stand_in
        self._service = service
        self._shape = shape
        self._captchas = number
        self._content_type = replies.JSONP_TYPES[number % len(replies.JSONP_TYPES)]

    def to(self, request: Request, fault: Fault | None, dice: random.Random) -> Reply:
        """The reply. What is random in it comes from `dice`."""
        moved = request.path.startswith(MOVED)
        if fault is not None and fault.kind.stage is Stage.REPLY and not moved:
            return self._faulty(request, fault, dice)
        return self._healthy(request, request.path.removeprefix(MOVED), self._shape, dice)

    def _healthy(self, request: Request, path: str, shape: str, dice: random.Random) -> Reply:
        if self._service == VERIFY and path in CAPTCHA_PATHS:
            return self._captcha(request, shape, dice)
        if self._service == VERIFY and path == VERIFY_PATH:
            # We know no signature and take none: an unsigned query is refused with 005 [S20].
            return replies.code_reply("005", request.argument("callback"), self._content_type)
        if path in ("/", "/index.html"):
            return replies.home(self._stand_in.name, self._service)
        return replies.status_page(404)

    def _captcha(self, request: Request, shape: str, dice: random.Random) -> Reply:
        callback = request.argument("callback")
        code = request.argument("fpdm") or ""
        if not (code.isascii() and code.isdigit() and len(code) in (10, 12)):
            return replies.code_reply("fpdmerr", callback, self._content_type)
        self._captchas += 1
        return replies.captcha_reply(shape, self._captchas, callback, self._content_type, dice)

    def _faulty(self, request: Request, fault: Fault, dice: random.Random) -> Reply:
        callback = request.argument("callback")
        match fault.kind.name:
            case "code":
                return replies.code_reply(fault.argument, callback, self._content_type)
            case "other_json":
                return replies.other_json(callback, self._content_type)
            case "opaque":
                return self._healthy(request, request.path, replies.DATA, dice)
            case "redirect_away":
                return replies.redirect(ELSEWHERE)
            case "redirect_loop":
                return replies.redirect(request.target)
            case "redirect_once":
                return replies.redirect(MOVED + request.target)
            case "redirect_broken":
                return replies.redirect("http://[::1/")
            case "empty_body":
                return Reply()
            case name if name.endswith("_image"):
                image = replies.damaged_image(name)
                return replies.image_reply(image, callback, self._content_type, dice)
            case _:
                return _page(fault)


def _page(fault: Fault) -> Reply:
    """A page, or a body, that is the same whatever was asked."""
    match fault.kind.name:
        case "status":
            return replies.status_page(int(fault.argument))
        case "waf":
            return replies.waf_page(int(fault.argument))
        case "maintenance":
            return replies.maintenance_page(int(fault.argument))
        case "maintenance_gbk":
            return replies.maintenance_gbk(int(fault.argument))
        case "busy_page":
            return replies.busy_page()
        case "html":
            return replies.application_page()
        case "other_page":
            return replies.other_page()
        case "big_body":
            return replies.big_reply(int(fault.argument))
        case "gzip_bomb":
            return replies.gzip_bomb(int(fault.argument))
        case unknown:
            raise ValueError(f"nothing is said under {unknown}")
