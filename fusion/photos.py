"""Photos out of their files: JPEG and PNG into RGB, no larger than they are needed."""

from __future__ import annotations

import io
import warnings

import numpy as np
import numpy.typing as npt
from PIL import Image

from calibration.errors import RecordingError
from fusion.samples import EncodedImage

RgbImage = npt.NDArray[np.uint8]
_FORMATS = ("JPEG", "PNG")  # what recordings hold; nothing else is even tried


def decode_photo(image: EncodedImage, *, least_width_px: int | None = None, where: object = None) -> RgbImage:
    """(H, W, 3) uint8. A JPEG comes at half, a quarter or an eighth of its size, by its own transform, if that is still
    at least `least_width_px` wide: pixel (u, v) of one N times as small covers u N .. u N + N - 1.

    Raises RecordingError for what is no whole JPEG or PNG, or larger than Pillow thinks safe.
    """
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("error", Image.DecompressionBombWarning)
            with Image.open(io.BytesIO(image.data), formats=_FORMATS) as photo:
                if least_width_px is not None:
                    photo.draft("RGB", _least_size(photo.size, least_width_px))
                return np.asarray(_eight_bits(photo).convert("RGB"))
    except (OSError, SyntaxError, ValueError, Image.DecompressionBombWarning, Image.DecompressionBombError) as error:
        raise RecordingError(
            f"a photo cannot be decoded ({error})", do="import the recording again", where=where
        ) from error


def _least_size(size: tuple[int, int], least_width_px: int) -> tuple[int, int]:
    width, height = size
    return min(width, least_width_px), max(1, height * min(width, least_width_px) // width)


def _eight_bits(photo: Image.Image) -> Image.Image:
    """16-bit grey by its upper byte; Pillow would cut off what is above 255."""
    if not photo.mode.startswith("I"):
        return photo
    return Image.fromarray((np.asarray(photo).astype(np.uint32) >> 8).astype(np.uint8))
