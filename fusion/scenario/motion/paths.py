"""Curves in the world, by the distance travelled along them."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from scipy.interpolate import CubicSpline

from calibration.quaternion import FloatArray
from fusion.scenario.language.actors import PathSpec, Segment

_STEP_M = 0.25
_SHORT_M = 1.0
_FINE_M = 0.05
_LINE_M = 400.0
# The share of a bend, at either end, over which the wheel is turned: curvature has no jumps.
_TURNING_IN = 0.2


@dataclass(frozen=True, slots=True, eq=False)
class Path:
    """A twice differentiable curve that goes on straight beyond its ends.

    positions: spline of x, y, z in the world, metres, over the distance. headings: spline of the heading, radians,
    where it is not the curve's own direction (of a trailer).
    """

    positions: CubicSpline
    headings: CubicSpline | None = None

    @property
    def ends_m(self) -> tuple[float, float]:
        """First and last distance of the curve proper."""
        return float(self.positions.x[0]), float(self.positions.x[-1])

    def at(self, along_m: FloatArray) -> tuple[FloatArray, FloatArray, FloatArray]:
        """Positions (..., 3) in the world, headings and upward slopes (...,) in radians, at distances (...,)."""
        along = np.asarray(along_m, dtype=np.float64)
        inside = np.clip(along, *self.ends_m)
        tangent = self.positions(inside, 1)
        position = self.positions(inside) + (along - inside)[..., None] * tangent
        level = np.hypot(tangent[..., 0], tangent[..., 1])
        heading = np.arctan2(tangent[..., 1], tangent[..., 0]) if self.headings is None else self.headings(inside)
        return position, heading, np.arctan2(tangent[..., 2], level)


def path_of(spec: PathSpec) -> Path:
    """The curve that a scenario describes. Raises ValueError, saying what is wrong, for one that is none."""
    if (spec.from_m is None) == (not spec.waypoints_m):
        raise ValueError("a path needs either from_m or waypoints_m")
    if spec.waypoints_m and spec.segments:
        raise ValueError("a path has either waypoints_m or segments")
    if len(spec.waypoints_m) == 1:
        raise ValueError("a path needs two waypoints_m, or from_m")
    line = _through(spec.waypoints_m) if spec.waypoints_m else _from_start(spec)
    return _by_distance(_swayed(line, spec))


def sampled(path: Path, spacing_m: float = _SHORT_M) -> tuple[FloatArray, FloatArray]:
    """Positions (N, 3) and headings (N,) about every `spacing_m` from end to end."""
    first, last = path.ends_m
    along = np.linspace(first, last, max(2, round((last - first) / spacing_m) + 1))
    position, heading, _ = path.at(along)
    return position, heading


def _from_start(spec: PathSpec) -> FloatArray:
    assert spec.from_m is not None
    start = np.array([*spec.from_m, 0.0][:3])
    heading = np.deg2rad(spec.heading_deg)
    if not spec.segments:
        # Sways are sampled from a line that is long enough; beyond its ends the path goes on straight.
        length = _LINE_M if spec.sway_m else 2.0 * _SHORT_M
        along = np.linspace(0.0, length, 1 + round(length / _STEP_M))
        return np.asarray(start + along[:, None] * np.array([np.cos(heading), np.sin(heading), 0.0]))
    curvature = np.concatenate([_curvature(segment) for segment in spec.segments])
    headings = heading + np.concatenate([[0.0], np.cumsum(curvature)])
    steps = np.concatenate([np.full(_fine_steps(segment), _fine_step(segment)) for segment in spec.segments])
    middles = 0.5 * (headings[:-1] + headings[1:])
    moved = np.stack([steps * np.cos(middles), steps * np.sin(middles), np.zeros(len(steps))], axis=1)
    fine = start + np.concatenate([np.zeros((1, 3)), np.cumsum(moved, axis=0)])
    every = round(_STEP_M / _FINE_M)
    return np.concatenate([fine[:-1:every], fine[-1:]])


def _fine_steps(segment: Segment) -> int:
    return max(4, round(segment.length_m / _FINE_M))


def _fine_step(segment: Segment) -> float:
    return segment.length_m / _fine_steps(segment)


def _curvature(segment: Segment) -> FloatArray:
    """Turn (K,) in each fine step: rises, is constant, falls."""
    count = _fine_steps(segment)
    u = (np.arange(count) + 0.5) / count
    weight = np.clip(np.minimum(u, 1.0 - u) / _TURNING_IN, 0.0, 1.0)
    return np.asarray(np.deg2rad(segment.turn_deg) * weight / weight.sum())


def _through(waypoints_m: tuple[tuple[float, ...], ...]) -> FloatArray:
    points = np.array([[*point, 0.0][:3] for point in waypoints_m], dtype=np.float64)
    chords = np.linalg.norm(np.diff(points, axis=0), axis=1)
    if np.any(chords < 1e-3):
        raise ValueError("two waypoints_m of a path are the same")
    knots = np.concatenate([[0.0], np.cumsum(chords)])
    spline = CubicSpline(knots, points, bc_type="natural")
    return np.asarray(spline(np.linspace(0.0, knots[-1], max(3, round(knots[-1] / _STEP_M) + 1))))


def _swayed(points: FloatArray, spec: PathSpec) -> FloatArray:
    if not spec.sway_m:
        return points
    curve = _by_distance(points)
    along = curve.positions.x
    _, heading, _ = curve.at(along)
    aside = spec.sway_m * np.sin(2.0 * np.pi * along / spec.sway_length_m + np.deg2rad(spec.sway_phase_deg))
    normal = np.stack([-np.sin(heading), np.cos(heading), np.zeros(len(heading))], axis=1)
    return np.asarray(points + aside[:, None] * normal)


def _by_distance(points: FloatArray) -> Path:
    """A spline through points (N, 3), over arc length: twice, since the chords are a little shorter than the arcs."""
    along = np.concatenate([[0.0], np.cumsum(np.linalg.norm(np.diff(points, axis=0), axis=1))])
    spline = CubicSpline(along, points, bc_type="natural")
    middles = 0.5 * (along[:-1] + along[1:])
    speeds = [np.linalg.norm(spline(at, 1), axis=1) for at in (along[:-1], middles, along[1:])]
    arcs = np.diff(along) * (speeds[0] + 4.0 * speeds[1] + speeds[2]) / 6.0  # Simpson's rule
    return Path(CubicSpline(np.concatenate([[0.0], np.cumsum(arcs)]), points, bc_type="natural"))
