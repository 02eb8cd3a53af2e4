"""PLY files: the vertex element of ascii and of binary ones in either byte order.

Format: G. Turk, "The PLY Polygon File Format", 1994.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path

import numpy as np

from calibration.errors import FormatError
from fusion.readers.clouds.table import Column, PointTable, check_room, point_table
from fusion.readers.clouds.text_rows import Field, text_columns
from fusion.readers.folder_files import parsing, read_bytes

_LONGEST_HEADER = 1 << 16
_TYPES = {
    **{"char": "i1", "uchar": "u1", "short": "i2", "ushort": "u2", "int": "i4", "uint": "u4"},
    **{"float": "f4", "double": "f8", "int8": "i1", "uint8": "u1", "int16": "i2", "uint16": "u2"},
    **{"int32": "i4", "uint32": "u4", "float32": "f4", "float64": "f8", "int64": "i8", "uint64": "u8"},
}
_ORDERS = {"ascii": "<", "binary_little_endian": "<", "binary_big_endian": ">"}


@dataclass(slots=True)
class _Element:
    name: str
    count: int
    fields: list[Field] = field(default_factory=list)
    has_lists: bool = False

    @property
    def step(self) -> int:
        return sum(dtype.itemsize for _, dtype, _ in self.fields)


def read(path: Path) -> PointTable:
    """All vertices of a PLY file. Raises FormatError if it is malformed or shorter than it says."""
    data = read_bytes(path)
    lines, start = _header_lines(data, path)
    with parsing("the PLY header is malformed", path):
        encoding, elements = _parse(lines)
        names = [element.name for element in elements]
        before, vertex = elements[: names.index("vertex")], elements[names.index("vertex")]
    if vertex.has_lists or any(element.has_lists for element in before):
        raise FormatError("lists in or before the vertices are not supported", where=path)
    body = memoryview(data)[start:]
    if encoding == "ascii":
        columns = _ascii(bytes(body), sum(element.count for element in before), vertex, path)
    else:
        skipped = sum(element.count * element.step for element in before)
        columns = _binary(body, skipped, vertex, path)
    return point_table(columns, path)


def _header_lines(data: bytes, path: Path) -> tuple[list[list[str]], int]:
    end = data.find(b"end_header", 0, _LONGEST_HEADER)
    newline = data.find(b"\n", end, end + 16)
    if not data.startswith(b"ply") or end < 0 or newline < 0:
        raise FormatError("not a PLY file: no header", where=path)
    lines = [line.split() for line in data[3:end].decode("ascii", "replace").splitlines()]
    return [line for line in lines if line and line[0] not in ("comment", "obj_info")], newline + 1


def _parse(lines: list[list[str]]) -> tuple[str, list[_Element]]:
    if lines[0][0] != "format":
        raise ValueError("no format")
    encoding = lines[0][1]
    order = _ORDERS[encoding]
    elements: list[_Element] = []
    for word, *values in lines[1:]:
        if word == "element":
            elements.append(_Element(values[0], int(values[1])))
            if elements[-1].count < 0:
                raise ValueError("a negative count")
        elif word == "property" and values[0] == "list":
            elements[-1].has_lists = True
        elif word == "property":
            elements[-1].fields.append((values[1], np.dtype(order + _TYPES[values[0]]), 1))
        else:
            raise ValueError(f"what is {word[:20]!r}")
    return encoding, elements


def _ascii(body: bytes, skipped: int, vertex: _Element, path: Path) -> dict[str, Column]:
    check_room(skipped, len(body), path)
    for _ in range(skipped):
        _, _, body = body.partition(b"\n")
    return text_columns(body, vertex.fields, vertex.count, path)


def _binary(body: memoryview, skipped: int, vertex: _Element, path: Path) -> dict[str, Column]:
    check_room(skipped + vertex.count * vertex.step, len(body), path)
    with parsing("the PLY header is malformed", path):  # a name that comes twice
        kind = np.dtype([(name, dtype) for name, dtype, _ in vertex.fields])
        table = np.frombuffer(body[skipped:], kind, vertex.count)
    return {name: table[name].astype(dtype.newbyteorder("=")) for name, dtype, _ in vertex.fields}
