"""The feed and the badge."""

from __future__ import annotations

from collections.abc import Mapping

TEXTS: Mapping[str, Mapping[str, str]] = {
    "zh": {
        "badge": "{title} · {what}：{state}",
        "feed_opened": "【{severity}】{what}：{cause}",
        "feed_resolved": "【恢复】{what}：历时 {span}",
        "feed_flapping": "【时好时坏】{what}",
        "feed_planned": "【维护公告】{who} {begins} 起{what}维护",
        "feed_ended": "【维护结束】{who}{what}维护提前结束",
        "feed_since": "自 {at} 起",
        "feed_cause": "原因：{cause}",
        "feed_diagnosis": "判断：{diagnosis}。{fault}",
        "feed_step": "下一步：{step}",
    },
    "en": {
        "badge": "{title} · {what}: {state}",
        "feed_opened": "[{severity}] {what}: {cause}",
        "feed_resolved": "[RESOLVED] {what}: lasted {span}",
        "feed_flapping": "[FLAPPING] {what} comes and goes",
        "feed_planned": "[MAINTENANCE ANNOUNCED] {who}: {what} from {begins}",
        "feed_ended": "[MAINTENANCE OVER] {who}: {what}, ended early",
        "feed_since": "Since {at}",
        "feed_cause": "Cause: {cause}",
        "feed_diagnosis": "Diagnosis: {diagnosis}. {fault}",
        "feed_step": "Next step: {step}",
    },
}
