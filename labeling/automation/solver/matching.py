"""Where do the points of a frame say that the object is? Answered with a mean and a full information matrix.

All poses around the predicted one are tried, the points valued under each (Olson, "Real-time correlative scan
matching", ICRA 2009), and the mean and spread of the posterior are taken. So a side that no beam met stays loose by
itself, two possible places make a wide answer, and few points say little.
"""

from __future__ import annotations

from typing import Final

import numba
import numpy as np

from calibration.quaternion import FloatArray

BAND: Final = 3
AGAINST: Final = 6
"""A body (7,): half length, width, height; the column of the evidence's rows that tells its points by height, and
between which values they lie; and how much a point beside it speaks against it."""
MARGIN_M: Final = 0.9
"""Points farther outside of the cuboid than this say nothing about it."""
MODEL_CELL_M: Final = 0.1
LAYERS: Final = 3
"""Of the model, by height: a bumper is not a rear window."""
_INSIDE_M, _SIDE_SIGMA_M = 0.12, 0.15
"""People draw cuboids around mirrors and bumpers: points lie 0.1 to 0.2 m inside of the sides."""
_WITHIN = 0.25
_MODEL_SHARE = 2.0
_MOST_EVIDENCE = 25.0
"""Neighbouring points share their errors: a thousand of them know no more than so many that were independent."""
_STEPS, _FEWEST_STEPS, _FINEST = (10, 6, 3), (7, 4, 2), (0.06, 0.06, 0.03)
"""To each side along, across and in yaw: as many as needed for steps of so many metres and radians, within limits."""
_LEAST_KNOWN = 0.1


@numba.njit(cache=True, inline="always")  # type: ignore[untyped-decorator]
def layer_of(height: float) -> int:
    """The layer of the model for a height between 0 and 1 of the body's band."""
    return min(int(height * LAYERS), LAYERS - 1)


@numba.njit(cache=True, inline="always")  # type: ignore[untyped-decorator]
def value_of(
    x: float, y: float, layer: int, body: FloatArray, eye_x: float, eye_y: float, model: FloatArray, person: bool
) -> float:
    """What a point at (x, y) in a layer of the object's frame says for the object: about 1 on a side that the eye sees,
    less within, against it just outside, nothing beyond."""
    if person:
        a, b = max(0.6 * body[0], 0.2), max(0.6 * body[1], 0.2)
        rho = (x / a) ** 2 + (y / b) ** 2
        blob: float = (1.0 + body[AGAINST]) * np.exp(-0.5 * rho) - body[AGAINST] if rho < 16.0 else 0.0
        return blob
    outside = max(abs(x) - body[0], abs(y) - body[1])
    if outside > MARGIN_M:
        return 0.0
    if outside > 0.25:
        against: float = -body[AGAINST] * (1.0 - (outside - 0.25) / (MARGIN_M - 0.25))
        return against
    edge: float = _WITHIN + (1.0 - _WITHIN) * np.exp(-0.5 * (_INSIDE_M / _SIDE_SIGMA_M) ** 2)
    if outside > 0.0:
        falling: float = edge - (edge + body[AGAINST]) * outside / 0.25
        return falling
    depth = 1e3
    if eye_x > body[0]:
        depth = min(depth, body[0] - x)
    if eye_x < -body[0]:
        depth = min(depth, body[0] + x)
    if eye_y > body[1]:
        depth = min(depth, body[1] - y)
    if eye_y < -body[1]:
        depth = min(depth, body[1] + y)
    off = (depth - _INSIDE_M) / _SIDE_SIGMA_M
    bell = 1.0 - 0.125 * off * off  # its fourth power is a bell like that of Gauss, and takes a tenth of the time
    value = _WITHIN + (1.0 - _WITHIN) * (bell * bell) * (bell * bell) if bell > 0.0 else _WITHIN
    i, j = int((x + body[0]) / MODEL_CELL_M), int((y + body[1]) / MODEL_CELL_M)
    if i < model.shape[0] and j < model.shape[1]:
        value += _MODEL_SHARE * model[i, j, layer]
    return value


@numba.njit(cache=True)  # type: ignore[untyped-decorator]
def value_at(
    points: FloatArray, count: int, pose: FloatArray, body: FloatArray, eye: FloatArray, model: FloatArray, person: bool
) -> float:
    """What all points together say for a pose (x, y, yaw), as a log likelihood ratio against an empty place."""
    c, s = np.cos(pose[2]), np.sin(pose[2])
    eye_x, eye_y = c * (eye[0] - pose[0]) + s * (eye[1] - pose[1]), c * (eye[1] - pose[1]) - s * (eye[0] - pose[0])
    total, mine = 0.0, 0
    for n in range(count):
        dx, dy = points[n, 0] - pose[0], points[n, 1] - pose[1]
        value = value_of(c * dx + s * dy, c * dy - s * dx, layer_of(points[n, 3]), body, eye_x, eye_y, model, person)
        total += value
        mine += value > 0.0
    return total * min(1.0, _MOST_EVIDENCE / max(mine, 1))


@numba.njit(cache=True)  # type: ignore[untyped-decorator]
def match(
    points: FloatArray,
    count: int,
    predicted: FloatArray,
    spread: FloatArray,
    body: FloatArray,
    eye: FloatArray,
    model: FloatArray,
    person: bool,
    mean: FloatArray,
    information: FloatArray,
) -> float:
    """Mean (x, y, yaw) and information (3, 3) of what the points (count, 2 or more) say around a predicted pose.

    spread: (3,) standard deviations along, across and in yaw of the prediction: three of them are searched. Returns the
    log likelihood ratio of the best pose; 0 with no information where the points say nothing.
    """
    along, across, turn = _steps(spread[0], 0), _steps(spread[1], 1), _steps(spread[2], 2)
    values = np.empty((2 * along + 1, 2 * across + 1, 2 * turn + 1))
    steps = 3.0 * spread / np.array([float(along), float(across), float(turn)])
    mean[:] = predicted
    information[:] = 0.0
    if count == 0:
        return 0.0
    _value_all(points, count, predicted, steps, body, eye, model, person, values)
    best = values.max()
    scale = min(1.0, _MOST_EVIDENCE / count)
    if best * scale <= 0.5:
        return 0.0
    _moments(values, scale, predicted, steps, spread, mean, information)
    said: float = best * scale
    return said


@numba.njit(cache=True)  # type: ignore[untyped-decorator]
def _steps(spread: float, axis: int) -> int:
    return min(max(int(np.ceil(3.0 * spread / _FINEST[axis])), _FEWEST_STEPS[axis]), _STEPS[axis])


@numba.njit(cache=True)  # type: ignore[untyped-decorator]
def _value_all(
    points: FloatArray,
    count: int,
    predicted: FloatArray,
    steps: FloatArray,
    body: FloatArray,
    eye: FloatArray,
    model: FloatArray,
    person: bool,
    values: FloatArray,
) -> None:
    for k in range(values.shape[2]):
        yaw = predicted[2] + (k - values.shape[2] // 2) * steps[2]
        c, s = np.cos(yaw), np.sin(yaw)
        dx, dy = eye[0] - predicted[0], eye[1] - predicted[1]
        eye_x, eye_y = c * dx + s * dy, c * dy - s * dx
        values[:, :, k] = 0.0
        for n in range(count):
            dx, dy = points[n, 0] - predicted[0], points[n, 1] - predicted[1]
            x, y = c * dx + s * dy, c * dy - s * dx
            layer = layer_of(points[n, 3])
            low, high = _within(x, body[0] + MARGIN_M, steps[0], values.shape[0])
            left, right = _within(y, body[1] + MARGIN_M, steps[1], values.shape[1])
            for i in range(low, high):
                u = (i - values.shape[0] // 2) * steps[0]
                for j in range(left, right):
                    v = (j - values.shape[1] // 2) * steps[1]
                    values[i, j, k] += value_of(x - u, y - v, layer, body, eye_x - u, eye_y - v, model, person)


@numba.njit(cache=True, inline="always")  # type: ignore[untyped-decorator]
def _within(place: float, reach: float, step: float, count: int) -> tuple[int, int]:
    """Which of the offsets (i - count // 2) step bring a place within reach of 0: from, and up to."""
    first = int(np.ceil((place - reach) / step)) + count // 2
    last = int(np.floor((place + reach) / step)) + count // 2
    return max(first, 0), min(last + 1, count)


@numba.njit(cache=True)  # type: ignore[untyped-decorator]
def _moments(
    values: FloatArray,
    scale: float,
    predicted: FloatArray,
    steps: FloatArray,
    spread: FloatArray,
    mean: FloatArray,
    information: FloatArray,
) -> None:
    """The posterior's mean and covariance under the prediction, and the prediction taken out again."""
    best = values.max() * scale
    nothing = np.exp(-best)  # the points may be another's: then the prediction stands
    total, first, second = 0.0, np.zeros(3), np.zeros((3, 3))
    offset = np.empty(3)
    for i in range(values.shape[0]):
        offset[0] = (i - values.shape[0] // 2) * steps[0] / spread[0]
        for j in range(values.shape[1]):
            offset[1] = (j - values.shape[1] // 2) * steps[1] / spread[1]
            for k in range(values.shape[2]):
                offset[2] = (k - values.shape[2] // 2) * steps[2] / spread[2]
                prior = offset[0] ** 2 + offset[1] ** 2 + offset[2] ** 2
                weight = (np.exp(values[i, j, k] * scale - best) + nothing) * np.exp(-0.5 * prior)
                total += weight
                for a in range(3):
                    first[a] += weight * offset[a]
                    for b in range(3):
                        second[a, b] += weight * offset[a] * offset[b]
    first /= total
    covariance = second / total - np.outer(first, first)
    for a in range(3):
        covariance[a, a] += (steps[a] / spread[a]) ** 2 / 12.0 + 1e-4
    # In units of the prediction's spread it knew 1: what the posterior knows beyond that is what the points say.
    posterior = np.linalg.inv(covariance)
    known, vectors = np.linalg.eigh(posterior - np.eye(3))
    moved = vectors.T @ (posterior @ first)
    centre, local = np.zeros(3), np.zeros((3, 3))
    for a in range(3):
        if known[a] > _LEAST_KNOWN:
            centre += vectors[:, a] * min(max(moved[a] / known[a], -3.0), 3.0)
            local += known[a] * np.outer(vectors[:, a], vectors[:, a])
    c, s = np.cos(predicted[2]), np.sin(predicted[2])
    mean[0] = predicted[0] + c * centre[0] * spread[0] - s * centre[1] * spread[1]
    mean[1] = predicted[1] + s * centre[0] * spread[0] + c * centre[1] * spread[1]
    mean[2] = predicted[2] + centre[2] * spread[2]
    scaled = np.array(
        [[c / spread[0], -s / spread[1], 0.0], [s / spread[0], c / spread[1], 0.0], [0.0, 0.0, 1.0 / spread[2]]]
    )
    information[:] = scaled @ local @ scaled.T


@numba.njit(cache=True)  # type: ignore[untyped-decorator]
def add_to_model(points: FloatArray, count: int, pose: FloatArray, body: FloatArray, model: FloatArray) -> None:
    """Lay the points of a frame into the object's model (cells of `MODEL_CELL_M`, 1 where points were, less around)."""
    c, s = np.cos(pose[2]), np.sin(pose[2])
    for n in range(count):
        dx, dy = points[n, 0] - pose[0], points[n, 1] - pose[1]
        x, y = (c * dx + s * dy + body[0]) / MODEL_CELL_M, (c * dy - s * dx + body[1]) / MODEL_CELL_M
        if not (0.0 <= x < model.shape[0] and 0.0 <= y < model.shape[1]):
            continue
        layer = layer_of(points[n, 3])
        for i in range(max(int(x) - 2, 0), min(int(x) + 3, model.shape[0])):
            for j in range(max(int(y) - 2, 0), min(int(y) + 3, model.shape[1])):
                apart = (i + 0.5 - x) ** 2 + (j + 0.5 - y) ** 2
                model[i, j, layer] = max(model[i, j, layer], np.exp(-0.5 * apart))
