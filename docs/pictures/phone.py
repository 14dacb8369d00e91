"""Takes pictures of what is told as it appears on a phone, in the look of a WeCom group, in Chinese, light and dark.

    .venv/bin/python -m docs.pictures.phone

Texts come from the real templates and are cut as for a WeCom robot; the examples are those of the tests. Needs chromium and
fonts-wqy-microhei (Debian).
"""

from __future__ import annotations

import asyncio
import io
import tempfile
from collections.abc import Mapping, Sequence
from html import escape
from pathlib import Path

from PIL import Image

from monitor.notify.payload import payload
from monitor.notify.shapes import SHAPES, fitted
from tests.browser.chromium import Page, chromium
from tests.notify.scenes import NIGHT, PLAN, SCENES

HERE = Path(__file__).parent
COLOURS = 24
WIDTH = 360
"""Pixels of a phone."""
GAP = 16
SHEETS: Mapping[str, Sequence[str]] = {
    "began": ("故障", "只有本机不通", "多省同时", "全国", "本机", "时好时坏"),
    "goes-on": (
        "有变化",
        "仍未恢复",
        "升级",
        "恢复",
        "本机恢复",
        "已稳定",
        "稳定在故障",
        "登记的恢复提醒",
        "不再观测",
    ),
    "maintenance": ("维护公告", "通告待确认", "维护预告", "维护开始", "维护结束", "维护超时", "证书到期"),
    "more": ("演练", "测试", "报告", "监测程序", "监测程序恢复", "汇总"),
}
"""Picture → the scenes on it."""
COLUMNS = 3
STYLE = """
:root { --back: #e6e6e6; --phone: #ededed; --bar: #f6f6f6; --text: #191919; --faint: #7a7a7a; --bubble: #fff; --link: #576b95;
  --card: rgba(255, 255, 255, .92); --lock: linear-gradient(160deg, #6d8fb3, #a7b9cc) }
@media (prefers-color-scheme: dark) {
  :root { --back: #000; --phone: #111; --bar: #191919; --text: #d5d5d5; --faint: #8a8a8a; --bubble: #2c2c2c; --link: #7d90a9;
    --card: rgba(44, 44, 46, .94); --lock: linear-gradient(160deg, #1d2b3a, #33404d) }
}
* { box-sizing: border-box }
body { margin: 0; padding: 16px; background: var(--back); color: var(--text); font-family: "WenQuanYi Micro Hei", sans-serif }
main { columns: var(--columns) 360px; column-gap: 16px; width: calc(376px * var(--columns) - 16px) }
figure { width: 360px; margin: 0 0 16px; break-inside: avoid; border-radius: 22px; overflow: hidden; background: var(--phone) }
.lock { background: var(--lock); padding: 12px 10px }
.card { background: var(--card); border-radius: 14px; padding: 9px 12px; font-size: 14px; line-height: 1.4 }
.card b { display: block; font-size: 12px; font-weight: normal; color: var(--faint); margin-bottom: 2px }
.card p { margin: 0; display: -webkit-box; -webkit-box-orient: vertical; -webkit-line-clamp: 2; overflow: hidden }
.bar { background: var(--bar); padding: 9px; text-align: center; font-size: 15px }
.time { text-align: center; color: var(--faint); font-size: 12px; padding: 10px 0 6px }
.message { display: flex; gap: 8px; padding: 0 10px 14px }
.face { flex: none; width: 38px; height: 38px; border-radius: 5px; background: #2f6fd0; color: #fff; text-align: center; line-height: 38px; font-size: 19px }
.said { min-width: 0 }
.who { font-size: 12px; color: var(--faint); margin-bottom: 3px }
.who i { font-style: normal; border-radius: 3px; padding: 0 4px; background: #2f6fd0; color: #fff; font-size: 10px; margin-left: 4px }
.bubble { background: var(--bubble); border-radius: 6px; padding: 9px 11px; font-size: 15px; line-height: 1.5; white-space: pre-wrap; overflow-wrap: anywhere }
.bubble a { color: var(--link); text-decoration: none }
"""


def sheet(names: Sequence[str], columns: int = COLUMNS) -> str:
    """A page with one phone for each of these scenes: what the locked screen shows, and below it the message."""
    phones = "\n".join(_phone(name) for name in names)
    return (
        f'<!doctype html><html lang="zh" style="--columns: {columns}"><meta charset="utf-8"><title>发票监测</title>'
        f"<style>{STYLE}</style><main>{phones}</main></html>"
    )


def message(name: str) -> tuple[str, str, str]:
    """Title and text of a scene as a WeCom group gets them, and the link in it."""
    told = payload(SCENES[name], PLAN)
    title, text = fitted(SHAPES["wecombot"], told["title"], told["text"], told["url"])
    return title, text, told["url"]


def _phone(name: str) -> str:
    title, text, url = message(name)
    whole = escape(f"{title}\n{text}")
    if url:
        whole = whole.replace(escape(url), f"<a>{escape(url)}</a>")
    return f"""<figure id="{escape(name)}">
<div class="lock"><div class="card"><b>企业微信 · 现在</b><p>财务值班群：发票监测：{escape(" ".join((title, text)))}</p></div></div>
<div class="bar">财务值班群（12）</div><div class="time">凌晨 3:{NIGHT:%M}</div>
<div class="message"><div class="face">票</div><div class="said"><div class="who">发票监测<i>机器人</i></div>
<div class="bubble">{whole}</div></div></div></figure>"""


async def take(page: Page, name: str, folder: Path, *, dark: bool) -> Path:
    """One picture in few colours: text needs no more, and a repository keeps every byte for ever."""
    source, target = folder / f"{name}.html", HERE / f"phone-{name}-{'dark' if dark else 'light'}.png"
    source.write_text(sheet(SHEETS[name]), encoding="utf-8")
    await page.look(width=COLUMNS * (WIDTH + GAP) + GAP, dark=dark)
    await page.open(source.as_uri())
    raw = folder / "raw.png"
    await page.picture(raw)
    with Image.open(io.BytesIO(raw.read_bytes())) as shot:
        shot.convert("RGB").quantize(COLOURS, dither=Image.Dither.NONE).save(target, optimize=True)
    return target


async def main() -> None:
    """Take all of them."""
    with tempfile.TemporaryDirectory() as folder:
        async with chromium(Path(folder) / "profile") as page:
            for name in SHEETS:
                for dark in (False, True):
                    await take(page, name, Path(folder), dark=dark)


if __name__ == "__main__":
    asyncio.run(main())
