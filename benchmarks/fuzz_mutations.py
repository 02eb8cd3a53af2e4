"""Ways in which a file is wrong: cut off, flipped, a huge count, another type, no number, a path that leads out."""

from __future__ import annotations

import re
import zipfile
import zlib
from collections.abc import Callable
from pathlib import Path

import numpy as np

_NUMBER = re.compile(rb"-?\d+(?:\.\d+)?(?:[eE][-+]?\d+)?")
_STRING = re.compile(rb'"[^"\n]{1,80}"')
_HUGE = (b"999999999999", b"4294967295", b"-1", b"2147483647", b"1e308", b"9223372036854775807")
_STRANGE = (b"nan", b"null", b'"text"', b"[]", b"{}", b"true", b"inf", b"0", b"")
_OUTSIDE = (b"../../../../etc/passwd", b"/etc/passwd", b"..\\\\..\\\\secret", b"a\\u0000b")
_ZEROS = 64 << 20

Mutation = Callable[[bytes, np.random.Generator], bytes]


def cut_off(data: bytes, rng: np.random.Generator) -> bytes:
    """At a random place, often near the end or the start."""
    share = float(rng.choice([rng.random(), rng.random() ** 4, 1.0 - rng.random() ** 4]))
    return data[: int(share * len(data))]


def flipped(data: bytes, rng: np.random.Generator) -> bytes:
    """One to twenty bits, half the time in the first kilobyte, where headers are."""
    if not data:
        return b"\x00"
    changed = bytearray(data)
    reach = min(len(data), 1024) if rng.random() < 0.5 else len(data)
    for _ in range(int(rng.integers(1, 21))):
        changed[int(rng.integers(reach))] ^= 1 << int(rng.integers(8))
    return bytes(changed)


def huge(data: bytes, rng: np.random.Generator) -> bytes:
    """A number in text, or four or eight bytes anywhere, says something enormous."""
    found = list(_NUMBER.finditer(data[:200_000]))
    if found and _is_text(data):
        return _replaced(data, found[int(rng.integers(len(found)))], _HUGE[int(rng.integers(len(_HUGE)))])
    width = int(rng.choice([2, 4, 8]))
    at = int(rng.integers(max(1, min(len(data), 4096) - width)))
    return data[:at] + rng.choice([b"\xff", b"\x7f"]) * width + data[at + width :]


def of_another_type(data: bytes, rng: np.random.Generator) -> bytes:
    """A number or a string in text becomes something else; binary becomes text."""
    found = [*_NUMBER.finditer(data[:200_000]), *_STRING.finditer(data[:200_000])]
    if found and _is_text(data):
        return _replaced(data, found[int(rng.integers(len(found)))], _STRANGE[int(rng.integers(len(_STRANGE)))])
    return b"this is a text, not what the name says\n" * int(rng.integers(0, 50))


def not_a_number(data: bytes, rng: np.random.Generator) -> bytes:
    """NaN and infinity as text, or as float32 and float64 bits."""
    found = list(_NUMBER.finditer(data[:200_000]))
    if found and _is_text(data):
        return _replaced(data, found[int(rng.integers(len(found)))], rng.choice([b"NaN", b"nan", b"-inf"]))
    changed = bytearray(data)
    for _ in range(20):
        at = int(rng.integers(max(1, len(data) - 8)))
        changed[at : at + 4] = np.array([rng.choice([np.nan, np.inf, -np.inf])], "<f4").tobytes()
    return bytes(changed[: len(data)])


def emptied(_: bytes, __: np.random.Generator) -> bytes:
    """Nothing at all."""
    return b""


def leading_out(data: bytes, rng: np.random.Generator) -> bytes:
    """A name in text leads out of the folder."""
    found = list(_STRING.finditer(data[:200_000]))
    if not found or not _is_text(data):
        return flipped(data, rng)
    return _replaced(
        data, found[int(rng.integers(len(found)))], b'"' + _OUTSIDE[int(rng.integers(len(_OUTSIDE)))] + b'"'
    )


def bomb(_: bytes, __: np.random.Generator) -> bytes:
    """A small file that unpacks to 64 MB of zeros, again and again."""
    return zlib.compress(bytes(_ZEROS), 9)


def replace_by_bomb(path: Path) -> None:
    """An archive of zeros for what is a zip (npz), gzip or anything else that unpacks."""
    if path.suffix == ".npz":
        with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive, archive.open("points.npy", "w") as entry:
            head = b"\x93NUMPY\x01\x00v\x00" + b"{'descr': '<f4', 'fortran_order': False, 'shape': (400000000, 3), }"
            entry.write(head.ljust(127) + b"\n")
            for _ in range(32):
                entry.write(bytes(_ZEROS // 2))
    elif path.suffix == ".gz":
        import gzip

        with gzip.open(path, "wb", 9) as file:
            for _ in range(32):
                file.write(bytes(_ZEROS // 2))
    else:
        path.write_bytes(bomb(b"", np.random.default_rng(0)))


def lead_by_link(path: Path) -> None:
    """The file is a link to one outside."""
    path.unlink()
    path.symlink_to("/etc/passwd")


MUTATIONS: dict[str, Mutation] = {
    "cut_off": cut_off,
    "flipped": flipped,
    "huge": huge,
    "of_another_type": of_another_type,
    "not_a_number": not_a_number,
    "emptied": emptied,
    "leading_out": leading_out,
}
ON_DISK: dict[str, Callable[[Path], None]] = {"bomb": replace_by_bomb, "link": lead_by_link}


def _is_text(data: bytes) -> bool:
    head = data[:2000]
    return b"\x00" not in head and sum(byte > 126 for byte in head) < 0.05 * len(head) + 1


def _replaced(data: bytes, match: re.Match[bytes], by: bytes) -> bytes:
    return data[: match.start()] + by + data[match.end() :]
