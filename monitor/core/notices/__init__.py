"""Reads Chinese maintenance notices of tax authorities: `read(text, …) -> Notice`. Pure, linear in the text, never raises.

What is certain becomes a window; what is not is named in `unclear`, and waits for a person. The grammar: domain facts §4.
"""

from monitor.core.notices.doubts import explain
from monitor.core.notices.notice import Doubt, Notice, NoticeWindow, Unclear
from monitor.core.notices.reading import read
from monitor.core.notices.text import decode

__all__ = ["Doubt", "Notice", "NoticeWindow", "Unclear", "decode", "explain", "read"]
