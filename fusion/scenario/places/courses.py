"""Lines that long props follow, and what is drawn along them: ribbons, swept profiles, things one after the other."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import pairwise

import numpy as np
import numpy.typing as npt

from calibration import RigidTransform
from calibration.quaternion import FloatArray
from fusion.scenario.language.place import PropSpec
from fusion.scenario.places.prop import PathMaker, place_of
from fusion.scenario.solids.lofts import loft
from fusion.scenario.solids.materials import Surface
from fusion.scenario.solids.meshes import Mesh, join
from fusion.scenario.world import Prop

_CHUNK_M = 90.0
_STRAIGHT_WITHIN_M = 0.001


@dataclass(frozen=True, slots=True, eq=False)
class Course:
    """A line in the world. points_m: (N, 3); headings_rad: (N,); along_m: (N,) distance from its start."""

    points_m: FloatArray
    headings_rad: FloatArray
    along_m: FloatArray

    @staticmethod
    def through(points_m: FloatArray, headings_rad: FloatArray) -> Course:
        """Points (N, 3) with headings (N,), N at least 2."""
        steps = np.linalg.norm(np.diff(points_m, axis=0), axis=1)
        return Course(points_m, np.unwrap(headings_rad), np.concatenate([[0.0], np.cumsum(steps)]))

    @staticmethod
    def of(spec: PropSpec, paths: PathMaker | None, *, length_m: float) -> Course:
        """The path of the spec, moved by its place; without a path, a straight line about its place.

        length_m: of that line, unless the spec has a size.
        """
        place = place_of(spec)
        if spec.path is not None and paths is not None:
            points, headings = paths(spec.path)
            return Course.through(place.apply(points), headings + np.deg2rad(spec.yaw_deg))
        half = 0.5 * (length_m if spec.size_m is None else spec.size_m[0])
        x = np.linspace(-half, half, max(int(np.ceil(2.0 * half)) + 1, 2))
        points = place.apply(np.stack([x, np.zeros_like(x), np.zeros_like(x)], axis=-1))
        return Course.through(points, np.full(len(x), np.deg2rad(spec.yaw_deg)))

    @property
    def length_m(self) -> float:
        """From start to end."""
        return float(self.along_m[-1])

    def at(self, along_m: npt.ArrayLike) -> tuple[FloatArray, FloatArray]:
        """Points (S, 3) and headings (S,) at distances (S,) from the start."""
        along = np.asarray(along_m, dtype=np.float64)
        points = [np.interp(along, self.along_m, self.points_m[:, axis]) for axis in range(3)]
        return np.stack(points, axis=-1), np.interp(along, self.along_m, self.headings_rad)

    def beside(self, left_m: float) -> Course:
        """The line at a distance to the left of this one."""
        return Course.through(self.points_m + left_m * self.left(), self.headings_rad)

    def left(self) -> FloatArray:
        """(N, 3) unit vectors to the left, level."""
        zero = np.zeros_like(self.headings_rad)
        return np.stack([-np.sin(self.headings_rad), np.cos(self.headings_rad), zero], axis=-1)

    def chunks(self) -> Iterator[Course]:
        """Pieces of at most about 90 m that share their ends: meshes far from their own origin lose precision."""
        count = max(int(np.ceil(self.length_m / _CHUNK_M)), 1)
        cuts = np.linspace(0.0, self.length_m, count + 1)
        for start, end in pairwise(cuts):
            yield self.between(float(start), float(end))

    def between(self, start_m: float, end_m: float) -> Course:
        """The piece between two distances from the start, both within the course."""
        inner = self.along_m[(self.along_m > start_m + 1e-3) & (self.along_m < end_m - 1e-3)]
        along = np.concatenate([[start_m], inner, [end_m]])
        return Course(*self.at(along), along - start_m)

    def thinned(self) -> Course:
        """Without the points that lie on the straight line between others, to a millimetre."""
        kept = np.flatnonzero(_bends(self.points_m))
        return Course(self.points_m[kept], self.headings_rad[kept], self.along_m[kept])

    def frame(self) -> RigidTransform:
        """`world_from_piece` with its origin at the start of this piece, x ahead."""
        return RigidTransform.from_yaw(float(self.headings_rad[0]), self.points_m[0])

    def places(self, step_m: float, *, left_m: float = 0.0, turn_rad: float = 0.0) -> list[RigidTransform]:
        """`world_from_thing` of things every step_m, to the left of the line and turned away from its heading."""
        count = max(int(self.length_m / step_m), 1)
        points, headings = self.beside(left_m).at_share((np.arange(count) + 0.5) / count)
        return [RigidTransform.from_yaw(h + turn_rad, p) for p, h in zip(points, headings, strict=True)]

    def at_share(self, share: FloatArray) -> tuple[FloatArray, FloatArray]:
        """As `at`, at shares (S,) of the length."""
        return self.at(share * self.length_m)


def _bends(points_m: FloatArray) -> npt.NDArray[np.bool_]:
    """(N,) which points a line through (N, 3) needs (D. H. Douglas and T. K. Peucker, 1973)."""
    kept = np.zeros(len(points_m), dtype=np.bool_)
    kept[[0, -1]] = True
    spans = [(0, len(points_m) - 1)]
    while spans:
        first, last = spans.pop()
        off = _off_line(points_m[first + 1 : last], points_m[first], points_m[last])
        if len(off) and off.max() > _STRAIGHT_WITHIN_M:
            split = first + 1 + int(off.argmax())
            kept[split] = True
            spans += [(first, split), (split, last)]
    return kept


def _off_line(points_m: FloatArray, start_m: FloatArray, end_m: FloatArray) -> FloatArray:
    along = (end_m - start_m) / max(float(np.linalg.norm(end_m - start_m)), 1e-9)
    out = points_m - start_m
    return np.asarray(np.linalg.norm(out - (out @ along)[:, None] * along, axis=1))


def sides(spec: PropSpec) -> tuple[float, ...]:
    """How far to the left of its line something stands: on it, or with a width_m, at both sides of a road so wide."""
    return (0.0,) if spec.width_m is None else (0.5 * spec.width_m, -0.5 * spec.width_m)


def swept(
    course: Course,
    profile_m: Sequence[tuple[float, float]],
    surface: Surface,
    *,
    closed: bool = True,
) -> tuple[Prop, ...]:
    """A profile (left, up) drawn along a course; closed: it is the outline of a solid, whose ends are closed too."""
    return tuple(Prop(_swept(piece, profile_m, surface, closed=closed), piece.frame()) for piece in course.chunks())


def _swept(piece: Course, profile_m: Sequence[tuple[float, float]], surface: Surface, *, closed: bool) -> Mesh:
    profile, piece = np.asarray(profile_m, dtype=np.float64), piece.thinned()
    sections = piece.points_m[:, None] + profile[None, :, :1] * piece.left()[:, None]
    sections[:, :, 2] += profile[None, :, 1]
    local = piece.frame().inverse().apply(sections.reshape(-1, 3)).reshape(sections.shape)
    return loft(local, [surface], closed=closed, caps=surface if closed else None)


def ribbon(course: Course, left_m: tuple[float, float], up_m: float, surface: Surface) -> tuple[Prop, ...]:
    """A flat strip between two distances to the left of a course."""
    return swept(course, ((left_m[0], up_m), (left_m[1], up_m)), surface, closed=False)


def dashes(
    course: Course, left_m: tuple[float, float], up_m: float, surface: Surface, rhythm_m: tuple[float, float]
) -> tuple[Prop, ...]:
    """A ribbon with gaps; rhythm_m: length of a dash, and from one to the next."""
    dash, step = rhythm_m
    starts = np.arange(0.0, max(course.length_m - dash, 0.0) + 1e-6, step)
    pieces = [course.between(float(s), min(float(s) + dash, course.length_m)) for s in starts]
    profile = ((left_m[0], up_m), (left_m[1], up_m))
    return gathered([(_swept(piece, profile, surface, closed=False), piece.frame()) for piece in pieces])


def gathered(things: Sequence[tuple[Mesh, RigidTransform]]) -> tuple[Prop, ...]:
    """Small things that lie within a chunk of one another, as one prop in the frame of the first."""
    props: list[Prop] = []
    group: list[tuple[Mesh, RigidTransform]] = []
    for mesh, pose in things:
        if group and np.linalg.norm(pose.translation - group[0][1].translation) > _CHUNK_M:
            props.append(_joined(group))
            group = []
        group.append((mesh, pose))
    return (*props, _joined(group)) if group else tuple(props)


def _joined(group: Sequence[tuple[Mesh, RigidTransform]]) -> Prop:
    frame = group[0][1]
    back = frame.inverse()
    return Prop(join([mesh.placed(back * pose) for mesh, pose in group]), frame)
