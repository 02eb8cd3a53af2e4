"""ROS 1 bags, version 2.0 (http://wiki.ros.org/Bags/Format/2.0), indexed or not, whole or cut off."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import BinaryIO

from calibration.errors import FormatError
from fusion.readers.ros.log import BlockCache, Channel, Cursor, DamageError, Message, Place, decompress, type_name

MAGIC = b"#ROSBAG V"
_VERSION = b"#ROSBAG V2.0\n"
_MESSAGE, _CHUNK, _CONNECTION = 2, 5, 7
_WHOLE_FILE = -1
_LARGEST_HEADER = 1 << 20

Header = dict[str, bytes]


class Bag1File:
    """One bag."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._size = path.stat().st_size
        self._channels: dict[int, Channel] = {}
        self._cache = BlockCache(self._read_block)
        self._damaged_blocks = 0
        self._cut_off = ""

    @property
    def attachment(self) -> bytes | None:
        """A bag has none."""
        return None

    @property
    def notes(self) -> tuple[str, ...]:
        """What is damaged or cut off."""
        notes = []
        if self._damaged_blocks:
            notes.append(f"{self._damaged_blocks} damaged blocks of {self._path.name} are left out")
        if self._cut_off:
            notes.append(f"{self._path.name} {self._cut_off}; everything before that is read")
        return tuple(notes)

    def scan(self) -> Iterator[Message]:
        """All messages. Raises FormatError if this is no bag of version 2.0."""
        with self._path.open("rb") as file:
            start = file.read(len(_VERSION))
            if start != _VERSION:
                what = "a ROS bag of another version than 2.0" if start.startswith(MAGIC) else "not a ROS bag"
                raise FormatError(what, do="convert it with `rosbag`", where=self._path)
            while file.tell() < self._size:
                offset = file.tell()
                try:
                    header, length = self._head(file)
                except DamageError:
                    self._cut_off = f"is cut off or damaged at byte {offset}"
                    return
                begin = file.tell()
                yield from self._record(file, header, length, offset)
                file.seek(begin + length)

    def _head(self, file: BinaryIO) -> tuple[Header, int]:
        """A record's header and the length of its data, of which the file stands at the start."""
        length = _uint32(file.read(4))
        if length > min(self._size - file.tell(), _LARGEST_HEADER):
            raise DamageError("a header is longer than the file")
        header = _fields(memoryview(file.read(length)))
        data_length = _uint32(file.read(4))
        if data_length > self._size - file.tell():
            raise DamageError("a record is longer than the file")
        return header, data_length

    def _record(self, file: BinaryIO, header: Header, length: int, offset: int) -> Iterator[Message]:
        kind = _number(header, "op")
        try:
            if kind == _CHUNK:
                yield from self._messages(_unpack(header, memoryview(file.read(length))), offset)
            elif kind == _CONNECTION:
                self._connect(header, memoryview(file.read(length)))
            elif kind == _MESSAGE:
                place = Place(0, _WHOLE_FILE, file.tell(), length)
                yield from self._message(header, memoryview(file.read(length)), place)
        except DamageError:
            self._damaged_blocks += 1

    def _messages(self, block: memoryview, offset: int) -> Iterator[Message]:
        cursor = Cursor(block)
        while cursor.left:
            header = _fields(cursor.take(cursor.numbers("I")[0]))
            length = cursor.numbers("I")[0]
            place = Place(0, offset, cursor.at, length)
            data = cursor.take(length)
            kind = _number(header, "op")
            if kind == _CONNECTION:
                self._connect(header, data)
            elif kind == _MESSAGE:
                yield from self._message(header, data, place)

    def _connect(self, header: Header, data: memoryview) -> None:
        name = _fields(data).get("type", b"").decode("utf-8", "replace")
        topic = header.get("topic", b"").decode("utf-8", "replace")
        self._channels[_number(header, "conn")] = Channel(topic, type_name(name), "ros1")

    def _message(self, header: Header, data: memoryview, place: Place) -> Iterator[Message]:
        channel = self._channels.get(_number(header, "conn"))
        if channel is not None:
            time = header.get("time", bytes(8)).ljust(8, b"\0")
            yield Message(channel, _uint32(time[:4]) * 1_000_000_000 + _uint32(time[4:8]), place, data)

    def fetch(self, place: Place) -> memoryview:
        """The bytes of one message again."""
        if place.block == _WHOLE_FILE:
            with self._path.open("rb") as file:
                file.seek(place.start)
                return memoryview(file.read(place.length))
        return self._cache.block(place.block)[place.start : place.start + place.length]

    def _read_block(self, offset: int) -> memoryview:
        with self._path.open("rb") as file:
            file.seek(offset)
            header, length = self._head(file)
            return _unpack(header, memoryview(file.read(length)))


def _unpack(header: Header, data: memoryview) -> memoryview:
    method = header.get("compression", b"none").decode("utf-8", "replace")
    return decompress(method, data, _number(header, "size"))


def _fields(data: memoryview) -> Header:
    cursor, fields = Cursor(data), {}
    while cursor.left:
        name, _, value = bytes(cursor.take(cursor.numbers("I")[0])).partition(b"=")
        fields[name.decode("utf-8", "replace")] = value
    return fields


def _number(header: Header, name: str) -> int:
    if name not in header:
        raise DamageError(f"a record without {name}")
    return int.from_bytes(header[name], "little")


def _uint32(data: bytes) -> int:
    if len(data) < 4:
        raise DamageError("the file ends")
    return int.from_bytes(data, "little")
