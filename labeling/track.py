"""A track is a trajectory in the world: one size, a class, and a pose that can be asked at any nanosecond."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field, replace
from enum import StrEnum
from typing import Annotated, Any

import numpy as np
import numpy.typing as npt
from pydantic import Field

from calibration import RigidTransform
from calibration.errors import EditError
from calibration.quaternion import FloatArray
from fusion.timeline import Int64Array
from labeling.cuboid import Cuboid
from labeling.times import TimeNs
from labeling.trajectory import evaluate, knot_velocities

_MAX_DISTANCE_M = 1e9
_MAX_SPAN_NS = 2**62  # differences of times fit an int64, and then some
_MAX_NAME = 200

Coordinate = Annotated[float, Field(ge=-_MAX_DISTANCE_M, le=_MAX_DISTANCE_M, allow_inf_nan=False)]
Component = Annotated[float, Field(ge=-2.0, le=2.0, allow_inf_nan=False)]


class Maker(StrEnum):
    """Who made a knot. Machines never move a human's."""

    HUMAN = "human"
    SOLVER = "solver"
    MODEL = "model"
    IMPORT = "import"


class PresenceKind(StrEnum):
    """Whether the object can be seen, is still there behind something, or is not there."""

    OBSERVED = "observed"
    OCCLUDED = "occluded"
    ABSENT = "absent"


@dataclass(frozen=True, slots=True)
class Knot:
    """A timed pose of the cuboid's centre in the world. position_m: x, y, z; rotation_wxyz: unit quaternion."""

    time_ns: TimeNs
    position_m: tuple[Coordinate, Coordinate, Coordinate]
    rotation_wxyz: tuple[Component, Component, Component, Component]
    maker: Maker = Maker.HUMAN

    @property
    def world_from_object(self) -> RigidTransform:
        """As a transform."""
        return RigidTransform(np.array(self.rotation_wxyz), np.array(self.position_m))

    @staticmethod
    def of(time_ns: int, world_from_object: RigidTransform, maker: Maker = Maker.HUMAN) -> Knot:
        """From a single pose."""
        x, y, z = world_from_object.translation.tolist()
        w, i, j, k = world_from_object.rotation.tolist()
        return Knot(int(time_ns), (x, y, z), (w, i, j, k), maker)


@dataclass(frozen=True, slots=True)
class Presence:
    """From start to end, both included, the object is observed or occluded; outside all intervals it is absent."""

    start_ns: TimeNs
    end_ns: TimeNs
    kind: PresenceKind = PresenceKind.OBSERVED


@dataclass(frozen=True, slots=True)
class State:
    """From start to end, both included, the named state has a value (turning: left)."""

    name: str
    value: str
    start_ns: TimeNs
    end_ns: TimeNs


def _frozen(array: npt.ArrayLike, dtype: Any) -> npt.NDArray[Any]:
    owned = np.array(array, dtype=dtype, order="C")
    owned.flags.writeable = False
    return owned


@dataclass(frozen=True, slots=True, eq=False)
class Track:
    """One object.

    size_m: length, width, height. Knots as columns: times_ns (K,) int64 increasing, positions_m (K, 3) and
    rotations_wxyz (K, 4) float64, makers K; K is at least 1. presence and states: intervals sorted by start; those of
    presence, and those of one state, do not overlap. Raises EditError if a size is not positive, a number is not
    finite, times do not increase or lie more than 146 years apart, or intervals overlap.
    """

    id: str
    class_name: str
    size_m: tuple[float, float, float]
    times_ns: Int64Array
    positions_m: FloatArray
    rotations_wxyz: FloatArray
    makers: tuple[Maker, ...]
    presence: tuple[Presence, ...] = ()
    states: tuple[State, ...] = ()
    attributes: tuple[tuple[str, str], ...] = ()
    _velocities: FloatArray | None = field(default=None, init=False, repr=False)

    def __post_init__(self) -> None:
        object.__setattr__(self, "times_ns", _frozen(self.times_ns, np.int64))
        object.__setattr__(self, "positions_m", _frozen(self.positions_m, np.float64))
        object.__setattr__(self, "rotations_wxyz", _frozen(self.rotations_wxyz, np.float64))
        _check(self)

    @staticmethod
    def from_knots(
        id: str, class_name: str, size_m: Iterable[float], knots: Iterable[Knot], presence: Iterable[Presence] = ()
    ) -> Track:
        """From knots in any order; two at one time are an EditError."""
        length, width, height = (float(value) for value in size_m)
        bare = Track(
            id, class_name, (length, width, height), np.zeros(1, np.int64), np.zeros((1, 3)), _ONE_TURN, (Maker.HUMAN,)
        )
        return replace(bare.with_knots(knots), presence=tuple(presence))

    def with_knots(self, knots: Iterable[Knot]) -> Track:
        """The same track with other knots."""
        ordered = sorted(knots, key=lambda knot: knot.time_ns)
        if not ordered:
            raise EditError("a track needs at least one knot", do="delete the track instead", where=self.id)
        return replace(
            self,
            times_ns=np.array([knot.time_ns for knot in ordered], dtype=np.int64),
            positions_m=np.array([knot.position_m for knot in ordered]),
            rotations_wxyz=np.array([knot.rotation_wxyz for knot in ordered]),
            makers=tuple(knot.maker for knot in ordered),
        )

    def __len__(self) -> int:
        return len(self.times_ns)

    def knot(self, index: int) -> Knot:
        """The knot at an index."""
        x, y, z = self.positions_m[index].tolist()
        w, i, j, k = self.rotations_wxyz[index].tolist()
        return Knot(int(self.times_ns[index]), (x, y, z), (w, i, j, k), self.makers[index])

    @property
    def knots(self) -> tuple[Knot, ...]:
        """All knots in time order."""
        return tuple(self.knot(index) for index in range(len(self)))

    def knot_index(self, time_ns: int) -> int | None:
        """Index of the knot at exactly this time."""
        index = int(np.searchsorted(self.times_ns, time_ns))
        return index if index < len(self) and self.times_ns[index] == time_ns else None

    def at(self, time_ns: npt.ArrayLike) -> RigidTransform:
        """`world_from_object` at times (...,) int64 ns; defined everywhere, whether the object is present or not."""
        query = np.asarray(time_ns, dtype=np.int64)
        poses = poses_of([self], query.reshape(1, -1))
        return RigidTransform(poses.rotation.reshape(*query.shape, 4), poses.translation.reshape(*query.shape, 3))

    @property
    def velocities_mps(self) -> FloatArray:
        """(K, 3) velocity at the knots; worked out once."""
        if self._velocities is None:
            object.__setattr__(self, "_velocities", _frozen(knot_velocities(self.times_ns, self.positions_m), float))
        assert self._velocities is not None
        return self._velocities

    def cuboid_at(self, time_ns: int) -> Cuboid:
        """The cuboid at one moment."""
        return Cuboid(self.at(time_ns), np.array(self.size_m))

    def presence_at(self, time_ns: int) -> PresenceKind:
        """Observed, occluded or absent at one moment."""
        for interval in self.presence:
            if interval.start_ns <= time_ns <= interval.end_ns:
                return interval.kind
        return PresenceKind.ABSENT

    def speed_mps(self) -> float:
        """Largest mean speed from any knot to the first at least half a second later; 0 for one knot.

        A track shorter than that is measured from end to end.
        """
        if len(self) < 2:
            return 0.0
        later = np.searchsorted(self.times_ns, self.times_ns + 500_000_000)
        first = np.flatnonzero(later < len(self))
        last = later[first]
        if not len(first):
            first, last = np.array([0]), np.array([len(self) - 1])
        seconds = np.maximum((self.times_ns[last] - self.times_ns[first]) * 1e-9, 0.1)
        distance = np.linalg.norm(self.positions_m[last] - self.positions_m[first], axis=1)
        return float(np.max(distance / seconds))


def poses_of(tracks: Sequence[Track], times_ns: Int64Array) -> RigidTransform:
    """`world_from_object` of B tracks, each at its own row of times (B, Q) int64 ns: a batch (B, Q)."""
    translation, rotation = np.empty((*times_ns.shape, 3)), np.empty((*times_ns.shape, 4))
    for row, track in enumerate(tracks):
        columns = track.times_ns, track.positions_m, track.rotations_wxyz, track.velocities_mps
        evaluate(*columns, times_ns[row], translation[row], rotation[row])
    return RigidTransform(rotation, translation)


_ONE_TURN: FloatArray = np.array([[1.0, 0.0, 0.0, 0.0]])


def _check(track: Track) -> None:
    _check_knots(track)
    _check_intervals(track)
    if not all(0 < len(name) <= _MAX_NAME for name in (track.id, track.class_name)):
        raise EditError(f"an identity and a class have 1 to {_MAX_NAME} characters", where=track.id[:_MAX_NAME])
    if not all(np.isfinite(value) and 0.0 < value < 1000.0 for value in track.size_m):
        raise EditError(f"a size must be positive metres, not {track.size_m}", where=track.id)


def _check_knots(track: Track) -> None:
    count = len(track.times_ns)
    shapes = (track.positions_m.shape, track.rotations_wxyz.shape, len(track.makers))
    if count == 0 or shapes != ((count, 3), (count, 4), count):
        raise EditError("a track needs knots, each with a time, a position, a rotation and a maker", where=track.id)
    if np.any(track.times_ns[1:] <= track.times_ns[:-1]):
        raise EditError("two knots of a track have one time", where=track.id)
    if int(track.times_ns[-1]) - int(track.times_ns[0]) > _MAX_SPAN_NS:
        raise EditError("the knots of a track lie more than 146 years apart", where=track.id)
    if not (np.all(np.isfinite(track.positions_m)) and np.all(np.isfinite(track.rotations_wxyz))):
        raise EditError("a knot has a number that is not finite", where=track.id)
    if np.any(np.abs(track.positions_m) > _MAX_DISTANCE_M):
        raise EditError(f"a knot lies more than {_MAX_DISTANCE_M:.0e} m from the origin", where=track.id)
    if np.any(np.abs(np.linalg.norm(track.rotations_wxyz, axis=1) - 1.0) > 1e-6):
        raise EditError("a knot's rotation is not a unit quaternion", where=track.id)


def _check_intervals(track: Track) -> None:
    intervals: tuple[Presence | State, ...] = (*track.presence, *track.states)
    if any(each.end_ns < each.start_ns for each in intervals):
        raise EditError("an interval ends before it starts", where=track.id)
    if any(each.kind is PresenceKind.ABSENT for each in track.presence):
        raise EditError("absent is where there is no interval, not an interval", where=track.id)
    ends: dict[str | None, int] = {}
    for each in intervals:
        name = each.name if isinstance(each, State) else None
        if name in ends and each.start_ns <= ends[name]:
            raise EditError("two intervals of presence, or of one state, overlap", where=track.id)
        ends[name] = each.end_ns
