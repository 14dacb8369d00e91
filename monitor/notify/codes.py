"""What the codes in the replies of chat services mean: taken, later, or never.

A code that is not listed is a refusal for good: a wrong key, a robot that was removed, a message that they do not take.
"""

from __future__ import annotations

CODE_KEYS = {
    "wecombot": ("errcode",),
    "wechat": ("errcode",),
    "dingtalk": ("errcode",),
    "feishu": ("code", "StatusCode"),
    "lark": ("code", "StatusCode"),
    "schan": ("code", "errno"),
}
"""scheme → where the body says whether it was taken; one of these must be there."""
UNMISTAKABLE = ("errcode",)
"""Looked at in any JSON reply: a code other than 0 under this name is a refusal everywhere."""
MESSAGE_KEYS = ("errmsg", "msg", "message", "StatusMessage")

# developer.work.weixin.qq.com/document/path/90313 · 90312: who is stopped per minute is stopped for 60 s
WECOM = {
    "-1": "busy",
    "6000": "versions in conflict",
    "45009": "too often",
    "45033": "too many at once",
    "40014": "the access token was not valid; a new one is fetched",
    "42001": "the access token had expired; a new one is fetched",
}
FEISHU = {
    "11232": "too often",  # "frequency limited": open.feishu.cn/document/client-docs/bot-v3/add-custom-bot
    "230020": "too often in this group",
    "99991400": "too often",  # open.feishu.cn/document/server-docs/api-call-guide/frequency-control
}
LATER = {
    "wecombot": WECOM,
    "wechat": WECOM,
    "dingtalk": {
        "-1": "busy",
        "130101": "too often",  # "send too fast, exceed 20 times per minute": ccfos/nightingale#369
        "410100": "too often",
        "90018": "too often",  # all interfaces are shut for this address for a while
        "90030": "too often",  # "webhook over limit"
    },
    "feishu": FEISHU,
    "lark": FEISHU,
    "schan": {},
}
"""scheme → code → why the same will be taken later."""

LATER_WORDS = ("too many", "too fast", "frequency", "频繁", "超过当天的发送次数", "稍后")
EITHER = {
    # "too many request" with HTTP 400 (ccfos/nightingale#1437), and "Bad Request" for a broken one
    "feishu": frozenset({"9499"}),
    "lark": frozenset({"9499"}),
    # 40001 is a wrong key and a used-up day alike, both with HTTP 400; also seen: 471 and 461
    "schan": frozenset({"40001", "471", "461", "1024"}),
}
"""scheme → codes that mean one thing or another; only the words beside them tell which (`LATER_WORDS`: later)."""

SENSES = {
    "wecombot": {
        "93000": "no such robot: wrong key, or it was removed from the group",
        "40058": "a parameter that it does not take",
        "45002": "too long",
    },
    "dingtalk": {
        "310000": "its security settings: keyword, signature (or clock) or address",
        "300001": "no such token",
        "300005": "no such token",
        "400101": "no such token",
        "400102": "the robot is switched off",
        "400106": "no such robot",
        "400013": "the group does not exist any more",
        "460101": "too long",
    },
    "feishu": {
        "19001": "no such robot: wrong token, or it was removed from the group",
        "19021": "the signature: wrong secret, or a clock that is more than an hour wrong",
        "19022": "our address is not on its list",
        "19024": "its keyword is not in the text",
    },
    "schan": {"40001": "wrong SendKey", "20001": "no title", "20002": "too long"},
}
"""scheme → code → what to look at, for the log and for `notify --test`."""
SENSES["lark"] = SENSES["feishu"]


def is_for_later(scheme: str, code: str, message: str) -> bool:
    """Whether the same may be taken later. `message`: what they said beside the code."""
    if code in EITHER.get(scheme, ()):
        return any(word in message.lower() for word in LATER_WORDS)
    return code in LATER.get(scheme, WECOM)


def sense(scheme: str, code: str, message: str) -> str:
    """What a code means in a few words of ours; empty when nobody knows."""
    if is_for_later(scheme, code, message):
        return LATER.get(scheme, WECOM).get(code, "too often")
    return SENSES.get(scheme, {}).get(code, "")
