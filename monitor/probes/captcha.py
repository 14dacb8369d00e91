"""Kind `captcha`: asks an authority for a captcha and judges whether one came. It is looked at, never solved.

The request carries a synthetic invoice code and no signature; the refusal of an unsigned request (005) shows that the
application lives.
"""

from __future__ import annotations

from dataclasses import replace
from secrets import randbelow

from monitor.core.classify import Knowledge, judge_captcha
from monitor.model import Result, Seen, Target
from monitor.net import Request
from monitor.probes import http
from monitor.probes.image import image_fault
from monitor.probes.kind import Kind, asking


def request(target: Target) -> Request:
    """The request of `target.url` with a fresh `r`, as the platform's page sends it: no cache may answer for the authority."""
    asked = http.request(target)
    if asked.http is None:
        return asked
    fresh = asked.http.target.replace("r=0", f"r=0.{randbelow(10**16):016d}", 1)
    return replace(asked, http=replace(asked.http, target=fresh))


def judge(target: Target, seen: Seen, knowledge: Knowledge) -> Result:
    """An image, an encoded `data`, or a code of the platform."""
    return judge_captcha(target, seen, knowledge, image_fault)


KIND = Kind(look=asking(request), judge=judge)
