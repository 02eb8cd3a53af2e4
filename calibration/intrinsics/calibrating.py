"""From photos of a board to a camera: which views, which model, how sure, and what does not agree."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np
import numpy.typing as npt

from calibration.camera import BrownConrady, CameraModel, Pinhole
from calibration.errors import CalibrationError
from calibration.intrinsics.adjusting import NAMES, Adjusted, Corners, adjust, information_of, pose_of, refine_pose
from calibration.intrinsics.boards import Board
from calibration.intrinsics.detecting import Seen
from calibration.quaternion import FloatArray

FEWEST_VIEWS: Final = 4
_MOST_VIEWS = 40
_FOLDS = 5
_NEARLY_BEST = 1.1
"""A model that predicts views that it never saw worse than the best one by more than this knows its photos by heart."""
_OUTLIER_SIGMAS = 3.5
_LEAST_OUTLIER_PX = 0.3
MODELS: Final[Mapping[str, tuple[str, ...]]] = {
    "pinhole": (),
    "k1": ("k1",),
    "k1 k2": ("k1", "k2"),
    "k1 k2 p1 p2": ("k1", "k2", "p1", "p2"),
    "k1 k2 p1 p2 k3": ("k1", "k2", "p1", "p2", "k3"),
}


@dataclass(frozen=True, slots=True, eq=False)
class View:
    """A photo. rms_px: of its corners under the camera; residuals_px: (N, 2); pixels: (N, 2).

    used: it was estimated from; outlier: it does not agree with the others.
    """

    name: str
    rms_px: float
    pixels: FloatArray
    residuals_px: FloatArray
    used: bool
    outlier: bool


@dataclass(frozen=True, slots=True, eq=False)
class Calibrated:
    """camera: the model. sigmas: one standard deviation of each parameter that was estimated. covariance: (9, 9) in the
    order of `adjusting.NAMES`. model: which of `MODELS`. validation_px: what each model reached on views left out."""

    camera: CameraModel
    sigmas: Mapping[str, float]
    covariance: FloatArray
    model: str
    rms_px: float
    validation_px: Mapping[str, float]
    views: tuple[View, ...]


def calibrate(
    seen: Mapping[str, Seen], board: Board, width_px: int, height_px: int, *, model: str | None = None
) -> Calibrated:
    """The camera that explains what was seen (by name of the photo), by the simplest model that predicts well.

    model: one of `MODELS`; chosen by cross-validation if none is named. Raises CalibrationError for less than four
    views.
    """
    if len(seen) < FEWEST_VIEWS:
        raise CalibrationError(
            f"the board was found in {len(seen)} photos", do=f"take at least {FEWEST_VIEWS}, from different sides"
        )
    names = sorted(seen)
    points = board.points_m
    corners = {name: Corners(points[seen[name].numbers], seen[name].pixels) for name in names}
    outliers = _outliers(corners, width_px, height_px)
    good = [name for name in names if name not in outliers]
    used = _diverse([corners[name] for name in good], good, width_px, height_px)
    chosen = [corners[name] for name in used]
    tried = {each: adjust(chosen, width_px, height_px, _free(each)) for each in (MODELS if model is None else (model,))}
    validation = {each: _validation_px(chosen, width_px, height_px, each, tried[each]) for each in tried}
    best = _likeliest(tried, validation)
    adjusted = tried[best]
    views = tuple(_view(name, corners[name], adjusted, name in used, name in outliers) for name in names)
    sigmas = dict(zip(NAMES, np.sqrt(np.diag(adjusted.covariance)).tolist(), strict=True))
    return Calibrated(
        _camera_of(adjusted.parameters, width_px, height_px, best),
        {name: sigma for name, sigma in sigmas.items() if sigma > 0.0},
        adjusted.covariance,
        best,
        adjusted.rms_px,
        validation,
        views,
    )


def _free(model: str) -> npt.NDArray[np.bool_]:
    return np.array([name in NAMES[:4] or name in MODELS[model] for name in NAMES])


def _outliers(corners: Mapping[str, Corners], width_px: int, height_px: int) -> set[str]:
    """Views whose residual stands out of the others', under a camera that all agree on as far as they can."""
    left = dict(corners)
    outliers: set[str] = set()
    while len(left) > FEWEST_VIEWS:
        adjusted = adjust(list(left.values()), width_px, height_px, _free("k1 k2 p1 p2"))
        rms = np.array([np.sqrt((each**2).sum(axis=1).mean()) for each in adjusted.residuals_px])
        middle = float(np.median(rms))
        spread = 1.4826 * float(np.median(np.abs(rms - middle))) + 0.1 * middle
        worst = int(np.argmax(rms))
        if rms[worst] < middle + max(_OUTLIER_SIGMAS * spread, _LEAST_OUTLIER_PX):
            break
        name = list(left)[worst]
        outliers.add(name)
        del left[name]
    return outliers


def _diverse(views: Sequence[Corners], names: Sequence[str], width_px: int, height_px: int) -> list[str]:
    """All of them, or of very many those that together say most of the camera: greedily the largest determinant."""
    if len(views) <= _MOST_VIEWS:
        return list(names)
    free = _free("k1 k2 p1 p2")
    rough = adjust(views[:: max(len(views) // _MOST_VIEWS, 1)], width_px, height_px, free).parameters
    said = [information_of(view, rough, pose_of(view, rough), free) for view in views]
    total, chosen = 1e-9 * np.eye(int(free.sum())), []
    for _ in range(_MOST_VIEWS):
        rest = [row for row in range(len(views)) if row not in chosen]
        best = max(rest, key=lambda row: float(np.linalg.slogdet(total + said[row])[1]))
        chosen.append(best)
        total = total + said[best]
    return [names[row] for row in sorted(chosen)]


def _validation_px(views: Sequence[Corners], width_px: int, height_px: int, model: str, whole: Adjusted) -> float:
    """RMS of corners in views that the camera was not estimated from."""
    squares = []
    for fold in range(min(_FOLDS, len(views))):
        kept = [view for row, view in enumerate(views) if row % _FOLDS != fold]
        start = float(whole.parameters[0])
        parameters = adjust(kept, width_px, height_px, _free(model), focal_px=start).parameters
        for view in views[fold::_FOLDS]:
            squares.append((refine_pose(view, parameters) ** 2).sum(axis=1))
    return float(np.sqrt(np.mean(np.concatenate(squares))))


def _likeliest(tried: Mapping[str, Adjusted], validation: Mapping[str, float]) -> str:
    """Of the models that predict nearly best: Schwarz's criterion (Annals of Statistics 1978)."""
    limit = _NEARLY_BEST * min(validation.values())

    def criterion(name: str) -> float:
        count = 2 * sum(len(each) for each in tried[name].residuals_px)
        return count * 2.0 * float(np.log(tried[name].rms_px)) + int(_free(name).sum()) * float(np.log(count))

    return min((name for name, rms in validation.items() if rms <= limit), key=criterion)


def _camera_of(parameters: FloatArray, width_px: int, height_px: int, model: str) -> CameraModel:
    fx, fy, cx, cy, *distortion = (float(each) for each in parameters)
    if model == "pinhole":
        return Pinhole(width_px, height_px, fx, fy, cx, cy)
    k1, k2, p1, p2, k3 = distortion
    return BrownConrady(width_px, height_px, fx, fy, cx, cy, k1, k2, p1, p2, k3)


def _view(name: str, corners: Corners, adjusted: Adjusted, used: bool, outlier: bool) -> View:
    residuals = refine_pose(corners, adjusted.parameters)
    rms = float(np.sqrt((residuals**2).sum(axis=1).mean()))
    return View(name, rms, corners.pixels, residuals, used, outlier)
