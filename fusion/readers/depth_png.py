"""16-bit grey PNG files, the way depth images are stored, decoded with zlib and numpy alone.

W3C PNG specification, sections 5 (chunks), 9 (filters) and 11.2.2 (IHDR). OpenCV is an extra: the base install reads
RGB-D folders without it.
"""

from __future__ import annotations

import zlib
from pathlib import Path

import numba
import numpy as np
import numpy.typing as npt

from calibration.errors import FormatError

_SIGNATURE = b"\x89PNG\r\n\x1a\n"
_MOST_PIXELS = 1 << 26
_BYTES_PER_PIXEL = 2


def decode_depth_png(data: bytes, where: Path) -> npt.NDArray[np.uint16]:
    """(H, W) uint16. Raises FormatError unless it is a whole, not interlaced PNG of one 16-bit channel."""
    width, height, packed = _chunks(data, where)
    stride = 1 + width * _BYTES_PER_PIXEL
    unpacker = zlib.decompressobj()
    try:
        raw = unpacker.decompress(packed, height * stride)
    except zlib.error as error:
        raise FormatError("the PNG's data is damaged", where=where) from error
    if len(raw) != height * stride:
        raise FormatError("the PNG's data is truncated", where=where)
    rows = np.frombuffer(raw, np.uint8).reshape(height, stride).copy()
    if rows[:, 0].max() > 4:
        raise FormatError("the PNG has a filter that does not exist", where=where)
    _unfilter(rows)
    return rows[:, 1:].copy().view(">u2").astype(np.uint16)


def _chunks(data: bytes, where: Path) -> tuple[int, int, bytes]:
    """Width, height and the packed image data."""
    if not data.startswith(_SIGNATURE):
        raise FormatError("not a PNG file", where=where)
    at, parts, size = len(_SIGNATURE), [], (0, 0)
    while at + 12 <= len(data):
        length = int.from_bytes(data[at : at + 4], "big")
        kind, body = data[at + 4 : at + 8], data[at + 8 : at + 8 + length]
        sum_of = data[at + 8 + length : at + 12 + length]
        if len(sum_of) != 4 or zlib.crc32(kind + body) != int.from_bytes(sum_of, "big"):
            raise FormatError("the PNG is truncated or damaged", where=where)
        if kind == b"IHDR":
            size = _size(body, where)
        elif kind == b"IDAT":
            parts.append(body)
        elif kind == b"IEND":
            break
        at += 12 + length
    if size == (0, 0) or not parts:
        raise FormatError("the PNG has no image in it", where=where)
    return *size, b"".join(parts)


def _size(header: bytes, where: Path) -> tuple[int, int]:
    if len(header) != 13:
        raise FormatError("the PNG's header is damaged", where=where)
    width, height = int.from_bytes(header[:4], "big"), int.from_bytes(header[4:8], "big")
    if header[8:] != bytes((16, 0, 0, 0, 0)):
        raise FormatError("a depth image must be a PNG of one 16-bit grey channel, not interlaced", where=where)
    if not 0 < width * height <= _MOST_PIXELS:
        raise FormatError(f"a depth image of {width} x {height} pixels", where=where)
    return width, height


@numba.njit(cache=True)  # type: ignore[untyped-decorator]
def _unfilter(rows: npt.NDArray[np.uint8]) -> None:
    """Undo the filter of each row (its first byte) in place."""
    for y in range(rows.shape[0]):
        kind = rows[y, 0]
        for x in range(1, rows.shape[1]):
            left = np.int32(rows[y, x - 2]) if x > 2 else np.int32(0)
            above = np.int32(rows[y - 1, x]) if y > 0 else np.int32(0)
            corner = np.int32(rows[y - 1, x - 2]) if x > 2 and y > 0 else np.int32(0)
            if kind == 1:
                guess = left
            elif kind == 2:
                guess = above
            elif kind == 3:
                guess = (left + above) // 2
            elif kind == 4:
                guess = _paeth(left, above, corner)
            else:
                guess = np.int32(0)
            rows[y, x] = np.uint8((np.int32(rows[y, x]) + guess) & 255)


@numba.njit(cache=True, inline="always")  # type: ignore[untyped-decorator]
def _paeth(left: int, above: int, corner: int) -> int:
    """The neighbour that is nearest to left + above - corner."""
    to_left, to_above, to_corner = abs(above - corner), abs(left - corner), abs(left + above - 2 * corner)
    if to_left <= to_above and to_left <= to_corner:
        return left
    return above if to_above <= to_corner else corner
