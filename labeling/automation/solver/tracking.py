"""From a pose that is known, outwards: predict the next frame, match its points, correct, and so on."""

from __future__ import annotations

from typing import Final

import numba
import numpy as np

from calibration.quaternion import FloatArray
from fusion.samples import Float32Array
from fusion.timeline import Int64Array
from labeling.automation.solver.evidence import HEIGHT, collect
from labeling.automation.solver.lasting import asked_along, asked_by
from labeling.automation.solver.matching import BAND, LAYERS, MARGIN_M, add_to_model, match, value_at
from labeling.automation.solver.smoothing import (
    AXLE,
    WALKS,
    advance,
    difference,
    seen_from,
    seen_slope,
    slope,
    uncertainty,
)

MOST_POINTS: Final = 150
LOWEST_M, ABOVE_M = 0.2, 0.3
"""Points of a thing are looked for from so high above where it stands to so high above its top."""
_TIGHTEST, _WIDEST = (0.15, 0.1, 0.02), (1.2, 0.5, 0.12)
_ENOUGH_FOR_MODEL = 6.0
_GROUND_WITHIN, _MOST_GROUND = 0.4, 8.0
GROUND_BAND = np.array([float(HEIGHT), -0.01, 0.01])


@numba.njit(cache=True)  # type: ignore[untyped-decorator]
def velocity_of(state: FloatArray, motion: FloatArray) -> tuple[float, float]:
    """x and y of the velocity in the world, m/s."""
    if motion[WALKS] > 0.0:
        return state[3], state[4]
    return state[3] * np.cos(state[2]), state[3] * np.sin(state[2])


@numba.njit(cache=True)  # type: ignore[untyped-decorator]
def speed_of(state: FloatArray, motion: FloatArray) -> float:
    """m/s, never negative."""
    if motion[WALKS] > 0.0:
        return float(np.sqrt(state[3] ** 2 + state[4] ** 2))
    return float(abs(state[3]))


@numba.njit(cache=True)  # type: ignore[untyped-decorator]
def asked_of(states: FloatArray, seconds: FloatArray, k: int, body: FloatArray) -> int:
    """What to ask of the points of a frame, as the trajectory goes before and after it."""
    before: int = asked_along(states, seconds, k, -1, 0, body[0])
    after: int = asked_along(states, seconds, k, 1, len(states) - 1, body[0])
    return before | after


@numba.njit(cache=True)  # type: ignore[untyped-decorator]
def look(
    rows: Float32Array,
    starts: Int64Array,
    corner: FloatArray,
    centre: FloatArray,
    body: FloatArray,
    reach: float,
    asked: int,
    points: FloatArray,
) -> int:
    """Points of things around a centre, between the wheels and the roof, to `points` (M, 3) x, y, s, height; how many.

    asked: which of them are none of it, because they were there before it came and after it left; see `lasting`."""
    radius = np.sqrt(body[0] ** 2 + body[1] ** 2) + reach
    count: int = collect(rows, starts, corner, centre, radius, body[BAND : BAND + 3], asked, points)
    return count


@numba.njit(cache=True)  # type: ignore[untyped-decorator]
def deskew(points: FloatArray, count: int, moment: float, vx: float, vy: float) -> None:
    """Bring points (x, y, s) of a moving thing to one moment of the frame, in place."""
    for n in range(count):
        late = points[n, 2] - moment
        points[n, 0] -= vx * late
        points[n, 1] -= vy * late
        points[n, 2] = moment


@numba.njit(cache=True)  # type: ignore[untyped-decorator]
def moment_of(points: FloatArray, count: int, otherwise: float) -> float:
    """The median time of the points, seconds after the frame's middle."""
    return float(np.median(points[:count, 2])) if count else otherwise


@numba.njit(cache=True)  # type: ignore[untyped-decorator]
def ground_within(
    rows: Float32Array, starts: Int64Array, corner: FloatArray, centre: FloatArray, body: FloatArray, points: FloatArray
) -> float:
    """How strongly ground that was seen under a footprint, well inside, speaks against it."""
    inner_x, inner_y = body[0] - 0.4, body[1] - 0.4
    if inner_x <= 0.05 or inner_y <= 0.05 or body[BAND] != HEIGHT:
        return 0.0
    count = collect(rows, starts, corner, centre, inner_x + inner_y, GROUND_BAND, 0, points)
    c, s, total = np.cos(centre[2]), np.sin(centre[2]), 0.0
    for n in range(count):
        dx, dy = points[n, 0] - centre[0], points[n, 1] - centre[1]
        total += abs(c * dx + s * dy) < inner_x and abs(c * dy - s * dx) < inner_y
    return min(_GROUND_WITHIN * total, _MOST_GROUND)


@numba.njit(cache=True)  # type: ignore[untyped-decorator]
def evidence_for(
    rows: Float32Array,
    starts: Int64Array,
    corner: FloatArray,
    eye: FloatArray,
    state: FloatArray,
    moment: float,
    body: FloatArray,
    motion: FloatArray,
    model: FloatArray,
    asked: int,
    points: FloatArray,
) -> float:
    """Log likelihood ratio of the object being there in a frame against its not being there."""
    centre = seen_from(state, motion)
    count = look(rows, starts, corner, centre, body, MARGIN_M, asked, points)
    vx, vy = velocity_of(state, motion)
    deskew(points, count, moment, vx, vy)
    value = max(value_at(points, count, centre, body, eye, model, motion[WALKS] > 0.0), -_MOST_GROUND)
    score: float = value - ground_within(rows, starts, corner, centre, body, points)
    return score


@numba.njit(cache=True)  # type: ignore[untyped-decorator]
def score_all(
    rows: Float32Array,
    starts: Int64Array,
    corners: FloatArray,
    eyes: FloatArray,
    seconds: FloatArray,
    states: FloatArray,
    moments: FloatArray,
    body: FloatArray,
    motion: FloatArray,
    model: FloatArray,
) -> FloatArray:
    """(F,) `evidence_for` the states in every frame."""
    points, scores = np.empty((MOST_POINTS, 4)), np.empty(len(states))
    for k in range(len(states)):
        scores[k] = evidence_for(
            rows, starts[k], corners[k], eyes[k], states[k], moments[k], body, motion, model,
            asked_of(states, seconds, k, body), points,
        )  # fmt: skip
    return scores


@numba.njit(cache=True)  # type: ignore[untyped-decorator]
def score_motions(
    rows: Float32Array,
    starts: Int64Array,
    corners: FloatArray,
    eyes: FloatArray,
    seconds: FloatArray,
    anchor: int,
    reach: int,
    candidates: FloatArray,
    body: FloatArray,
    motion: FloatArray,
    model: FloatArray,
    start_s: float,
) -> FloatArray:
    """(C,) what the frames up to `reach` before and after an anchor say for each candidate state (C, 5) at start_s."""
    points, scores = np.empty((MOST_POINTS, 4)), np.zeros(len(candidates))
    first, last = max(anchor - reach, 0), min(anchor + reach, len(seconds) - 1)
    for c in range(len(candidates)):
        asked = asked_by(speed_of(candidates[c], motion), body[0])
        for k in range(first, last + 1):
            if k == anchor:
                continue
            moment = start_s - seconds[anchor]
            state = advance(candidates[c], seconds[k] + moment - start_s, motion)
            centre = seen_from(state, motion)
            count = look(rows, starts[k], corners[k], centre, body, MARGIN_M, asked, points)
            moment = moment_of(points, count, moment)
            state = advance(candidates[c], seconds[k] + moment - start_s, motion)
            scores[c] += evidence_for(
                rows, starts[k], corners[k], eyes[k], state, moment, body, motion, model, asked, points
            )  # fmt: skip
    return scores


@numba.njit(cache=True)  # type: ignore[untyped-decorator]
def spread_of(state: FloatArray, covariance: FloatArray, motion: FloatArray) -> FloatArray:
    """(3,) standard deviations of a centre along, across and in yaw, no tighter or wider than a search should be."""
    jacobian = seen_slope(state, motion)
    seen = jacobian @ covariance @ jacobian.T
    c, s = np.cos(state[2]), np.sin(state[2])
    along = c * c * seen[0, 0] + 2.0 * c * s * seen[0, 1] + s * s * seen[1, 1]
    across = s * s * seen[0, 0] - 2.0 * c * s * seen[0, 1] + c * c * seen[1, 1]
    variances = (along, across, seen[2, 2])
    result = np.empty(3)
    for a in range(3):
        result[a] = min(max(np.sqrt(max(variances[a], 0.0)), _TIGHTEST[a]), _WIDEST[a])
    if motion[WALKS] > 0.0:
        result[1] = min(max(np.sqrt(max(across, 0.0)), _TIGHTEST[0]), 0.8)
        result[0] = min(result[0], 0.8)
    return result


@numba.njit(cache=True)  # type: ignore[untyped-decorator]
def track_from(
    rows: Float32Array,
    starts: Int64Array,
    corners: FloatArray,
    eyes: FloatArray,
    seconds: FloatArray,
    moments: FloatArray,
    anchor: int,
    last: int,
    start: FloatArray,
    start_covariance: FloatArray,
    body: FloatArray,
    motion: FloatArray,
    model: FloatArray,
    states: FloatArray,
    means: FloatArray,
    information: FloatArray,
    support: FloatArray,
) -> None:
    """From the anchor's state to the frame `last`, whichever way that lies; what each frame says is written to its row
    of states (F, 5), moments (F,), means (F, 3), information (F, 3, 3) and support (F,). The model grows on the way."""
    step = 1 if last >= anchor else -1
    points = np.empty((MOST_POINTS, 4))
    state, covariance = start.copy(), np.ascontiguousarray(start_covariance)
    now, moment = seconds[anchor] + moments[anchor], moments[anchor]
    walks = motion[WALKS] > 0.0
    for k in range(anchor + step, last + step, step):
        dt = seconds[k] + moment - now
        ahead = advance(state, dt, motion)
        states[k] = ahead
        asked = asked_by(speed_of(ahead, motion), body[0]) | asked_along(states, seconds, k, -step, anchor, body[0])
        count = look(rows, starts[k], corners[k], seen_from(ahead, motion), body, 2.5, asked, points)
        moment = moment_of(points, count, moment)
        dt = seconds[k] + moment - now
        jacobian = slope(state, dt, motion)
        carried = jacobian @ np.ascontiguousarray(covariance) @ np.ascontiguousarray(jacobian.T)
        covariance = carried + uncertainty(state, dt, motion)
        state, now, moments[k] = advance(state, dt, motion), seconds[k] + moment, moment
        vx, vy = velocity_of(state, motion)
        deskew(points, count, moment, vx, vy)
        spread = spread_of(state, covariance, motion)
        support[k] = match(
            points, count, seen_from(state, motion), spread, body, eyes[k], model, walks, means[k], information[k]
        )  # fmt: skip
        state, covariance = _corrected(state, covariance, means[k], information[k], motion)
        states[k] = state
        if support[k] > _ENOUGH_FOR_MODEL and not walks and spread[0] < 0.5:
            add_to_model(points, count, seen_from(state, motion), body, model)


@numba.njit(cache=True)  # type: ignore[untyped-decorator]
def _corrected(
    state: FloatArray, covariance: FloatArray, mean: FloatArray, information: FloatArray, motion: FloatArray
) -> tuple[FloatArray, FloatArray]:
    off = difference(mean, seen_from(state, motion))
    jacobian = seen_slope(state, motion)
    after = np.linalg.inv(np.linalg.inv(covariance + 1e-10 * np.eye(5)) + jacobian.T @ information @ jacobian)
    return state + after @ (jacobian.T @ (information @ off)), after


@numba.njit(cache=True, nogil=True)  # type: ignore[untyped-decorator]
def match_again(
    rows: Float32Array,
    starts: Int64Array,
    corners: FloatArray,
    eyes: FloatArray,
    seconds: FloatArray,
    states: FloatArray,
    covariances: FloatArray,
    moments: FloatArray,
    certain: FloatArray,
    body: FloatArray,
    motion: FloatArray,
    model: FloatArray,
    means: FloatArray,
    information: FloatArray,
    support: FloatArray,
    frames: Int64Array,
) -> None:
    """What frames without a person's pose say around the smoothed states, each by itself."""
    points = np.empty((MOST_POINTS, 4))
    for k in frames:
        if certain[k] > 0.0:
            continue
        centre, spread = seen_from(states[k], motion), spread_of(states[k], covariances[k], motion)
        count = look(rows, starts[k], corners[k], centre, body, 2.0, asked_of(states, seconds, k, body), points)
        vx, vy = velocity_of(states[k], motion)
        deskew(points, count, moments[k], vx, vy)
        support[k] = match(
            points, count, centre, spread, body, eyes[k], model, motion[WALKS] > 0.0, means[k], information[k]
        )  # fmt: skip


@numba.njit(cache=True)  # type: ignore[untyped-decorator]
def model_of(
    rows: Float32Array,
    starts: Int64Array,
    corners: FloatArray,
    seconds: FloatArray,
    states: FloatArray,
    moments: FloatArray,
    chosen: Int64Array,
    body: FloatArray,
    motion: FloatArray,
) -> FloatArray:
    """The object's model from its points in the chosen frames."""
    shape = (int(2.0 * body[0] / 0.1) + 1, int(2.0 * body[1] / 0.1) + 1, LAYERS)
    model, points = np.zeros(shape), np.empty((4 * MOST_POINTS, 4))
    if motion[WALKS] > 0.0:
        return model
    for k in chosen:
        centre = seen_from(states[k], motion)
        count = look(rows, starts[k], corners[k], centre, body, 0.3, asked_of(states, seconds, k, body), points)
        vx, vy = velocity_of(states[k], motion)
        deskew(points, count, moments[k], vx, vy)
        add_to_model(points, count, centre, body, model)
    return model


@numba.njit(cache=True)  # type: ignore[untyped-decorator]
def state_at(centre: FloatArray, motion: FloatArray) -> FloatArray:
    """The standing state whose cuboid has its centre at x, y, yaw."""
    state = np.zeros(5)
    state[0] = centre[0] - motion[AXLE] * np.cos(centre[2])
    state[1] = centre[1] - motion[AXLE] * np.sin(centre[2])
    state[2] = centre[2]
    return state
