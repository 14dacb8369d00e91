"""Who the stand-ins are: slug, code and Chinese name of the 36 authorities, and the three places beside them.

Own copy, written from the list of provinces and separately planned cities (domain facts §2): the simulator must not
share a mistake with the registry it is used to test.
"""

from __future__ import annotations

from dataclasses import dataclass

VERIFY = "verify"
DPPT = "dppt"
PAGE = "page"


@dataclass(frozen=True, slots=True, kw_only=True)
class StandIn:
    """One place that answers. `services` each get a port of their own."""

    slug: str
    code: str
    name: str
    services: tuple[str, ...]


def _authority(slug: str, code: str, name: str) -> StandIn:
    return StandIn(slug=slug, code=code, name=name, services=(VERIFY, DPPT))


AUTHORITIES = (
    _authority("beijing", "1100", "北京"),
    _authority("tianjin", "1200", "天津"),
    _authority("hebei", "1300", "河北"),
    _authority("shanxi", "1400", "山西"),
    _authority("neimenggu", "1500", "内蒙古"),
    _authority("liaoning", "2100", "辽宁"),
    _authority("dalian", "2102", "大连"),
    _authority("jilin", "2200", "吉林"),
    _authority("heilongjiang", "2300", "黑龙江"),
    _authority("shanghai", "3100", "上海"),
    _authority("jiangsu", "3200", "江苏"),
    _authority("zhejiang", "3300", "浙江"),
    _authority("ningbo", "3302", "宁波"),
    _authority("anhui", "3400", "安徽"),
    _authority("fujian", "3500", "福建"),
    _authority("xiamen", "3502", "厦门"),
    _authority("jiangxi", "3600", "江西"),
    _authority("shandong", "3700", "山东"),
    _authority("qingdao", "3702", "青岛"),
    _authority("henan", "4100", "河南"),
    _authority("hubei", "4200", "湖北"),
    _authority("hunan", "4300", "湖南"),
    _authority("guangdong", "4400", "广东"),
    _authority("shenzhen", "4403", "深圳"),
    _authority("guangxi", "4500", "广西"),
    _authority("hainan", "4600", "海南"),
    _authority("chongqing", "5000", "重庆"),
    _authority("sichuan", "5100", "四川"),
    _authority("guizhou", "5200", "贵州"),
    _authority("yunnan", "5300", "云南"),
    _authority("xizang", "5400", "西藏"),
    _authority("shaanxi", "6100", "陕西"),
    _authority("gansu", "6200", "甘肃"),
    _authority("qinghai", "6300", "青海"),
    _authority("ningxia", "6400", "宁夏"),
    _authority("xinjiang", "6500", "新疆"),
)

NATIONAL = StandIn(slug="national", code="0000", name="全国", services=(PAGE,))
CONTROLS = (
    StandIn(slug="internet", code="", name="互联网", services=(PAGE,)),
    StandIn(slug="gateway", code="", name="网关", services=(PAGE,)),
)
"""Stand-ins for places of the internet that have nothing to do with the tax administration; `gateway` is plain."""

PLAIN_IN_MIXED = frozenset({"yunnan", "xizang", "qinghai", "ningxia"})
"""Whose verify service is plain HTTP with `scheme="mixed"`. A choice of the simulator, no fact about them."""

HOST_SUFFIX = ".localhost"
"""Names under it mean loopback by RFC 6761 §6.3."""

GROUPS = ("all", "local", "everything")
"""Words for the 36 authorities, for the two controls, and for these and the national page."""
BY_ADDRESS = "gateway"
RESOLVER = "resolver"
"""Who has the faults that befall all names at once: the name server that a machine usually asks."""
