"""What `probe`, `which` and `notice` say at a terminal, in Chinese and English, and in which of the two."""

from __future__ import annotations

import os
from collections.abc import Mapping
from pathlib import Path
from typing import IO, Any

import click

from monitor.cli.configuration import setting

LANGUAGES = ("zh", "en")
CONFIGURED = "zh"
"""What a configuration means that names no language, as for the page and the notifications."""

TEXTS: Mapping[str, Mapping[str, str]] = {
    "zh": {
        "colon": "：",
        "comma": "，",
        "semicolon": "；",
        "list": "、",
        "refusal": "错误：",
        "or": " 或 ",
        # probe: what could not be done
        "no_reference_address": "--reference：请写成 https://host 或 https://host/api/v1/reference 这样的地址",
        "looking_closer": "正在探测 {what}，并与对照点和另外几个税务机关比较",
        "mistakes": "配置文件有误，没有探测（逐条说明为英文）：\n{mistakes}",
        "no_target": "没有名为“{word}”的探测目标或税务机关；{hint}",
        "no_target_hidden": "没有这样的探测目标或税务机关；{hint}",
        "did_you_mean": "您要找的是不是 {near}？",
        "listed": "用 fapiao-monitor authorities 查看全部税务机关",
        "no_address": "这不是地址：请写成 https://host/path、http://host/path、tls://host:port 或 tcp://host:port",
        "limited": "其中一台主机的连接次数已到 limits.per_host 的上限，请稍后再试",
        "looking_at": "正在探测 {what}",
        "targets": "{count} 个目标",
        "counted": "{count} 个{outcome}",
        # probe: what was seen
        "phase": "{words}",
        "total": "合计",
        "deadline": "时限 {seconds:g} 秒",
        "address": "地址",
        "one_address": "{address}",
        "more_addresses": "{address}（另有 {count} 个）",
        "certificate": "证书",
        "issuer": "颁发者",
        "expires": "有效期",
        "expired": "已过期 {days:.0f} 天",
        "expires_in": "还剩 {days} 天",
        "verified": "验证",
        "verified_yes": "通过",
        "verified_no": "未通过：{why}",
        "unknown_reason": "原因不明",
        "status": "状态码",
        "code": "返回码",
        "lag": "滞后",
        "node": "各地址",
        "name_server": "DNS 服务器",
        "random_name": "随机域名",
        "as_it_should": "不存在，正常",
        "forged": "假地址",
        "differs": "各说不一",
        "round_trip": "往返",
        "lost": "丢包",
        # which
        "place": "{name}（{slug}，{code}）",
        "invoice": "发票",
        "service": "业务",
        "named": "{words}（{name}）",
        "endpoint": "地址",
        "state": "状态",
        "watched": "观测",
        "advice": "说明",
        "code10": "10 位发票代码，{type}（{number}）",
        "code12": "12 位发票代码，{type}（{number}）",
        "digital": "数电票号码",
        "no_endpoint": "没有已知的地址",
        "no_state": "未知：{why}",
        "national": "；全国查验平台：{state}",
        # status and incidents: what is no authority's
        "scope_national": "全国性故障",
        "scope_local": "本机网络",
        "scope_daemon": "监测程序",
        "national_page": "全国查验平台",
        "watched_unknown": "监测程序没有给出，无从得知",
        "unwatched": "没有观测它",
        "bad_file": "配置文件有误（逐条说明为英文）：\n{mistakes}",
        # notice
        "untitled": "停机通告",
        "publisher": "发布机关",
        "published": "发布日期",
        "not_known": "不明",
        "window_from": "开始",
        "window_to": "结束",
        "window_of": "税务机关",
        "window_services": "业务",
        "words": "原文",
        "left_open": "未定，暂按 {end}",
        "all_services": "全部",
        "no_window": "没有读出停机时间",
        "to_decide": "需要人来判断",
        "name_them": "请填写税务机关，如 [shandong]；全部写 all",
        "end_is_open": "原文没有说何时结束",
        "nothing_waits": "没有待确认的通告",
        "is_rejected": "已驳回 {id}",
        "notice_waiting": "待确认",
        "notice_approved": "已确认",
        "notice_rejected": "已驳回",
        "notice_replaced": "已被替换",
        "notice_missed": "过期未处理",
        "may_change": "可能改动：{name}，{span}；不再有效时：{command}",
        # the daemon
        "bad_url": "--url：请写成 {example} 这样的地址",
        "daemon_absent": "{where} 没有监测程序在运行（{why}），可用 fapiao-monitor run 启动",
        "daemon_silent": "{where} 的监测程序在 {seconds:g} 秒内没有应答",
        "daemon_stranger": "在 {where} 应答的不是 fapiao-monitor",
        "daemon_stranger_status": "在 {where} 应答的不是 fapiao-monitor（状态码 {status}）",
        "daemon_untrusted": "{where} 的证书不受信任（{why}）；私有 CA 请用 SSL_CERT_FILE=/path/ca.pem 指定根证书",
        "daemon_no_ca": "SSL_CERT_FILE 指定的文件 {file} 无法读取：{why}",
        "daemon_refuses": "{where} 的监测程序拒绝了 {path}：{refusal}",
        "token_missing": "{where} 的监测程序拒绝了 {path}：{refusal}；请把 FAPIAO_TOKEN 设为它配置里的 server.token",
        "token_wrong": "{where} 的监测程序拒绝了 {path}：{refusal}；FAPIAO_TOKEN 与它配置里的 server.token 不一致",
        "left_aside": "{file} 有误，没有采用；可用 fapiao-monitor check 查看",
    },
    "en": {
        "colon": ": ",
        "comma": ", ",
        "semicolon": "; ",
        "list": ", ",
        "refusal": "Error: ",
        "or": " or ",
        "no_reference_address": "--reference: write an address like https://host or https://host/api/v1/reference",
        "looking_closer": "looking at {what}, and beside it at the controls and a few other authorities",
        "mistakes": "the configuration has mistakes, nothing was looked at:\n{mistakes}",
        "no_target": "{word!r} is neither a target nor an authority that is watched; {hint}",
        "no_target_hidden": "this is neither a target nor an authority that is watched; {hint}",
        "did_you_mean": "did you mean {near}?",
        "listed": "`fapiao-monitor authorities` lists them",
        "no_address": "this is no address: write https://host/path, http://host/path, tls://host:port or tcp://host:port",
        "limited": "limits.per_host allows no further connection to one of the hosts now; try again in a minute",
        "looking_at": "looking at {what}",
        "targets": "{count} targets",
        "counted": "{count} {outcome}",
        "phase": "{name}",
        "total": "total",
        "deadline": "of {seconds:g} s",
        "address": "address",
        "one_address": "{address}",
        "more_addresses": "{address} (and {count} more)",
        "certificate": "certificate",
        "issuer": "issued by",
        "expires": "expires",
        "expired": "expired {days:.0f} days ago",
        "expires_in": "in {days} days",
        "verified": "verified",
        "verified_yes": "yes",
        "verified_no": "no: {why}",
        "unknown_reason": "unknown",
        "status": "status",
        "code": "code",
        "lag": "lag",
        "node": "each one",
        "name_server": "name server",
        "random_name": "random name",
        "as_it_should": "does not exist, as it should be",
        "forged": "forged",
        "differs": "differs",
        "round_trip": "round trip",
        "lost": "lost",
        "place": "{name} {name_en} ({slug}, {code})",
        "invoice": "invoice",
        "service": "service",
        "named": "{name}, {words}",
        "endpoint": "endpoint",
        "state": "state",
        "watched": "watched",
        "advice": "advice",
        "code10": "code of 10 digits, {type} ({number})",
        "code12": "code of 12 digits, {type} ({number})",
        "digital": "number of a 数电票",
        "no_endpoint": "not known",
        "no_state": "unknown: {why}",
        "national": "; the national page is {state}",
        "scope_national": "nationwide outage",
        "scope_local": "our own network",
        "scope_daemon": "this monitor",
        "national_page": "national page",
        "watched_unknown": "not known: the daemon did not say",
        "unwatched": "nothing of it",
        "bad_file": "the configuration has mistakes:\n{mistakes}",
        "untitled": "maintenance notice",
        "publisher": "publisher",
        "published": "published",
        "not_known": "not known",
        "window_from": "from",
        "window_to": "to",
        "window_of": "authorities",
        "window_services": "services",
        "words": "words",
        "left_open": "open, taken as {end}",
        "all_services": "all",
        "no_window": "no window was found",
        "to_decide": "for a person to decide",
        "name_them": "name the authorities, such as [shandong], or write all",
        "end_is_open": "the notice leaves the end open",
        "nothing_waits": "no notice waits",
        "is_rejected": "{id} is rejected",
        "notice_waiting": "waiting",
        "notice_approved": "approved",
        "notice_rejected": "rejected",
        "notice_replaced": "replaced",
        "notice_missed": "missed",
        "may_change": "may change: {name}, {span}; if it no longer holds: {command}",
        "bad_url": "--url: write an address like {example}",
        "daemon_absent": "no daemon at {where}: {why}. Start one with `run`",
        "daemon_silent": "the daemon at {where} did not answer within {seconds:g} s",
        "daemon_stranger": "what answers at {where} is not a fapiao-monitor",
        "daemon_stranger_status": "what answers at {where} is not a fapiao-monitor (status {status})",
        "daemon_untrusted": "the certificate of {where} is not trusted: {why}. "
        "For a private authority name its root certificate: SSL_CERT_FILE=/path/ca.pem",
        "daemon_no_ca": "the file {file} that SSL_CERT_FILE names cannot be read: {why}",
        "daemon_refuses": "the daemon at {where} refuses {path}: {refusal}",
        "token_missing": "the daemon at {where} refuses {path}: {refusal}; "
        "set FAPIAO_TOKEN to the server.token of its configuration",
        "token_wrong": "the daemon at {where} refuses {path}: {refusal}; "
        "FAPIAO_TOKEN is not the server.token of its configuration",
        "left_aside": "{file} has mistakes and is left aside; see `fapiao-monitor check`",
    },
}


REFUSALS: Mapping[int, str] = {
    401: "状态码 401，需要令牌或用户名和密码",
    403: "状态码 403，不允许",
    404: "状态码 404，没有这个地址",
    429: "状态码 429，请求太多，请稍后再试",
    500: "状态码 500，监测程序自身出错",
    503: "状态码 503，暂时不可用",
}
"""What stands in Chinese for the reason that the daemon gives in English, by its status."""


def say(language: str, key: str, /, **values: object) -> str:
    """A text with its gaps filled."""
    return TEXTS[language][key].format(**values)


def language_of(file: Path | None) -> str:
    """`language` of the configuration that is named or lies here, also of one with mistakes; else that of the terminal."""
    written = setting(file, "language")
    if written is None:
        return of_terminal()
    return str(written) if written in LANGUAGES else CONFIGURED


def of_terminal() -> str:
    """By the variables that POSIX names, in its order; English where none of them says Chinese."""
    chosen = next(filter(None, map(os.environ.get, ("LC_ALL", "LC_MESSAGES", "LANG"))), "")
    return "zh" if chosen.startswith("zh") else "en"


class Refusal(click.ClickException):
    """Why nothing was done, in the language of the user."""

    def __init__(self, language: str, key: str, /, **values: object) -> None:
        super().__init__(say(language, key, **values))
        self._language = language

    def show(self, file: IO[Any] | None = None) -> None:
        """On standard error, as click shows its own."""
        click.echo(say(self._language, "refusal") + self.format_message(), file=file, err=file is None)
