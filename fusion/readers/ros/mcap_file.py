"""MCAP files (https://mcap.dev/spec), with or without index, whole or cut off.

The records are walked from the front, so that a file that a crash left without its end is read as far as it goes.
Every length is checked against what is there before anything is allocated.
"""

from __future__ import annotations

import struct
import zlib
from collections.abc import Iterator
from pathlib import Path
from typing import BinaryIO

from calibration.errors import FormatError
from fusion.readers.ros.log import BlockCache, Channel, Cursor, DamageError, Message, Place, decompress, type_name

MAGIC = b"\x89MCAP0\r\n"
ATTACHMENT = "boxwright.json"

_SCHEMA, _CHANNEL, _MESSAGE, _CHUNK, _ATTACHMENT, _DATA_END = 0x03, 0x04, 0x05, 0x06, 0x09, 0x0F
_WANTED = {_SCHEMA, _CHANNEL, _MESSAGE, _CHUNK, _ATTACHMENT}
_RECORD = struct.Struct("<BQ")
_MESSAGE_HEAD = struct.Struct("<HIQQ")
_LARGEST_RECORD = 1 << 30
_LARGEST_ATTACHMENT = 1 << 28
_WHOLE_FILE = -1


class McapFile:
    """One file. number: which of several it is."""

    def __init__(self, path: Path, number: int = 0) -> None:
        self._path = path
        self._number = number
        self._schemas: dict[int, tuple[str, str, bytes]] = {}
        self._channels: dict[int, Channel] = {}
        self._cache = BlockCache(self._read_block)
        self._attachment: bytes | None = None
        self._damaged_blocks = 0
        self._cut_off = ""

    @property
    def attachment(self) -> bytes | None:
        """What our own writer attached."""
        return self._attachment

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
        """All messages. Raises FormatError if this is no MCAP file."""
        size = self._path.stat().st_size
        with self._path.open("rb") as file:
            if file.read(len(MAGIC)) != MAGIC:
                raise FormatError("not an MCAP file", do="check what it is", where=self._path)
            while True:
                offset = file.tell()
                head = file.read(_RECORD.size)
                if len(head) < _RECORD.size:
                    self._cut_off = "ends before its end mark"
                    return
                opcode, length = _RECORD.unpack(head)
                if opcode == _DATA_END:
                    return
                if length > size - file.tell() or length > _LARGEST_RECORD:
                    self._cut_off = f"is cut off or damaged at byte {offset}"
                    return
                yield from self._record(file, opcode, length, offset)
                file.seek(offset + _RECORD.size + length)

    def _record(self, file: BinaryIO, opcode: int, length: int, offset: int) -> Iterator[Message]:
        if opcode not in _WANTED:
            return
        data = memoryview(file.read(length))
        try:
            if opcode == _CHUNK:
                yield from self._messages(_unpack_chunk(data), offset)
            elif opcode == _MESSAGE:
                at = offset + _RECORD.size
                message = self._message(data, Place(self._number, _WHOLE_FILE, at, length))
                if message is not None:
                    yield message
            else:
                self._definition(opcode, data)
        except DamageError:
            self._damaged_blocks += 1

    def _messages(self, block: memoryview, offset: int) -> Iterator[Message]:
        cursor = Cursor(block)
        while cursor.left:
            opcode, length = cursor.numbers("BQ")
            start = cursor.at
            data = cursor.take(length)
            if opcode == _MESSAGE:
                message = self._message(data, Place(self._number, offset, start, length))
                if message is not None:
                    yield message
            else:
                self._definition(opcode, data)

    def _message(self, data: memoryview, place: Place) -> Message | None:
        if len(data) < _MESSAGE_HEAD.size:
            raise DamageError("a message without its head")
        channel, _sequence, log_ns, _published = _MESSAGE_HEAD.unpack_from(data)
        if channel not in self._channels:
            return None
        return Message(self._channels[channel], min(log_ns, 2**63 - 1), place, data[_MESSAGE_HEAD.size :])

    def _definition(self, opcode: int, data: memoryview) -> None:
        cursor = Cursor(data)
        if opcode == _SCHEMA:
            number = cursor.numbers("H")[0]
            name, encoding = cursor.text(), cursor.text()
            self._schemas[number] = (name, encoding, bytes(cursor.take(cursor.numbers("I")[0])))
        elif opcode == _CHANNEL:
            number, schema = cursor.numbers("HH")
            topic, encoding = cursor.text(), cursor.text()
            name, schema_encoding, definition = self._schemas.get(schema, ("", "", b""))
            self._channels[number] = Channel(topic, type_name(name), encoding, schema_encoding, definition)
        elif opcode == _ATTACHMENT:
            self._attach(cursor)

    def _attach(self, cursor: Cursor) -> None:
        cursor.numbers("QQ")
        name, _media_type = cursor.text(), cursor.text()
        length = cursor.numbers("Q")[0]
        if name == ATTACHMENT and length <= _LARGEST_ATTACHMENT:
            self._attachment = bytes(cursor.take(length))

    def fetch(self, place: Place) -> memoryview:
        """The bytes of one message again."""
        if place.block == _WHOLE_FILE:
            with self._path.open("rb") as file:
                file.seek(place.start)
                data = memoryview(file.read(place.length))
        else:
            data = self._cache.block(place.block)[place.start : place.start + place.length]
        return data[_MESSAGE_HEAD.size :]

    def _read_block(self, offset: int) -> memoryview:
        with self._path.open("rb") as file:
            file.seek(offset)
            _opcode, length = _RECORD.unpack(file.read(_RECORD.size))
            return _unpack_chunk(memoryview(file.read(length)))


def _unpack_chunk(data: memoryview) -> memoryview:
    cursor = Cursor(data)
    _start, _end, size, checksum = cursor.numbers("QQQI")
    method = cursor.text()
    block = decompress(method, cursor.take(cursor.numbers("Q")[0]), size)
    if checksum and zlib.crc32(block) != checksum:
        raise DamageError("a block does not match its checksum")
    return block
