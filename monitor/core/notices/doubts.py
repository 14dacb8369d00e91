"""What is said to people of a piece that is unclear, by language."""

from __future__ import annotations

from collections.abc import Mapping

from monitor.core.notices.notice import Doubt, Unclear

SENTENCES: Mapping[str, Mapping[Doubt, str]] = {
    "zh": {
        Doubt.NO_AUTHORITY: "看不出是哪个省级税务机关",
        Doubt.NO_SCOPE: "没有说明停的是哪些业务，暂按全部业务处理",
        Doubt.EXCEPT: "有除外的业务或地区，请核对其余是哪些",
        Doubt.NO_TIME: "提到停机，但没有读出时间",
        Doubt.NO_PURPOSE: "没有说明这段时间是做什么的",
        Doubt.VAGUE_TIME: "时间说得不具体",
        Doubt.IMPOSSIBLE_TIME: "没有这样的日期或时间",
        Doubt.HALF_OF_DAY: "分不清是上午还是下午，或者是否跨到次日",
        Doubt.WRONG_WEEKDAY: "日期与星期不符",
        Doubt.END_BEFORE_START: "结束时间不晚于开始时间",
        Doubt.NO_YEAR: "没有写年份，也不知道发布日期",
        Doubt.NO_DAY: "只有时刻，没有日期",
        Doubt.NO_HOURS: "只有日期，没有时刻，暂按整天处理",
        Doubt.NO_END: "没有说明何时结束",
        Doubt.TOO_LONG: "时间长得不像一次停机",
        Doubt.LONG: "超过七天，请核对月份和日期",
        Doubt.FAR_AWAY: "与发布日期相差半年以上",
        Doubt.REPEATED: "看不清是不是每天都停，从哪天到哪天",
        Doubt.CHANGE: "这是对另一份通告的取消、改期、延长或提前结束",
        Doubt.FOR_GOOD: "这是永久停用，不是停机维护",
        Doubt.TOO_MANY: "内容太多，没有读完",
        Doubt.WORDS: "有读不懂的词语，停的可能只是一部分",
        Doubt.CAUTION: "有可能改变意思的词语（否定、条件、过去、举例、作废、部分）",
        Doubt.MIXED: "提到其他税务机关，或者不止一份通告",
        Doubt.LOCAL: "由市县税务机关发布，可能只涉及当地",
        Doubt.HIDDEN: "网页含有隐藏或划掉的内容",
    },
    "en": {
        Doubt.NO_AUTHORITY: "which of the 36 authorities publishes it cannot be told",
        Doubt.NO_SCOPE: "what is stopped is not said; taken for all services",
        Doubt.EXCEPT: "it excepts a service or a place: check what the rest is",
        Doubt.NO_TIME: "it speaks of a stop, but no time of it could be read",
        Doubt.NO_PURPOSE: "what happens at this time is not said",
        Doubt.VAGUE_TIME: "the time is not exact",
        Doubt.IMPOSSIBLE_TIME: "no such day or time exists",
        Doubt.HALF_OF_DAY: "morning or evening, this day or the next: it cannot be told",
        Doubt.WRONG_WEEKDAY: "the weekday is not that of the date",
        Doubt.END_BEFORE_START: "the end is not after the start",
        Doubt.NO_YEAR: "the year is not written, and the publish date is not known",
        Doubt.NO_DAY: "a time without a day",
        Doubt.NO_HOURS: "days without a time of day; taken for whole days",
        Doubt.NO_END: "when it ends is not said",
        Doubt.TOO_LONG: "too long for maintenance",
        Doubt.LONG: "longer than seven days: check month and day",
        Doubt.FAR_AWAY: "more than half a year from the publish date",
        Doubt.REPEATED: "whether it is repeated daily, and between which days, is not clear",
        Doubt.CHANGE: "it cancels, moves, prolongs or ends what another notice announced",
        Doubt.FOR_GOOD: "something is given up for ever; this is no maintenance",
        Doubt.TOO_MANY: "there is more in it than was read",
        Doubt.WORDS: "it has words that are not known; perhaps only a part stops",
        Doubt.CAUTION: "it has words that may turn its sense round (not, if, formerly, for example, withdrawn, only)",
        Doubt.MIXED: "it speaks of another authority, or holds more than one notice",
        Doubt.LOCAL: "a city's or district's bureau publishes it; perhaps it holds only there",
        Doubt.HIDDEN: "the page has parts that are hidden or struck out",
    },
}


def explain(unclear: Unclear, language: str) -> str:
    """The reason and the words it is about, in `zh` or `en`."""
    reason = SENTENCES[language][unclear.kind]
    if not unclear.text:
        return reason
    return f"{reason}：“{unclear.text}”" if language == "zh" else f"{reason}: “{unclear.text}”"
