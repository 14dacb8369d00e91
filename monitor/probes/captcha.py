"""Kind `captcha`: asks an authority for a captcha and judges whether one came. It is looked at, never solved.

The request carries a synthetic invoice code and no signature; the refusal of an unsigned request (005) shows that the
application lives.
"""

from __future__ import annotations

from monitor.core.classify import Knowledge, judge_captcha
from monitor.model import Result, Seen, Target
from monitor.probes.http import request
from monitor.probes.image import image_fault
from monitor.probes.kind import Kind


def judge(target: Target, seen: Seen, knowledge: Knowledge) -> Result:
    """An image, an encoded `data`, or a code of the platform."""
    return judge_captcha(target, seen, knowledge, image_fault)


KIND = Kind(request=request, judge=judge)
