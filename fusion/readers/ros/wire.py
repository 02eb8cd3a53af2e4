"""From the bytes of a message to a value: ROS 1, ROS 2 (CDR), JSON and protobuf.

ROS messages are decoded by the definitions that rosbags ships, never by those that a file carries: rosbags turns
definitions into code, and nothing out of a file is to be run.
"""

from __future__ import annotations

import json
import struct
from collections.abc import Callable
from functools import cache
from typing import Any

from mcap.exceptions import McapError
from mcap.records import Schema
from mcap_ros2.decoder import DecoderFactory
from rosbags.serde import SerdeError
from rosbags.typesys import Stores, get_types_from_msg, get_typestore
from rosbags.typesys.store import Typestore

from fusion.readers.ros.foxglove_values import FOXGLOVE_VALUES
from fusion.readers.ros.log import Channel, DamageError
from fusion.readers.ros.ros_values import ROS_VALUES
from fusion.readers.ros.values import Value

Decode = Callable[[memoryview], Value | None]

_TF = "tf2_msgs/msg/TFMessage"
_FOXGLOVE = ("foxglove.", "foxglove_msgs/")
# What a decoder raises for bytes that are not what they claim to be.
_DAMAGE = (
    SerdeError,
    McapError,
    struct.error,
    ValueError,
    TypeError,
    KeyError,
    IndexError,
    AttributeError,
    OverflowError,
    AssertionError,
    RecursionError,
    NotImplementedError,
)


class MissingDependencyError(ValueError):
    """A library that an encoding needs is not installed."""


def decoder(channel: Channel) -> Decode | None:
    """What turns a channel's messages into values, None where nobody here knows the type.

    The decoder raises DamageError for bytes that do not fit the type. Raises MissingDependencyError for protobuf
    without its library, DamageError for a schema that is broken.
    """
    decode = _object_decoder(channel)
    valued = _valued(channel.type_name)
    if decode is None or valued is None:
        return None

    def value(data: memoryview) -> Value | None:
        try:
            return valued(decode(data))
        except _DAMAGE as error:
            raise DamageError(f"a message of {channel.topic} is damaged") from error

    return value


def _valued(name: str) -> Callable[[Any], Value | None] | None:
    for prefix in _FOXGLOVE:
        if name.startswith(prefix):
            return FOXGLOVE_VALUES.get(name.removeprefix(prefix))
    return ROS_VALUES.get(name)


def _object_decoder(channel: Channel) -> Callable[[memoryview], Any] | None:
    known_to_ros = channel.type_name in ROS_VALUES
    if channel.encoding == "ros1" and known_to_ros:
        return _ros1(channel.type_name)
    if channel.encoding == "cdr" and known_to_ros:
        return _ros2(channel.type_name)
    if channel.encoding == "cdr" and channel.schema_encoding == "ros2msg":
        return _described_ros2(channel)
    if channel.encoding == "json":
        return lambda data: json.loads(bytes(data))
    if channel.encoding == "protobuf" and _valued(channel.type_name) is not None:
        return _protobuf(channel)
    return None


@cache
def _ros1_store() -> Typestore:
    store = get_typestore(Stores.ROS1_NOETIC)
    store.register(get_types_from_msg("geometry_msgs/TransformStamped[] transforms", _TF))
    return store


@cache
def ros2_store() -> Typestore:
    """The message types of ROS 2."""
    return get_typestore(Stores.ROS2_JAZZY)


def _long_name(type_name: str) -> str:
    package, _, name = type_name.partition("/")
    return _TF if name.lower() == "tfmessage" else f"{package}/msg/{name}"


def _ros1(type_name: str) -> Callable[[memoryview], Any]:
    store, name = _ros1_store(), _long_name(type_name)
    return lambda data: store.deserialize_ros1(data, name)


def _ros2(type_name: str) -> Callable[[memoryview], Any]:
    store, name = ros2_store(), _long_name(type_name)
    return lambda data: store.deserialize_cdr(data, name)


def _described_ros2(channel: Channel) -> Callable[[memoryview], Any] | None:
    """Foxglove's schemas as ROS 2 messages; mcap-ros2-support interprets definitions and runs none of them."""
    if _valued(channel.type_name) is None:
        return None
    schema = Schema(id=1, name=_long_name(channel.type_name), encoding="ros2msg", data=channel.schema)
    try:
        decode = DecoderFactory().decoder_for("cdr", schema)
    except Exception as error:  # its parser raises whatever a broken definition makes it stumble over
        raise DamageError(f"the schema of {channel.topic} is broken") from error
    return None if decode is None else lambda data: decode(bytes(data))


def _protobuf(channel: Channel) -> Callable[[memoryview], Any]:
    try:
        from google.protobuf import descriptor_pb2, descriptor_pool, message_factory
        from google.protobuf.message import DecodeError
    except ImportError as error:
        raise MissingDependencyError("protobuf is not installed") from error
    try:
        files = {each.name: each for each in descriptor_pb2.FileDescriptorSet.FromString(channel.schema).file}
        pool = descriptor_pool.DescriptorPool()
        for name in _in_order(files):
            pool.AddSerializedFile(files[name].SerializeToString())
        kind = message_factory.GetMessageClass(pool.FindMessageTypeByName(channel.type_name))
    except (DecodeError, KeyError, TypeError, ValueError) as error:
        raise DamageError(f"the schema of {channel.topic} is broken") from error

    def decode(data: memoryview) -> Any:
        try:
            return kind.FromString(bytes(data))
        except DecodeError as error:
            raise ValueError("not such a message") from error

    return decode


def _in_order(files: dict[str, Any]) -> list[str]:
    """Names so that every file stands behind those that it imports."""
    order: list[str] = []
    waiting = dict(files)
    while waiting:
        ready = [name for name, each in waiting.items() if all(need not in waiting for need in each.dependency)]
        if not ready:
            raise ValueError("files that import one another")
        order += ready
        for name in ready:
            del waiting[name]
    return order
