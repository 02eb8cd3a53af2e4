"""How large a photo is, from the first bytes of a JPEG or PNG, without decoding it.

JPEG: ITU-T T.81, B.1.1.3 and B.2.2 (the frame header SOF). PNG: W3C PNG specification, 11.2.2 (IHDR).
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from calibration import CameraModel
from calibration.errors import FormatError
from fusion.readers.folder_files import read_bytes
from fusion.samples import EncodedImage

_PNG = b"\x89PNG\r\n\x1a\n"
_NO_FRAME_HEADER = {0xC4, 0xC8, 0xCC}  # DHT, JPG, DAC: among the SOF markers, and none of them
_HEAD_BYTES = 1 << 20
IMAGE_SUFFIXES = (".jpg", ".jpeg", ".png")


@dataclass(frozen=True, slots=True)
class ImageHeader:
    """Size in pixels and `image/jpeg` or `image/png`."""

    width_px: int
    height_px: int
    media_type: str


def image_header(data: bytes, where: Path) -> ImageHeader:
    """Of the first bytes of a photo. Raises FormatError if they are neither JPEG nor PNG, or end too early."""
    if data.startswith(_PNG) and data[12:16] == b"IHDR" and len(data) >= 24:
        width, height = int.from_bytes(data[16:20], "big"), int.from_bytes(data[20:24], "big")
        media_type = "image/png"
    elif data.startswith(b"\xff\xd8"):
        (width, height), media_type = _jpeg_size(data, where), "image/jpeg"
    else:
        raise FormatError("neither a JPEG nor a PNG photo", where=where)
    if not (0 < width <= 65_535 and 0 < height <= 65_535):
        raise FormatError(f"a photo of {width} x {height} pixels", where=where)
    return ImageHeader(width, height, media_type)


def _jpeg_size(data: bytes, where: Path) -> tuple[int, int]:
    at = 2
    while at + 9 <= len(data) and data[at] == 0xFF:
        marker = data[at + 1]
        if marker == 0xFF:  # fill byte
            at += 1
        elif 0xC0 <= marker <= 0xCF and marker not in _NO_FRAME_HEADER:
            return int.from_bytes(data[at + 7 : at + 9], "big"), int.from_bytes(data[at + 5 : at + 7], "big")
        else:
            at += 2 + max(int.from_bytes(data[at + 2 : at + 4], "big"), 2)
    raise FormatError("a JPEG photo without a frame header, it may be truncated", where=where)


def photo_header(path: Path) -> ImageHeader:
    """Of a file, reading no more than its first megabyte."""
    try:
        with path.open("rb") as file:
            return image_header(file.read(_HEAD_BYTES), path)
    except OSError as error:
        raise FormatError(f"a photo cannot be read ({error.strerror})", where=path) from error


def first_header(files: list[Path]) -> ImageHeader | None:
    """Of the first photo, None where there is none."""
    return photo_header(files[0]) if files else None


def load_photo(path: Path, model: CameraModel) -> EncodedImage:
    """The bytes as they came. Raises FormatError if the photo has another size than the camera's calibration."""
    data = read_bytes(path)
    header = image_header(data, path)
    if (header.width_px, header.height_px) != (model.width_px, model.height_px):
        raise FormatError(
            f"a photo of {header.width_px} x {header.height_px} pixels, but the calibration is for "
            f"{model.width_px} x {model.height_px}",
            do="correct the calibration",
            where=path,
        )
    return EncodedImage(data, header.media_type)
