"""Small writers of point cloud files and PNGs, independent of the readers they test."""

from __future__ import annotations

import struct
import zlib
from pathlib import Path

import numpy as np


def cloud(count: int = 200, seed: int = 0) -> np.ndarray:
    """(count,) with fields x y z intensity t."""
    rng = np.random.default_rng(seed)
    table = np.zeros(count, [("x", "<f4"), ("y", "<f4"), ("z", "<f4"), ("intensity", "u1"), ("t", "<f8")])
    for axis in "xyz":
        table[axis] = rng.uniform(-50, 50, count)
    table["intensity"] = rng.integers(0, 255, count)
    table["t"] = 1e9 + np.linspace(0, 0.1, count)
    return table


def points_of(table: np.ndarray) -> np.ndarray:
    return np.stack([table[axis] for axis in "xyz"], axis=1)


def _pcd_header(table: np.ndarray, encoding: str, count: int | None = None) -> bytes:
    kinds = {"f": "F", "i": "I", "u": "U"}
    names = table.dtype.names
    lines = [
        "# .PCD v0.7",
        "VERSION 0.7",
        f"FIELDS {' '.join(names)}",
        f"SIZE {' '.join(str(table.dtype[name].itemsize) for name in names)}",
        f"TYPE {' '.join(kinds[table.dtype[name].kind] for name in names)}",
        f"COUNT {' '.join('1' for _ in names)}",
        f"WIDTH {len(table) if count is None else count}",
        "HEIGHT 1",
        "VIEWPOINT 0 0 0 1 0 0 0",
        f"POINTS {len(table) if count is None else count}",
        f"DATA {encoding}",
    ]
    return ("\n".join(lines) + "\n").encode()


def lzf_literals(data: bytes) -> bytes:
    """LZF without any reference: legal, and longer than its input."""
    parts = (data[at : at + 32] for at in range(0, len(data), 32))
    return b"".join(bytes([len(part) - 1]) + part for part in parts)


def write_pcd(path: Path, table: np.ndarray, encoding: str = "binary", count: int | None = None) -> Path:
    head = _pcd_header(table, encoding, count)
    if encoding == "ascii":
        body = "\n".join(" ".join(repr(value.item()) for value in row) for row in table).encode() + b"\n"
    elif encoding == "binary":
        body = table.tobytes()
    else:
        plain = b"".join(np.ascontiguousarray(table[name]).tobytes() for name in table.dtype.names)
        packed = lzf_literals(plain)
        body = struct.pack("<II", len(packed), len(plain)) + packed
    path.write_bytes(head + body)
    return path


def write_ply(path: Path, table: np.ndarray, encoding: str = "binary_little_endian", count: int | None = None) -> Path:
    words = {"f4": "float", "f8": "double", "u1": "uchar", "u2": "ushort", "i4": "int"}
    names = table.dtype.names
    lines = ["ply", f"format {encoding} 1.0", "comment made by a test", f"element vertex {count or len(table)}"]
    lines += [f"property {words[table.dtype[name].str[1:]]} {name}" for name in names]
    lines += ["element face 1", "property list uchar int vertex_indices", "end_header"]
    if encoding == "ascii":
        body = "\n".join(" ".join(repr(value.item()) for value in row) for row in table).encode() + b"\n3 0 1 2\n"
    else:
        swapped = table.astype(table.dtype.newbyteorder(">")) if "big" in encoding else table
        body = swapped.tobytes() + b"\x03" + bytes(12)
    path.write_bytes(("\n".join(lines) + "\n").encode() + body)
    return path


def write_las(path: Path, points: np.ndarray) -> Path:
    import laspy

    header = laspy.LasHeader(point_format=1, version="1.2")
    header.offsets, header.scales = np.floor(points.min(axis=0)), np.full(3, 0.001)
    file = laspy.LasData(header)
    file.x, file.y, file.z = points.T
    file.intensity = np.arange(len(points), dtype=np.uint16)
    file.gps_time = np.linspace(0, 0.1, len(points))
    file.write(str(path))
    return path


def _chunk(kind: bytes, body: bytes) -> bytes:
    return struct.pack(">I", len(body)) + kind + body + struct.pack(">I", zlib.crc32(kind + body))


def png(values: np.ndarray, filters: tuple[int, ...] = (0,)) -> bytes:
    """An 8- or 16-bit grey PNG; row y is filtered by filters[y % len(filters)]."""
    height, width = values.shape
    step = values.dtype.itemsize
    raw = values.astype(values.dtype.newbyteorder(">")).tobytes()
    rows = np.frombuffer(raw, np.uint8).reshape(height, width * step).astype(int)
    packed = b""
    for y in range(height):
        kind = filters[y % len(filters)]
        left = np.concatenate([np.zeros(step, int), rows[y, :-step]])
        above = rows[y - 1] if y else np.zeros(width * step, int)
        corner = np.concatenate([np.zeros(step, int), above[:-step]])
        guess = left + above - corner
        distance = np.abs(np.stack([guess - left, guess - above, guess - corner]))
        paeth = np.choose(distance.argmin(axis=0), [left, above, corner])
        taken = [np.zeros_like(left), left, above, (left + above) // 2, paeth][kind]
        packed += bytes([kind]) + ((rows[y] - taken) % 256).astype(np.uint8).tobytes()
    header = struct.pack(">IIBBBBB", width, height, 8 * step, 0, 0, 0, 0)
    return (
        b"\x89PNG\r\n\x1a\n" + _chunk(b"IHDR", header) + _chunk(b"IDAT", zlib.compress(packed)) + _chunk(b"IEND", b"")
    )


def write_photo(path: Path, width: int = 64, height: int = 48) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(png(np.zeros((height, width), np.uint8)))
    return path
