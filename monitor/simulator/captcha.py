"""Captcha images as the platform drew them: PNG, 90x35 (2019-08) or 120x50 (2020-12), a few characters and noise.

Sizes: domain facts §1.2 [S17][S21]. The characters mean nothing; nobody is to solve them.
"""

from __future__ import annotations

import io
import random
from functools import lru_cache

from PIL import Image, ImageDraw, ImageFont

SIZES = ((90, 35), (120, 50))
POOL = 6
"""Images drawn per size; replies take them in turn."""

_LETTERS = "ABCDEFGHJKLMNPRSTUVWXYabdefhijkmnrty2345678"
_COLOURS = ("#1a1a1a", "#b00020", "#8a6d00", "#0b3d91")


@lru_cache(maxsize=len(SIZES) * POOL)
def captcha(size: tuple[int, int], number: int) -> bytes:
    """The PNG of that size and number (0 to POOL - 1), the same in every process."""
    dice = random.Random(f"{size}/{number}")
    image = Image.new("RGB", size, "#f4f4f0")
    draw = ImageDraw.Draw(image)
    _characters(draw, size, dice)
    _noise(draw, size, dice)
    return _png(image)


def draw_all() -> None:
    """Draw the whole pool now, so that no reply waits for a font to be loaded (80 ms)."""
    for size in SIZES:
        for number in range(POOL):
            captcha(size, number)


@lru_cache(maxsize=len(SIZES))
def blank(size: tuple[int, int] = SIZES[0]) -> bytes:
    """A PNG of one colour: what a broken drawing back end sends."""
    return _png(Image.new("RGB", size, "white"))


def _characters(draw: ImageDraw.ImageDraw, size: tuple[int, int], dice: random.Random) -> None:
    width, height = size
    font = ImageFont.load_default(height * 0.6)
    for place in range(6):
        at = (4 + place * (width - 8) / 6, dice.uniform(0.05, 0.3) * height)
        draw.text(at, dice.choice(_LETTERS), fill=dice.choice(_COLOURS), font=font)


def _noise(draw: ImageDraw.ImageDraw, size: tuple[int, int], dice: random.Random) -> None:
    width, height = size
    for _ in range(4):
        ends = [(dice.randrange(width), dice.randrange(height)) for _ in range(2)]
        draw.line(ends, fill=dice.choice(_COLOURS))
    for _ in range(width * height // 25):
        draw.point((dice.randrange(width), dice.randrange(height)), fill=dice.choice(_COLOURS))


def _png(image: Image.Image) -> bytes:
    out = io.BytesIO()
    image.save(out, "PNG")
    return out.getvalue()
