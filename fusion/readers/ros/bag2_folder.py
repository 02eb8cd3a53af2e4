"""ROS 2 bags: a folder with metadata.yaml and one or more .db3 (SQLite) or .mcap files, or a .db3 alone."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from contextlib import closing, suppress
from pathlib import Path
from typing import Any

import yaml
import zstandard

from calibration.errors import FormatError
from fusion.readers.ros.log import Channel, DamageError, Log, Message, Place, decompress, type_name
from fusion.readers.ros.mcap_file import McapFile

METADATA = "metadata.yaml"
_HEAD = "rosbag2_bagfile_information"
_STORAGE = (".db3", ".mcap")
_LARGEST_METADATA = 1 << 24


class SqliteFile:
    """One .db3. packed: every message is compressed by itself."""

    def __init__(self, path: Path, number: int = 0, *, packed: bool = False) -> None:
        self._path = path
        self._number = number
        self._packed = packed
        self._damaged = 0
        self._cut_off = False

    @property
    def attachment(self) -> bytes | None:
        """SQLite bags have none."""
        return None

    @property
    def notes(self) -> tuple[str, ...]:
        """What is damaged or cut off."""
        notes = [f"{self._damaged} damaged messages of {self._path.name} are left out"] if self._damaged else []
        if self._cut_off:
            notes.append(f"{self._path.name} is cut off or damaged; what could be read before that is read")
        return tuple(notes)

    def _connect(self) -> sqlite3.Connection:
        return sqlite3.connect(f"{self._path.resolve().as_uri()}?mode=ro&immutable=1", uri=True)

    def scan(self) -> Iterator[Message]:
        """All messages in the order of time. Raises FormatError if this is no bag."""
        found = False
        try:
            with closing(self._connect()) as database:
                topics = {row[0]: _channel(row) for row in database.execute(_TOPICS)}
                for row, topic, time, data in database.execute(_MESSAGES):
                    if topic in topics and isinstance(data, bytes) and isinstance(time, int):
                        yield from self._message(topics[topic], row, time, data)
                        found = True
        except (sqlite3.Error, UnicodeDecodeError) as error:
            if not found:
                raise FormatError("not a readable ROS 2 bag", do="record it again", where=self._path) from error
            self._cut_off = True

    def _message(self, channel: Channel, row: int, time: int, data: bytes) -> Iterator[Message]:
        try:
            yield Message(channel, time, Place(self._number, row, 0, len(data)), self._unpacked(data))
        except DamageError:
            self._damaged += 1

    def fetch(self, place: Place) -> memoryview:
        """The bytes of one message again."""
        with closing(self._connect()) as database:
            (data,) = database.execute("SELECT data FROM messages WHERE id = ?", (place.block,)).fetchone()
        return self._unpacked(data)

    def _unpacked(self, data: bytes) -> memoryview:
        return unpacked_message(data) if self._packed else memoryview(data)


_TOPICS = "SELECT id, name, type, serialization_format FROM topics"
_MESSAGES = "SELECT id, topic_id, timestamp, data FROM messages ORDER BY timestamp"


def _channel(row: tuple[Any, ...]) -> Channel:
    return Channel(str(row[1]), type_name(str(row[2])), str(row[3]))


def unpacked_message(data: bytes | memoryview) -> memoryview:
    """A message that was compressed by itself. Raises DamageError if it is no zstd frame of a stated size."""
    try:
        size = zstandard.frame_content_size(bytes(data))
    except zstandard.ZstdError as error:
        raise DamageError("a message is no zstd frame") from error
    if size < 0:
        raise DamageError("a message does not say how long it is")
    return decompress("zstd", memoryview(data), size)


class PackedMcapFile(McapFile):
    """An .mcap of a bag whose messages are compressed one by one."""

    def scan(self) -> Iterator[Message]:
        """All messages, unpacked; those that are damaged are left out by the block."""
        for message in super().scan():
            with suppress(DamageError):
                yield message._replace(data=unpacked_message(message.data))

    def fetch(self, place: Place) -> memoryview:
        """The bytes of one message again."""
        return unpacked_message(super().fetch(place))


class BagFolder:
    """Several files that follow one another."""

    def __init__(self, path: Path) -> None:
        names, packed, self._notes = _contents(path)
        storages = {".db3": _packed_or_plain_sqlite, ".mcap": _packed_or_plain_mcap}
        self._files: list[Log] = [storages[path.joinpath(n).suffix](path / n, i, packed) for i, n in enumerate(names)]

    @property
    def attachment(self) -> bytes | None:
        """What our own writer attached, where the bag is one file."""
        return self._files[0].attachment if len(self._files) == 1 else None

    @property
    def notes(self) -> tuple[str, ...]:
        """What is damaged or cut off in any of the files."""
        return self._notes + tuple(note for file in self._files for note in file.notes)

    def scan(self) -> Iterator[Message]:
        """All messages, file by file."""
        for file in self._files:
            yield from file.scan()

    def fetch(self, place: Place) -> memoryview:
        """The bytes of one message again."""
        return self._files[place.file].fetch(place)


def _packed_or_plain_sqlite(path: Path, number: int, packed: bool) -> Log:
    return SqliteFile(path, number, packed=packed)


def _packed_or_plain_mcap(path: Path, number: int, packed: bool) -> Log:
    return PackedMcapFile(path, number) if packed else McapFile(path, number)


def _contents(path: Path) -> tuple[list[str], bool, tuple[str, ...]]:
    """Names of the files in order, whether messages are packed one by one, and notes."""
    listed = _metadata(path)
    there = sorted(file.name for file in path.iterdir() if file.suffix in _STORAGE)
    notes: tuple[str, ...] = ()
    if listed is None:
        names, packed = there, False
        notes = (f"no readable {METADATA}: the files are taken in the order of names",)
    else:
        mode = str(listed.get("compression_mode") or "").lower()
        packed = mode == "message"
        files = listed.get("relative_file_paths")
        # Names only: a bag from somewhere else must not lead out of its folder.
        names = [Path(str(each)).name for each in files] if isinstance(files, list) else there
        if mode == "file" or any(name.endswith(".zst") for name in names):
            raise FormatError("the bag's files are compressed", do="unpack them with `zstd -d`", where=path)
    missing = [name for name in names if name not in there]
    if missing or not names:
        raise FormatError(f"a ROS 2 bag without {', '.join(missing) or '.db3 or .mcap files'}", where=path)
    return names, packed, notes


def _metadata(path: Path) -> dict[str, Any] | None:
    file = path / METADATA
    if not file.is_file() or file.stat().st_size > _LARGEST_METADATA:
        return None
    try:
        content = yaml.load(file.read_text(encoding="utf-8"), Loader=getattr(yaml, "CSafeLoader", yaml.SafeLoader))
    except (yaml.YAMLError, ValueError, RecursionError):
        return None
    head = content.get(_HEAD) if isinstance(content, dict) else None
    return head if isinstance(head, dict) else None
