"""PCD files of the Point Cloud Library, version 0.7 and before, in all three encodings.

Format: pointclouds.org, "The PCD (Point Cloud Data) file format". What real files do beside it: padding fields called
`_`, a COUNT of 0, bytes after the last point, fields in any order. Files with a COUNT of 0 (SUSTechPOINTS' example)
also lie about where fields are: x, y, z and intensity are right, the timestamp that the header puts at byte 20 is at
24 and the ring is not at 34 but at 32, where a C++ compiler puts them. Such a file is laid out as a compiler would if
that, and not the header, gives times that make a sweep.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import numpy as np

from calibration import RigidTransform
from calibration.errors import FormatError
from fusion.readers.clouds.lzf import unpack_lzf
from fusion.readers.clouds.table import Column, PointTable, check_room, point_table
from fusion.readers.clouds.text_rows import Field, text_columns
from fusion.readers.folder_files import parsing, read_bytes

_LONGEST_HEADER = 1 << 16
_KINDS = {"F": "f", "I": "i", "U": "u"}
_WIDTHS = {"F": (4, 8), "I": (1, 2, 4, 8), "U": (1, 2, 4, 8)}
_LONGEST_SWEEP_S = 2.0


@dataclass(frozen=True, slots=True)
class _Header:
    fields: list[Field]
    count: int
    encoding: str
    viewpoint: RigidTransform | None

    @property
    def step(self) -> int:
        """Bytes of a point."""
        return sum(dtype.itemsize * number for _, dtype, number in self.fields)


def read(path: Path) -> PointTable:
    """All points of a PCD file. Raises FormatError if it is malformed or shorter than it says."""
    data = read_bytes(path)
    words, start = _header_words(data, path)
    header = _header(words, path)
    body = memoryview(data)[start:]
    if header.encoding == "ascii":
        columns = text_columns(bytes(body), header.fields, header.count, path)
    elif header.encoding == "binary":
        columns = _binary(body, header, path)
    elif header.encoding == "binary_compressed":
        columns = _compressed(body, header, path)
    else:
        raise FormatError(f"unknown PCD encoding {header.encoding[:40]!r}", where=path)
    return point_table(columns, path, header.viewpoint)


def _header_words(data: bytes, path: Path) -> tuple[dict[str, list[str]], int]:
    """Entries of the header by name, and where the points begin."""
    words: dict[str, list[str]] = {}
    at = 0
    while at < min(len(data), _LONGEST_HEADER):
        end = data.find(b"\n", at, _LONGEST_HEADER)
        if end < 0:
            break
        line = data[at:end].decode("ascii", "replace").strip()
        at = end + 1
        if line and not line.startswith("#"):
            name, *values = line.split()
            words[name.upper()] = values
            if name.upper() == "DATA":
                return words, at
    raise FormatError("not a PCD file: there is no DATA line", where=path)


def _header(words: dict[str, list[str]], path: Path) -> _Header:
    with parsing("the PCD header is malformed", path):
        names = words["FIELDS"] if "FIELDS" in words else words["COLUMNS"]
        kinds, sizes = words["TYPE"], [int(size) for size in words["SIZE"]]
        numbers = [int(number) for number in words.get("COUNT", ["1"] * len(names))]
        fields = [
            (name, _dtype(kind, size), _repeats(number))
            for name, kind, size, number in zip(names, kinds, sizes, numbers, strict=True)
        ]
        count = int(words["POINTS"][0]) if "POINTS" in words else int(words["WIDTH"][0]) * int(words["HEIGHT"][0])
        if count < 0 or not sum(number for _, _, number in fields):
            raise ValueError("a negative number of points, or points without fields")
        return _Header(fields, count, words["DATA"][0].lower(), _viewpoint(words.get("VIEWPOINT")))


def _dtype(kind: str, size: int) -> np.dtype[np.generic]:
    if size not in _WIDTHS[kind]:
        raise ValueError(f"type {kind}{size}")
    return np.dtype(f"<{_KINDS[kind]}{size}")


def _repeats(number: int) -> int:
    if not 0 <= number < 1 << 20:
        raise ValueError(f"a COUNT of {number}")
    return number


def _viewpoint(values: list[str] | None) -> RigidTransform | None:
    """x y z, then the quaternion w x y z; None if it is the identity, as nearly always."""
    if values is None:
        return None
    numbers = np.array([float(value) for value in values])
    if numbers.shape != (7,):
        raise ValueError("VIEWPOINT needs 7 numbers")
    return None if np.array_equal(numbers, [0, 0, 0, 1, 0, 0, 0]) else RigidTransform(numbers[3:], numbers[:3])


def _binary(body: memoryview, header: _Header, path: Path) -> dict[str, Column]:
    check_room(header.count * header.step, len(body), path)
    offsets = np.cumsum([0, *(dtype.itemsize * number for _, dtype, number in header.fields)])[:-1].tolist()
    columns = _at(body, header, offsets)
    if any(number == 0 for _, _, number in header.fields):
        compiled = _compiled_offsets(header)
        if compiled is not None and not _make_a_sweep(columns):
            other = _at(body, header, compiled)
            columns = other if _make_a_sweep(other) else columns
    return columns


def _at(body: memoryview, header: _Header, offsets: list[int]) -> dict[str, Column]:
    used = {
        name: (dtype, offset, number)
        for (name, dtype, number), offset in zip(header.fields, offsets, strict=True)
        if number and name != "_"
    }
    formats = [(dtype, number) if number > 1 else dtype for dtype, _, number in used.values()]
    kind = np.dtype(
        {
            "names": list(used),
            "formats": formats,
            "offsets": [offset for _, offset, _ in used.values()],
            "itemsize": header.step,
        }
    )
    table = np.frombuffer(body, kind, header.count)
    return {name: table[name].copy() for name in used}


def _compiled_offsets(header: _Header) -> list[int] | None:
    """Where a C++ compiler puts the fields: each at a multiple of its size, what follows x, y, z at 16."""
    offsets, at = [], 0
    for name, dtype, number in header.fields:
        if name != "_" and number:
            at = -(-at // dtype.itemsize) * dtype.itemsize
            offsets.append(at)
            at += dtype.itemsize * number
            at = 16 if at == 12 else at
        else:
            offsets.append(0)
    return offsets if at <= header.step else None


def _make_a_sweep(columns: dict[str, Column]) -> bool:
    times = columns.get("timestamp")
    if times is None or not len(times) or times.ndim != 1 or not np.all(np.isfinite(times)):
        return False
    with np.errstate(over="ignore"):
        return bool(np.ptp(times) < _LONGEST_SWEEP_S)


def _compressed(body: memoryview, header: _Header, path: Path) -> dict[str, Column]:
    """Two sizes, then the fields one after another, each for all points."""
    check_room(8, len(body), path)
    packed, size = (int(each) for each in np.frombuffer(body, "<u4", 2))
    check_room(packed, len(body) - 8, path)
    if size != header.count * header.step:
        raise FormatError(f"{header.count} points of {header.step} bytes do not unpack to {size} bytes", where=path)
    plain = unpack_lzf(bytes(body[8 : 8 + packed]), size, path)
    columns: dict[str, Column] = {}
    at = 0
    for name, dtype, number in header.fields:
        end = at + header.count * dtype.itemsize * number
        if name != "_" and number:
            values = plain[at:end].view(dtype)
            columns.setdefault(name, values.reshape(-1, number) if number > 1 else values)
        at = end
    return columns
