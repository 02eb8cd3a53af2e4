"""Photos as grey images, with whatever decoder is installed."""

from __future__ import annotations

import importlib.util
import io
from typing import Any

import numpy as np
import numpy.typing as npt

from fusion.samples import EncodedImage

GreyImage = npt.NDArray[np.uint8]


def can_decode() -> bool:
    """Whether photos can be looked into at all: neither Pillow nor OpenCV is part of the base install."""
    return any(importlib.util.find_spec(name) is not None for name in ("PIL", "cv2"))


def grey_image(photo: EncodedImage, reduction: int) -> GreyImage | None:
    """(H, W) uint8, made smaller by a whole number; None where the bytes are no photo, or there is no decoder."""
    if importlib.util.find_spec("PIL") is not None:
        image = _by_pillow(photo.data, reduction)
    elif importlib.util.find_spec("cv2") is not None:
        image = _by_opencv(photo.data, reduction)
    else:
        return None
    return None if image is None else _reduced(image, reduction)


def _by_pillow(data: bytes, reduction: int) -> tuple[GreyImage, int] | None:
    from PIL import Image, UnidentifiedImageError

    try:
        with Image.open(io.BytesIO(data)) as image:
            width = image.width
            # A JPEG can be decoded at a half, a quarter or an eighth of its size in a fraction of the time.
            image.draft("L", (-(-image.width // reduction), -(-image.height // reduction)))
            return np.asarray(image.convert("L")), round(width / image.width)
    except (UnidentifiedImageError, OSError, ValueError, Image.DecompressionBombError):
        return None


def _by_opencv(data: bytes, reduction: int) -> tuple[GreyImage, int] | None:
    import cv2

    flags = {2: cv2.IMREAD_REDUCED_GRAYSCALE_2, 4: cv2.IMREAD_REDUCED_GRAYSCALE_4, 8: cv2.IMREAD_REDUCED_GRAYSCALE_8}
    image: Any = cv2.imdecode(np.frombuffer(data, np.uint8), flags.get(reduction, cv2.IMREAD_GRAYSCALE))
    return None if image is None else (image, reduction if reduction in flags else 1)


def _reduced(decoded: tuple[GreyImage, int], reduction: int) -> GreyImage:
    """What the decoder left to do: means over blocks."""
    image, done = decoded
    block = max(reduction // done, 1)
    if block == 1:
        return image
    rows, columns = (size // block for size in image.shape)
    blocks = image[: rows * block, : columns * block].reshape(rows, block, columns, block)
    return np.asarray(blocks.mean(axis=(1, 3)), dtype=np.uint8)
