"""The story that `demo` plays: what breaks and mends when, what a reference says of it, and a sentence for who watches.

Seconds count from the first sweep. A step is data; `Teller` in monitor/cli/demo.py plays it.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field


@dataclass(frozen=True, slots=True, kw_only=True)
class Step:
    """One moment. `faults` maps a stand-in to its fault, None mends it; `reference` is what the others see from then on."""

    at: float
    zh: str
    en: str
    faults: Mapping[str, str | None] = field(default_factory=dict)
    reference: Mapping[str, str] = field(default_factory=dict)
    """slug → outcome: ok, error or timeout."""


WINDOW_FROM, WINDOW_TO = 52.0, 70.0
"""The maintenance of Tianjin, in the configuration of the demo as a window."""
CONTROLS = ("internet", "gateway")
OUTAGE = "shandong"
ONLY_US = "guangdong"
PLANNED = "tianjin"
EXPIRED = "henan"

STORY: tuple[Step, ...] = (
    Step(
        at=0,
        zh="36 个税务机关全部正常，参考来源也这么说。",
        en="All 36 authorities are up, and the reference agrees.",
    ),
    Step(
        at=8,
        zh="山东接受连接但不再应答。连续两次失败才确认；先问对照点和其他省，再发一条通知。",
        en="Shandong accepts connections and says nothing. Two runs confirm it; controls and others are asked first, then one message.",
        faults={OUTAGE: "hang"},
        reference={OUTAGE: "timeout"},
    ),
    Step(
        at=22,
        zh="河南的证书过期了：同样是不可用，原因不同，责任在对方。",
        en="Henan's certificate expires: down as well, for another reason, and theirs to mend.",
        faults={EXPIRED: "expired"},
        reference={EXPIRED: "error"},
    ),
    Step(
        at=32,
        zh="广东从本机连不上，而参考来源看它正常：是本机到广东的线路，不是广东。",
        en="Guangdong cannot be reached from here while the reference sees it up: it is the path, not Guangdong.",
        faults={ONLY_US: "refuse"},
        reference={ONLY_US: "ok"},
    ),
    Step(
        at=44,
        zh="山东、河南、广东先后恢复：通知过谁故障，就通知谁恢复。",
        en="Shandong, Henan and Guangdong come back: who was told that it broke is told that it mended.",
        faults={OUTAGE: None, EXPIRED: None, ONLY_US: None},
        reference={OUTAGE: "ok", EXPIRED: "ok", ONLY_US: "ok"},
    ),
    Step(
        at=WINDOW_FROM,
        zh="天津按公告开始维护：照常探测，但不告警。",
        en="Tianjin goes into announced maintenance: it is looked at as always, but nobody is woken.",
        faults={PLANNED: "maintenance"},
        reference={PLANNED: "error"},
    ),
    Step(
        at=WINDOW_TO - 4,
        zh="天津提前恢复，窗口结束时马上复查。",
        en="Tianjin is back; when the window ends it is looked at at once.",
        faults={PLANNED: None},
        reference={PLANNED: "ok"},
    ),
    Step(
        at=80,
        zh="现在断的是我们自己的网络：36 个全部失败，对照点也失败。一条通知，一个省也不怪。",
        en="Now it is our own network: all 36 fail and the controls fail too. One message, and no province is blamed.",
        faults={"*": "refuse"},
    ),
    Step(
        at=100,
        zh="网络恢复，各省的状态重新可信。",
        en="The network is back; what is said of the provinces can be trusted again.",
        faults={"*": None},
    ),
    Step(
        at=116,
        zh="故事结束。页面还开着，按 Ctrl-C 退出。",
        en="The story ends here. The page stays up; ctrl-C ends it.",
    ),
)
