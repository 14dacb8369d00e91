"""A captcha image is one that a person could read something in; what is not is said in words, and nothing is raised."""

from __future__ import annotations

import base64
import io
import json
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image

from monitor.probes.image import image_fault

REPLY = Path(__file__).parents[1] / "data" / "replies" / "yzm-2019-key1.json"
RECORDED = base64.b64decode(json.loads(REPLY.read_text())["key1"])


def drawn(
    form: str = "PNG", size: tuple[int, int] = (90, 35), mode: str = "RGB", colour: str | None = None
) -> bytes:
    """An image with a dark bar in it, or of one colour."""
    image = Image.new("RGB", size, colour or "white")
    if colour is None:
        image.paste("navy", (2, 2, max(3, size[0] // 2), max(3, size[1] // 2)))
    out = io.BytesIO()
    image.convert(mode).save(out, form)
    return out.getvalue()


def test_the_recorded_captcha_is_one() -> None:
    assert image_fault(RECORDED) is None


@pytest.mark.parametrize("form", ["PNG", "JPEG", "GIF", "BMP"])
def test_the_formats_that_captchas_are_drawn_in(form: str) -> None:
    assert image_fault(drawn(form)) is None


@pytest.mark.parametrize("mode", ["L", "P", "1", "RGBA", "LA"])
def test_any_mode_of_them(mode: str) -> None:
    assert image_fault(drawn(mode=mode)) is None
    assert image_fault(drawn(mode=mode, colour="white")) == "an image of one colour"


@pytest.mark.parametrize(
    ("data", "fault"),
    [
        pytest.param(b"", "decoded", id="nothing"),
        pytest.param(b"<html>not an image</html>" * 20, "decoded", id="HTML"),
        pytest.param(b"<svg xmlns='http://www.w3.org/2000/svg'/>", "decoded", id="SVG"),
        pytest.param(drawn("TIFF"), "decoded", id="a format that captchas are not drawn in"),
        pytest.param(RECORDED[: len(RECORDED) // 2], "decoded", id="cut in half"),
        pytest.param(drawn("JPEG")[:-200], "decoded", id="a cut JPEG"),
        pytest.param(drawn(colour="white"), "one colour", id="blank"),
        pytest.param(drawn("JPEG", colour="#f0f0f0"), "one colour", id="a blank JPEG"),
        pytest.param(drawn(size=(1, 1)), "1x1", id="one pixel"),
        pytest.param(drawn(size=(90, 4)), "90x4", id="a line"),
        pytest.param(drawn(size=(2000, 2000)), "2000x2000", id="too many pixels"),
        pytest.param(b"\x89PNG" + bytes(1 << 20), "bytes", id="too many bytes"),
    ],
)
def test_what_is_no_captcha(data: bytes, fault: str) -> None:
    said = image_fault(data)
    assert said is not None
    assert fault in said


def test_a_bomb_is_not_decoded() -> None:
    """A few hundred bytes that unfold to 30000x30000 pixels: refused by the size in the header."""
    bomb = bytearray(drawn(size=(90, 35)))
    bomb[16:24] = (30000).to_bytes(4, "big") * 2
    assert image_fault(bytes(bomb)) is not None


@settings(max_examples=300, deadline=None)
@given(st.sampled_from(["PNG", "JPEG", "GIF", "BMP"]), st.data())
def test_a_damaged_image_breaks_nothing(form: str, data: st.DataObject) -> None:
    image = bytearray(drawn(form))
    places = data.draw(st.lists(st.tuples(st.integers(0, len(image) - 1), st.integers(0, 255)), max_size=8))
    for place, value in places:
        image[place] = value
    cut = data.draw(st.integers(0, len(image)))
    said = image_fault(bytes(image[:cut]))
    assert said is None or len(said) < 80
