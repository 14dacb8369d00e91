"""What stands around every page, units of time, and words that many parts use."""

from __future__ import annotations

from collections.abc import Mapping

TEXTS: Mapping[str, Mapping[str, str]] = {
    "zh": {
        "title": "发票查验监测",
        "tagline": "全国 36 个省级税务机关 · 从 {vantage} 观测",
        "other_language": "English",
        "as_of": "更新于",
        "offline": "与监测程序失去联系，页面停在上次更新时。",
        "skip": "跳到内容",
        "back": "全部税务机关",
        "no_page": "没有这个页面",
        "footer": "只读页面",
        "live": "● 实时更新",
        "asking": "每 {seconds} 秒刷新",
        "more": " 等",
        "separator": "、",
        "between": "",
        "since": "自",
        "until": "至",
        "when": "时间",
        "seconds": "{n} 秒",
        "minutes": "{n} 分钟",
        "hours": "{n} 小时 {m} 分钟",
        "days": "{n} 天 {m} 小时",
    },
    "en": {
        "title": "Invoice verification monitor",
        "tagline": "China's 36 provincial tax authorities · seen from {vantage}",
        "other_language": "中文",
        "as_of": "updated",
        "offline": "The monitor does not answer; the page stands as last updated.",
        "skip": "Skip to content",
        "back": "All authorities",
        "no_page": "There is no such page",
        "footer": "read-only page",
        "live": "● live",
        "asking": "every {seconds} s",
        "more": " and others",
        "separator": ", ",
        "between": " ",
        "since": "since",
        "until": "to",
        "when": "Time",
        "seconds": "{n} s",
        "minutes": "{n} min",
        "hours": "{n} h {m} min",
        "days": "{n} d {m} h",
    },
}
