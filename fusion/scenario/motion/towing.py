"""Trailers: what hangs on a hitch runs in the curve of least effort, the tractrix."""

from __future__ import annotations

import numpy as np
from scipy.interpolate import CubicSpline

from calibration.quaternion import FloatArray
from fusion.scenario.language.actors import Tow
from fusion.scenario.motion.paths import Path

_STEP_M = 0.1


def towed_path(path: Path, tow: Tow, from_m: float, to_m: float) -> Path:
    """The trailer's path by the distance that its *tractor* has travelled, between two of those distances.

    The trailer starts in line with its tractor. Its axle never moves sideways: the heading follows
    d(heading)/ds = cross(direction of the trailer, motion of the hitch) / drawbar, integrated by Heun's method.
    """
    along = np.linspace(from_m, to_m, max(8, round((to_m - from_m) / _STEP_M) + 1))
    position, heading, _ = path.at(along)
    forward = np.stack([np.cos(heading), np.sin(heading)], axis=1)
    hitch = position.copy()
    hitch[:, :2] -= tow.hitch_m * forward
    headings = _followed(heading[0], np.diff(hitch[:, :2], axis=0), tow.drawbar_m)
    behind = tow.hang_m - tow.drawbar_m
    centre = hitch.copy()
    centre[:, :2] += behind * np.stack([np.cos(headings), np.sin(headings)], axis=1)
    return Path(CubicSpline(along, centre), CubicSpline(along, headings))


def _followed(heading_rad: float, moved: FloatArray, drawbar_m: float) -> FloatArray:
    """(N + 1,) headings, from the first on, while the hitch moves by (N, 2)."""
    headings = [float(heading_rad)]
    for dx, dy in moved.tolist():
        now = headings[-1]
        first = (np.cos(now) * dy - np.sin(now) * dx) / drawbar_m
        then = now + first
        second = (np.cos(then) * dy - np.sin(then) * dx) / drawbar_m
        headings.append(float(now + 0.5 * (first + second)))
    return np.array(headings)
