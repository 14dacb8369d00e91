"""The status page in a real browser: what is in the document after its script ran, and that the policy stops nothing."""

from __future__ import annotations

import asyncio
import re
import shutil
from pathlib import Path

import pytest
from aiohttp import web
from aiohttp.test_utils import TestServer
from aiohttp.typedefs import Handler

from monitor.model import Cause, Phase
from monitor.web.server import make_app
from tests.web.conftest import World, make_incident, make_result

pytestmark = [pytest.mark.peer("chromium"), pytest.mark.timeout(60)]

CELL = re.compile(
    r'<li class="cell ref-none own-(\w+) is-(\w+)" data-authority="(\w+)">(.*?)</li>', re.DOTALL
)


async def browse(url: str, profile: Path, *flags: str) -> tuple[str, str]:
    """The document after loading (and after the virtual time that `flags` grant), and what the browser logged."""
    chromium = shutil.which("chromium")
    assert chromium
    browser = await asyncio.create_subprocess_exec(
        chromium,
        "--headless",
        "--no-sandbox",
        "--disable-gpu",
        "--disable-background-networking",
        "--disable-component-update",
        "--disable-sync",
        "--disable-quic",
        "--enable-logging=stderr",
        f"--user-data-dir={profile}",
        "--dump-dom",
        *flags,
        url,
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.PIPE,
    )
    document, log = await browser.communicate()
    return document.decode(), "\n".join(line for line in log.decode().splitlines() if "CONSOLE" in line)


def down_at(world: World, slug: str) -> None:
    """Shandong, say, refuses connections."""
    world.see(make_result(f"captcha/{slug}", Cause.CONNECTION_REFUSED, phase=Phase.CONNECT))
    world.open(make_incident(slug, Cause.CONNECTION_REFUSED))


async def test_the_matrix_has_36_cells_each_with_a_sign_and_a_word(tmp_path):
    world = World()
    world.see_all_up()
    down_at(world, "shandong")
    async with TestServer(make_app(world.reading())) as server:
        document, log = await browse(str(server.make_url("/")), tmp_path)
    cells = {slug: (own, state, inside) for own, state, slug, inside in CELL.findall(document)}
    assert len(cells.keys() - {"national", "local"}) == 36
    assert cells["shandong"][:2] == ("error", "down")
    for own, _, inside in cells.values():
        drawn = re.findall(r'class="(?:sign|word)"[^>]*>(\w+|\W)<', inside)
        assert drawn == {"ok": ["✓", "正常"], "error": ["✗", "异常"]}[own]
    assert log == ""


async def test_the_page_refreshes_itself_while_it_is_open(tmp_path):
    world = World()
    world.see_all_up()

    @web.middleware
    async def break_after_the_first_page(request: web.Request, handler: Handler) -> web.StreamResponse:
        answer = await handler(request)
        if request.path == "/":
            down_at(world, "shandong")
        return answer

    app = make_app(world.reading())
    app.middlewares.append(break_after_the_first_page)
    async with TestServer(app) as server:
        document, log = await browse(str(server.make_url("/")), tmp_path, "--virtual-time-budget=20000")
    assert "1 个税务机关的发票查验不可用：山东。" in document
    assert re.search(r'id="offline"[^>]* hidden', document)
    assert log == ""
