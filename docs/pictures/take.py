"""Takes the pictures of the READMEs: the demo's page at its fullest moment, in both languages, light and dark.

    .venv/bin/python -m docs.pictures.take

Needs chromium and fonts-wqy-microhei (Debian). The story's 40th second: Shandong times out here and at the reference,
Henan's certificate has expired at both, Guangdong fails from here only.
"""

from __future__ import annotations

import asyncio
import base64
import sys
import tempfile
from pathlib import Path

from tests.browser.chromium import Page, chromium

HERE = Path(__file__).parent
LISTEN = "127.0.0.1:8046"
WIDTH, HEIGHT = 1180, 640


async def take(page: Page, language: str, *, dark: bool) -> None:
    """One picture: the top of the page."""
    await page.look(width=WIDTH, dark=dark)
    await page.open(f"http://{LISTEN}/?lang={language}")
    clip = {"x": 0, "y": 0, "width": WIDTH, "height": HEIGHT, "scale": 1}
    shot = await page.call("Page.captureScreenshot", captureBeyondViewport=True, clip=clip)
    name = f"page-{language}-{'dark' if dark else 'light'}.png"
    (HERE / name).write_bytes(base64.b64decode(shot["data"]))


async def main() -> None:
    """Play the demo and take all four."""
    demo = await asyncio.create_subprocess_exec(
        sys.executable, "-m", "monitor", "demo", "--listen", LISTEN, "--language", "zh",
        stdout=asyncio.subprocess.PIPE,
    )  # fmt: skip
    assert demo.stdout
    try:
        async with asyncio.timeout(90):
            async for line in demo.stdout:
                if "✉" in line.decode() and "广东" in line.decode():
                    break
        with tempfile.TemporaryDirectory() as profile:
            async with chromium(Path(profile)) as page:
                for language in ("en", "zh"):
                    for dark in (False, True):
                        await take(page, language, dark=dark)
    finally:
        demo.terminate()
        await demo.communicate()


if __name__ == "__main__":
    asyncio.run(main())
