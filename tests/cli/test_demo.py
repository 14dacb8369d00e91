"""`demo`: the story is whole, and a newcomer sees it on the terminal and on the page."""

from __future__ import annotations

import asyncio
import json
import os
import sys
import urllib.request
from pathlib import Path

import pytest

from monitor.cli.demo import _tell
from monitor.cli.simulated import Show
from monitor.simulator import Simulator
from monitor.simulator.director import Director
from monitor.simulator.scenario import find
from tests.flow.harness import until


def test_the_story_can_be_played_and_all_is_mended_at_the_end():
    story = find("demo")
    director = Director(Simulator(names=True), story)
    assert [step.at for step in story.steps if step.fault] == [8, 22, 32, 52, 80]
    assert all(step.lasts for step in story.steps if step.fault)
    assert director.moments[-1].at == 116
    assert all(set(step.say) == {"zh", "en"} for step in story.steps)


@pytest.mark.parametrize(("once", "said"), [(True, ""), (False, "页面还开着，按 Ctrl-C 退出。\n")])
async def test_it_says_that_the_page_stays_up_only_where_it_does(capsys, once: bool, said: str):
    stop, swept = asyncio.Event(), asyncio.Event()
    swept.set()
    await _tell(Show(Simulator(), None, language="zh"), stop, swept, once)
    assert (stop.is_set(), capsys.readouterr().out) == (once, said)


async def test_it_starts_shows_its_page_and_tells_the_first_sentence(free_port, tmp_path):
    process = await asyncio.create_subprocess_exec(
        sys.executable, "-m", "monitor", "demo", "--language", "zh", "--listen", f"127.0.0.1:{free_port}",
        cwd=tmp_path, stdout=asyncio.subprocess.PIPE, env={**os.environ, "PYTHONPATH": str(Path.cwd())},
    )  # fmt: skip
    try:
        assert process.stdout is not None
        await until(lambda: asyncio.to_thread(has_reference, free_port), seconds=40)
        told = (await process.stdout.readuntil("▶".encode())).decode()
        assert f"http://127.0.0.1:{free_port}/" in told
    finally:
        process.terminate()
        assert await process.wait() == 0


def has_reference(port: int) -> bool:
    """Whether the page has all 36 beside a reference."""
    try:
        with urllib.request.urlopen(f"http://127.0.0.1:{port}/api/v1/status", timeout=2) as answer:
            rows = json.load(answer)["authorities"]
    except OSError:
        return False
    return len(rows) == 36 and all(row["verdict"] == "agree_up" for row in rows)
