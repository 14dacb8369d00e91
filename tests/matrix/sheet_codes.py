"""Codes: every row of the error-code catalogue, sent by a server as its endpoint sends it.

    table/endpoint   code   what has to come out (phase `processing` where it fails)   what it says

Written beside the catalogue and not read from it: who changes a code there has to say so here too.
"""

from __future__ import annotations

import json
from typing import Any

from monitor.model import SyncRules
from tests.matrix.case import Case, looks
from tests.matrix.files import logs
from tests.matrix.replies import key1, says
from tests.matrix.servers import serves
from tests.matrix.sheet_kinds import CLIENT

CODES = """\
platform/yzm    003      ok +throttled              验证码请求次数过于频繁，请1分钟后再试！
platform/yzm    004      error backend_busy         超过服务器最大请求数，请稍后访问!
platform/yzm    005      ok +unsigned_refused       非法请求!
platform/yzm    010      error backend_busy         网络超时，请重试！(01)
platform/yzm    010_     error backend_busy         网络超时，请重试！(05)
platform/yzm    016      ok +throttled              服务器接收的请求太频繁，请稍后再试！
platform/yzm    020      error blocked              由于查验行为异常，涉嫌违规，当前无法使用查验服务！
platform/yzm    024      ok +throttled              24小时内验证码请求太频繁，请稍后再试！
platform/yzm    fpdmerr  error probe_misconfigured  请输入合法发票代码!
platform/vat    001      ok                         成功
platform/vat    002      ok                         超过该张发票当日查验次数(请于次日再次查验)!
platform/vat    003      ok +throttled              发票查验请求太频繁，请稍后再试！
platform/vat    004      error backend_busy         超过服务器最大请求数，请稍后访问!
platform/vat    005      ok +unsigned_refused       请求不合法!
platform/vat    006      ok                         不一致
platform/vat    007      ok                         验证码失效!
platform/vat    008      ok                         验证码错误!
platform/vat    009      ok                         查无此票
platform/vat    010      error backend_busy         系统异常，请重试
platform/vat    010_     error backend_busy         网络超时，请重试！(05)
platform/vat    016      ok +throttled              服务器接收的请求太频繁，请稍后再试！
platform/vat    020      error blocked              由于查验行为异常，涉嫌违规，当前无法使用查验服务！
platform/vat    1        error api_error            该省尚未开通发票查验功能
platform/vat    rqerr    ok                         当日开具发票可于次日进行查验!
seeds           E001     error api_error            网络连接超时
seeds           E002     error api_error            网络中断
seeds           E003     error api_error            SSL证书问题，可能服务器证书已过期
seeds           E004     error credential           无权限操作
seeds           E005     error probe_misconfigured  软件版本过低
seeds           E006     error probe_misconfigured  系统配置错误
seeds           E007     ok                         纳税人识别号输入有误
seeds           E008     ok                         开票日期格式不符
seeds           E009     ok                         金额或税率输入错误
seeds           100      error credential           基础验证失败：格式不正确或权限不足
seeds           101      ok                         纳税人识别号有误，无法验证身份
seeds           200      ok +warning_code           请求成功，可能有警告
seeds           404      error api_error            资源未找到
seeds           500      error api_error            服务器内部错误
client          ERROR@95 error api_error            打开加密设备--网络通信错误
client          ERROR@97 error credential           证书已作废
client          ERROR@98 error credential           证书已挂失
client          ERROR@103 error credential          证书状态未知
client          E001     error api_error            网络连接超时
client          E002     error api_error            网络中断
client          E003     error api_error            SSL证书问题，可能服务器证书已过期
client          E004     error credential           无权限操作
client          E005     error probe_misconfigured  软件版本过低
client          E006     error probe_misconfigured  系统配置错误
client          E007     ok                         纳税人识别号输入有误
client          E008     ok                         开票日期格式不符
client          E009     ok                         金额或税率输入错误
client          不存在此发票编号 error record_missing     不存在此发票编号
client          系统繁忙 error backend_busy         系统繁忙
nuonuo          E0000    ok                         调用成功
nuonuo          0000     ok                         成功
jumei           200      ok                         成功
jumei           201      ok                         查无此票
jumei           202      ok                         信息不一致
jumei           203      ok                         当日查验次数已用完
jumei           205      ok                         超过五年的发票
jumei           206      ok                         查验中
jumei           207      ok                         该地区暂不支持
jumei           400      error probe_misconfigured  参数错误
jumei           404      error probe_misconfigured  请求地址错误
jumei           411      error probe_misconfigured  参数格式错误
jumei           412      error probe_misconfigured  参数格式错误
jumei           500      error api_error            系统维护
jumei           502      error api_error            网络异常
jumei           601      error credential           账号不可用
jumei           602      error credential           账号不可用
jumei           603      error credential           账号不可用
jumei           604      error credential           账号不可用
jumei           606      ok +throttled              请求过于频繁
jumei           607      error credential           IP不在白名单
jumei           609      ok +throttled              请求过于频繁
jumei           610      error backend_busy         查询超时
kaipiao/outer   0        ok                         成功
kaipiao/outer   200      ok                         成功
kaipiao/outer   1        error api_error            服务异常
kaipiao/outer   1001     error probe_misconfigured  接口代码错误
kaipiao/outer   1002     error probe_misconfigured  参数错误
kaipiao/outer   1003     error credential           签名错误
kaipiao/outer   1011     error credential           无可用套餐
kaipiao/outer   1012     error credential           企业未注册
kaipiao/outer   9999     error api_error            服务异常
kaipiao/inner   0        ok                         成功
kaipiao/inner   200      ok                         成功
kaipiao/inner   1101     error credential           登录失效
kaipiao/inner   1102     error credential           需要实名认证
kaipiao/inner   1108     error api_error            电子税局数据异常
kaipiao/inner   2116     error backend_busy         电子税局不稳定
kaipiao/inner   6509     error api_error            电子税局返回错误
shudian/outer   000000   ok                         成功
shudian/outer   100      error probe_misconfigured  参数错误
shudian/outer   410      error credential           签名不正确
shudian/outer   411      error credential           签名错误
shudian/outer   412      error credential           解密失败
shudian/outer   500      error api_error            系统异常
shudian/inner   200      ok                         成功
shudian/inner   100      error probe_misconfigured  参数错误
shudian/inner   500      error api_error            系统异常
shudian/inner   100001   error api_error            通道失败
aisino          0000     ok                         成功
aisino          9999     error api_error            发票数据上传失败 / 未查到此条发票记录
xiangyun        0        ok                         查验成功
xiangyun        -30001   ok                         发票信息不一致
xiangyun        -30002   ok                         查无此票
xiangyun        -30003   ok                         当日查验超过5次
xiangyun        -30006   ok                         当日开具发票可于次日查验
xiangyun        -30007   ok                         超过五年的发票
xiangyun        -30009   error credential           查验次数不足
xiangyun        -30010   error api_error            查验异常
xiangyun        -30014   error api_error            接口异常
baidu           0001     ok                         查验成功发票一致
baidu           0002     ok                         超过该张票当天查验次数
baidu           0005     error probe_misconfigured  请求不合法
baidu           0006     ok                         发票信息不一致
baidu           0009     ok                         发票不存在
baidu           1004     error credential           已超过最大查验量
baidu           1005     error probe_misconfigured  查询发票不规范
baidu           1006     ok                         查验异常
baidu           1008     error probe_misconfigured  字段不能为空
baidu           1009     error probe_misconfigured  参数长度不正确
baidu           1014     ok                         日期当天的不能查验
baidu           1015     ok                         超过5年的不能查验
baidu           1020     error credential           没有查验权限
baidu           1021     error api_error            网络超时
baidu           9999     error api_error            查验失败
"""

PATHS: dict[str, tuple[tuple[str, str], ...]] = {
    "platform": (("vat", "$.key1"),),
    "seeds": (("", "$.code"),),
    "nuonuo": (("", "$.code"),),
    "jumei": (("", "$.code"),),
    "kaipiao": (("outer", "$.code"), ("inner", "$.data.code")),
    "shudian": (("outer", "$.code"), ("inner", "$.data.code")),
    "aisino": (("", "$.returnCode"),),
    "xiangyun": (("", "$.message.status"),),
    "baidu": (("", "$.VerifyResult"),),
}
"""Table → where its codes stand in a reply."""
WELL = {"kaipiao": "0", "shudian": "000000"}
"""What the outer code says when the inner one is to be read."""


def rows() -> list[tuple[str, str, str, str]]:
    """(table, endpoint, code, what comes out) of every line."""
    lines = [line.split() for line in CODES.splitlines()]
    found = []
    for where, code, outcome, *rest in lines:
        table, _, endpoint = where.partition("/")
        words = [outcome, *rest[: 1 if outcome == "error" or rest[0].startswith("+") else 0]]
        found.append((table, endpoint, code, " ".join(words)))
    return found


def cases() -> list[Case]:
    """A case for each line: `yzm` asked by kind captcha, `client` found in a log, all else by kind sync."""
    return [_case(*row) for row in rows()]


def _case(table: str, endpoint: str, code: str, comes_out: str) -> Case:
    name = f"{table}{'/' * bool(endpoint)}{endpoint} {code}"
    failing = " processing" if comes_out.startswith("error") else ""
    if (table, endpoint) == ("platform", "yzm"):
        return Case(name, looks("captcha"), serves(says(key1(code))), f"{comes_out}{failing} ={code}")
    if table == "client":
        there = logs(f"2026-11-21 16:00:00 上传发票: {code}\n".encode(), table="client")
        return Case(name, CLIENT, there, f"{comes_out}{failing} ={code}" if failing else comes_out)
    rules = SyncRules(table=table, code_paths=PATHS[table])
    body = json.dumps(_reply(table, endpoint, code))
    return Case(name, looks("sync", sync=rules), serves(says(body)), f"{comes_out}{failing} ={code}")


def _reply(table: str, endpoint: str, code: str) -> dict[str, Any]:
    value: dict[str, Any] = {}
    for place, path in PATHS[table]:
        said = code if place == endpoint else WELL[table]
        at, *steps = reversed(path.removeprefix("$.").split("."))
        inner: dict[str, Any] = {at: said}
        for step in steps:
            inner = {step: inner}
        value = {**value, **inner}
        if place == endpoint:
            break
    return value
