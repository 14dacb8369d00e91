"""What a simulator says on the terminal when it is up: where it is steered, how it is watched, what is broken."""

from __future__ import annotations

from pathlib import Path

from monitor.cli.called import as_called
from monitor.cli.steering import DEFAULT_CONTROL
from monitor.simulator import Simulator

MOST_BROKEN = 4
"""Broken places that are listed."""

WELCOME = {
    "zh": """\
36 个模拟端点、全国查验平台和两个对照点已启动（故障：{broken}）。

  控制地址   {control}/
  观看       {watch}
  弄坏一个   {command} simulate --break shandong=hang{at}
  修好       {command} simulate --mend shandong{at}
  有哪些故障 curl {control}/faults
  同步滞后   curl -X PUT {control}/sync -d '{{"lag": 90000}}'   （北京的同步接口，单位为秒）
  谁来过     curl {control}/hits
  CA 证书    {ca}

监测程序发给接收方 `terminal` 的通知显示在下面（✉），时刻为北京时间。按 Ctrl-C 退出。""",
    "en": """\
36 stand-ins, a national page and two controls are up (broken: {broken}).

  control    {control}/
  watch      {watch}
  break one  {command} simulate --break shandong=hang{at}
  mend it    {command} simulate --mend shandong{at}
  faults     curl {control}/faults
  lag        curl -X PUT {control}/sync -d '{{"lag": 90000}}'   (the sync interface of Beijing, in seconds)
  who came   curl {control}/hits
  CA         {ca}

What the daemon tells its receiver `terminal` appears below (✉), by China time. Ctrl-C ends it.""",
}
NO_FILE = {
    "zh": "加上 --config-out FILE 重新启动，可得到 probes.yaml",
    "en": "start again with --config-out FILE to get a probes.yaml",
}
NONE = {"zh": "无", "en": "none"}
MORE = {"zh": "，另有 {count} 处", "en": " and {count} more"}
COMMA = {"zh": "、", "en": ", "}


def welcome(simulator: Simulator, config_out: Path | None, language: str) -> str:
    """All of it; `config_out` is the configuration that was written."""
    control, command = simulator.control_url, as_called()
    return WELCOME[language].format(
        broken=_broken(simulator, language),
        control=control,
        watch=f"{command} run -c {config_out}" if config_out else NO_FILE[language],
        command=command,
        at="" if control == DEFAULT_CONTROL else f" --control {control}",
        ca=simulator.ca_path,
    )


def _broken(simulator: Simulator, language: str) -> str:
    """`none`, or what is broken; long lists are cut."""
    places = [
        f"{slug}/{service}={fault}"
        for slug, services in simulator.faults().items()
        for service, fault in services.items()
    ]
    hidden = len(places) - MOST_BROKEN
    more = MORE[language].format(count=hidden) if hidden > 0 else ""
    return COMMA[language].join(places[:MOST_BROKEN]) + more if places else NONE[language]
