"""A message log as a file: who speaks in it, every message once in order, and any message again later."""

from __future__ import annotations

import bz2
import struct
from collections import OrderedDict
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import NamedTuple, Protocol

import lz4.frame
import zstandard

_LARGEST_BLOCK = 1 << 30
_UNSUSPICIOUS_BLOCK = 1 << 26
_LARGEST_RATIO = 1000
_KEPT_BYTES = 1 << 26


class DamageError(ValueError):
    """A part of a file that cannot be read; the reader says where, and goes on or stops."""


class Place(NamedTuple):
    """Where a message lies. file: number of the file; block: offset of the block, or row; start, length: inside it."""

    file: int
    block: int
    start: int
    length: int


@dataclass(frozen=True, slots=True)
class Channel:
    """One speaker. type_name: `package/Type` or `foxglove.Type`; encoding: cdr, ros1, json or protobuf.

    schema_encoding, schema: how the file itself describes the type (`ros2msg`, `jsonschema`, `protobuf`).
    """

    topic: str
    type_name: str
    encoding: str
    schema_encoding: str = ""
    schema: bytes = b""


class Message(NamedTuple):
    """One message as it lies in the file. log_ns: when it was recorded; data: its bytes, valid until the next."""

    channel: Channel
    log_ns: int
    place: Place
    data: memoryview


class Log(Protocol):
    """A file, or several that follow one another."""

    def scan(self) -> Iterator[Message]:
        """All messages in the order of the file, one pass, one block in memory at a time."""

    def fetch(self, place: Place) -> memoryview:
        """The bytes of one message again."""

    @property
    def attachment(self) -> bytes | None:
        """What our own writer attached, known after the scan."""

    @property
    def notes(self) -> tuple[str, ...]:
        """What is damaged or cut off, known after the scan."""


def type_name(name: str) -> str:
    """`sensor_msgs/msg/Image`, `sensor_msgs::msg::dds_::Image_` and `sensor_msgs/Image` are one type."""
    parts = [part for part in name.replace("::", "/").split("/") if part not in ("msg", "dds_")]
    return "/".join(parts).removesuffix("_")


class Cursor:
    """Reads little-endian fields one after another. Raises DamageError where the data ends too early."""

    def __init__(self, data: memoryview, at: int = 0) -> None:
        self._data = data
        self.at = at

    def numbers(self, layout: str) -> tuple[int, ...]:
        """Integers of a struct layout without its byte order."""
        size = struct.calcsize("<" + layout)
        return struct.unpack("<" + layout, self.take(size))

    def take(self, length: int) -> memoryview:
        """The next bytes."""
        if length > len(self._data) - self.at:
            raise DamageError("a record is shorter than it says")
        part = self._data[self.at : self.at + length]
        self.at += length
        return part

    def text(self) -> str:
        """Text behind its length in 4 bytes."""
        return str(self.take(self.numbers("I")[0]), "utf-8", "replace")

    @property
    def left(self) -> int:
        """How many bytes are still there."""
        return len(self._data) - self.at


def decompress(method: str, data: memoryview, size: int) -> memoryview:
    """Unpack a block of a declared size. Raises DamageError if it is another size, damaged, or a bomb."""
    if method in ("", "none"):
        return data
    if method not in _METHODS:
        raise DamageError(f"compressed by {method!r}, which is unknown")
    if size > _LARGEST_BLOCK or (size > _UNSUSPICIOUS_BLOCK and size > _LARGEST_RATIO * len(data)):
        raise DamageError(f"a block of {len(data)} bytes claims to hold {size}")
    try:
        unpacked = _METHODS[method](bytes(data), size)
    except (zstandard.ZstdError, RuntimeError, OSError, EOFError, ValueError) as error:
        raise DamageError("a compressed block is damaged") from error
    if len(unpacked) != size:
        raise DamageError("a compressed block is damaged")
    return memoryview(unpacked)


def _zstd(data: bytes, size: int) -> bytes:
    with zstandard.ZstdDecompressor().stream_reader(data) as stream:
        return bytes(stream.read(size))


def _lz4(data: bytes, size: int) -> bytes:
    return bytes(lz4.frame.LZ4FrameDecompressor().decompress(data, max_length=size)) if size else b""


def _bz2(data: bytes, size: int) -> bytes:
    return bz2.BZ2Decompressor().decompress(data, max_length=size)


_METHODS: dict[str, Callable[[bytes, int], bytes]] = {"zstd": _zstd, "lz4": _lz4, "bz2": _bz2}


class BlockCache:
    """The blocks that were read last, up to a number of bytes: neighbours in a stream share them."""

    def __init__(self, read: Callable[[int], memoryview]) -> None:
        self._read = read
        self._blocks: OrderedDict[int, memoryview] = OrderedDict()

    def block(self, offset: int) -> memoryview:
        """The unpacked block at an offset."""
        if offset in self._blocks:
            self._blocks.move_to_end(offset)
            return self._blocks[offset]
        block = self._read(offset)
        self._blocks[offset] = block
        while len(self._blocks) > 1 and sum(map(len, self._blocks.values())) > _KEPT_BYTES:
            self._blocks.popitem(last=False)
        return block
