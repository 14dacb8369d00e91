"""Whether bytes are an image that a person could read something in. Formats, bytes and pixels are bounded before decoding."""

from __future__ import annotations

import io
import struct
import warnings
from typing import cast

from PIL import Image

FORMATS = ("PNG", "JPEG", "GIF", "BMP")
"""What captchas are drawn in. Others are not even tried: each decoder is a door."""
MOST_BYTES = 128 * 1024
MOST_PIXELS = 250_000
"""The largest captcha on record has 120x50 = 6,000 pixels (domain facts [S21])."""
LEAST_SIDE = 10
LEAST_CONTRAST = 16
"""Steps of 255 between the darkest and the brightest value of some channel, below which the image shows nothing."""

# What Pillow raises on bytes that are no sound image, found by feeding it damaged ones.
_DAMAGED = (
    OSError,
    SyntaxError,
    ValueError,
    EOFError,
    struct.error,
    IndexError,
    KeyError,
    TypeError,
    OverflowError,
)


def image_fault(data: bytes) -> str | None:
    """Why `data` is no captcha, in words; None if it is one."""
    if len(data) > MOST_BYTES:
        return f"an image of {len(data)} bytes"
    try:
        with warnings.catch_warnings(), io.BytesIO(data) as stream:
            warnings.simplefilter("ignore")  # on odd but readable images; the size is checked here
            with Image.open(stream, formats=FORMATS) as image:
                return _size_fault(image.size) or _content_fault(image)
    except (*_DAMAGED, Image.DecompressionBombError):
        return "not an image that can be decoded"


def _size_fault(size: tuple[int, int]) -> str | None:
    width, height = size
    if width * height > MOST_PIXELS or min(size) < LEAST_SIDE:
        return f"an image of {width}x{height} pixels"
    return None


def _content_fault(image: Image.Image) -> str | None:
    """Decodes the image: a truncated one raises here."""
    bands = cast("tuple[tuple[int, int], ...]", image.convert("RGBA").getextrema())
    invisible = bands[3] == (0, 0)
    if invisible or max(high - low for low, high in bands) < LEAST_CONTRAST:
        return "an image of one colour"
    return None
