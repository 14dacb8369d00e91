"""What healthy stand-ins say, held against the recorded shapes of the platform."""

from __future__ import annotations

import base64
import io
import json
import re

import pytest
from PIL import Image, UnidentifiedImageError

from monitor.simulator import Simulator
from tests.simulator.client import look

# Public client of 2019 (Kotlin): the regular expression by which it took the JSON out of the JSONP.
JSONP = re.compile(r"^jQuery\d+_\d+\((.*)\)$")
QUERY = "/NWebQuery/yzmQuery?fpdm=3700990130"


async def test_key1_is_a_real_picture_in_one_of_the_two_recorded_sizes(sim: Simulator):
    sizes = set()
    for _ in range(2):
        reply = json.loads((await look(sim, "shandong", path=QUERY)).body)
        assert re.fullmatch(r"\d{4}-\d\d-\d\d \d\d:\d\d:\d\d", reply["key2"])
        assert re.fullmatch(r"[0-9a-f]{32}", reply["key3"])
        assert (reply["key4"], reply["key5"]) == ("00", "2")
        with Image.open(io.BytesIO(base64.b64decode(reply["key1"], validate=True)), formats=["PNG"]) as image:
            image.load()
            assert len(image.convert("L").getcolors() or ()) > 5, "it has ink of several colours on it"
            sizes.add(image.size)
    assert sizes == {(90, 35), (120, 50)}


async def test_data_is_one_long_base64_string(sim: Simulator):
    reply = json.loads((await look(sim, "beijing", path=QUERY)).body)
    assert list(reply) == ["data"]
    assert len(base64.b64decode(reply["data"], validate=True)) > 1000


async def test_jsonp_only_when_a_callback_is_sent(sim: Simulator):
    asked = await look(sim, "shandong", path=f"{QUERY}&callback=jQuery1124_1574331")
    matched = JSONP.match(asked.body.decode())
    assert matched
    assert "key1" in json.loads(matched[1])
    assert "key1" in json.loads((await look(sim, "shandong", path=f"{QUERY}&callback=%3Cscript%3E")).body)


async def test_a_malformed_code_is_answered_as_the_platform_does(sim: Simulator):
    for query in ("", "?fpdm=37", "?fpdm=37009901300", "?fpdm=37009901x0"):
        assert (
            json.loads((await look(sim, "shandong", path="/NWebQuery/yzmQuery" + query)).body)["key1"]
            == "fpdmerr"
        )


async def test_an_unsigned_query_is_refused_with_005(sim: Simulator):
    reply = await look(sim, "shandong", path="/NWebQuery/vatQuery?key1=3700990130")
    assert reply.body == b'{"key1":"005","key2":"","key3":"0"}'


async def test_broken_images(sim: Simulator):
    keys = {}
    for fault in ("truncated_image", "blank_image", "garbage_image", "empty_image"):
        sim.set_fault("beijing", fault, "verify")
        keys[fault] = base64.b64decode(json.loads((await look(sim, "beijing")).body)["key1"])
    with Image.open(io.BytesIO(keys["truncated_image"])) as image, pytest.raises(OSError, match="truncated"):
        image.load()
    with Image.open(io.BytesIO(keys["blank_image"])) as image:
        assert len(image.getcolors() or ()) == 1
    with pytest.raises(UnidentifiedImageError):
        Image.open(io.BytesIO(keys["garbage_image"]))
    assert keys["empty_image"] == b""


async def test_other_paths_are_not_found_and_front_pages_are(sim: Simulator):
    assert (await look(sim, "shandong", path="/nothing")).status == 404
    assert "发票" in (await look(sim, "national", path="/")).body.decode()
    assert "电子发票服务平台" in (await look(sim, "shandong", "dppt", "/")).body.decode()
