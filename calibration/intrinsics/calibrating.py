"""From photos of a board to a camera: which views, which model, how sure, and what does not agree."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np

from calibration.camera import CameraModel
from calibration.errors import CalibrationError
from calibration.intrinsics.adjusting import Adjusted, Corners, adjust, information_of, refine_pose
from calibration.intrinsics.boards import Board
from calibration.intrinsics.detecting import Seen
from calibration.intrinsics.models import MODELS, TRIED, model_of
from calibration.quaternion import FloatArray

FEWEST_VIEWS: Final = 4
_MOST_VIEWS = 40
_FOLDS = 5
_NEARLY_BEST = 1.1
"""A model that predicts views that it never saw worse than the best one by more than this knows its photos by heart."""
_OUTLIER_SIGMAS = 3.5
_LEAST_OUTLIER_PX = 0.3
_ROUGH, _ROUGH_WIDE = "k1 k2 p1 p2", "kannala_brandt"
"""Models by which views are chosen."""


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
    """camera: the model. sigmas: one standard deviation of each number that was estimated, in the order of covariance
    (P, P). model: which of `models.MODELS`. validation_px: what each model reached on views left out."""

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

    model: one of `models.MODELS`; chosen by cross-validation from `models.TRIED` if none is named. Raises
    CalibrationError for less than four views.
    """
    if len(seen) < FEWEST_VIEWS:
        raise CalibrationError(
            f"the board was found in {len(seen)} photos", do=f"take at least {FEWEST_VIEWS}, from different sides"
        )
    size, asked = (width_px, height_px), TRIED if model is None else (model,)
    names = sorted(seen)
    points = board.points_m
    corners = {name: Corners(points[seen[name].numbers], seen[name].pixels) for name in names}
    rough = _rough(list(corners.values()), size) if model is None else model
    outliers = _outliers(corners, size, rough)
    good = [name for name in names if name not in outliers]
    used = _diverse([corners[name] for name in good], good, size, rough)
    chosen = [corners[name] for name in used]
    tried = _tried(chosen, size, asked)
    validation = {each: _validation_px(chosen, size, each, tried[each]) for each in tried}
    best = _likeliest(tried, validation)
    adjusted = tried[best]
    views = tuple(_view(name, corners[name], adjusted, name in used, name in outliers) for name in names)
    sigmas = np.sqrt(np.diag(adjusted.covariance)).tolist()
    return Calibrated(
        adjusted.camera,
        dict(zip(MODELS[best].names, sigmas, strict=True)),
        adjusted.covariance,
        best,
        adjusted.rms_px,
        validation,
        views,
    )


def _tried(views: Sequence[Corners], size: tuple[int, int], names: Sequence[str]) -> dict[str, Adjusted]:
    """Those that lead anywhere. Raises CalibrationError if none does."""
    tried: dict[str, Adjusted] = {}
    for name in names:
        try:
            tried[name] = adjust(views, *size, model_of(name))
        except CalibrationError:
            if name == names[-1] and not tried:
                raise
    return tried


def _rough(views: Sequence[Corners], size: tuple[int, int]) -> str:
    """Whether the lens is rather one of a camera, or of a fisheye."""
    some = views[:: max(len(views) // _MOST_VIEWS, 1)]
    ends = _tried(some, size, (_ROUGH, _ROUGH_WIDE))
    return min(ends, key=lambda name: ends[name].cost)


def _outliers(corners: Mapping[str, Corners], size: tuple[int, int], rough: str) -> set[str]:
    """Views whose residual stands out of the others', under a camera that all agree on as far as they can."""
    left = dict(corners)
    outliers: set[str] = set()
    while len(left) > FEWEST_VIEWS:
        adjusted = adjust(list(left.values()), *size, model_of(rough))
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


def _diverse(views: Sequence[Corners], names: Sequence[str], size: tuple[int, int], rough: str) -> list[str]:
    """All of them, or of very many those that together say most of the camera: greedily the largest determinant."""
    if len(views) <= _MOST_VIEWS:
        return list(names)
    model = model_of(rough)
    camera = adjust(views[:: max(len(views) // _MOST_VIEWS, 1)], *size, model).camera
    said = [information_of(view, camera, model) for view in views]
    total, chosen = 1e-9 * np.eye(len(model.names)), []
    for _ in range(_MOST_VIEWS):
        rest = [row for row in range(len(views)) if row not in chosen]
        best = max(rest, key=lambda row: float(np.linalg.slogdet(total + said[row])[1]))
        chosen.append(best)
        total = total + said[best]
    return [names[row] for row in sorted(chosen)]


def _validation_px(views: Sequence[Corners], size: tuple[int, int], model: str, whole: Adjusted) -> float:
    """RMS of corners in views that the camera was not estimated from."""
    squares = []
    for fold in range(min(_FOLDS, len(views))):
        kept = [view for row, view in enumerate(views) if row % _FOLDS != fold]
        try:
            camera = adjust(kept, *size, model_of(model), start=whole.camera).camera
        except CalibrationError:
            return float("inf")
        for view in views[fold::_FOLDS]:
            squares.append((refine_pose(view, camera) ** 2).sum(axis=1))
    return float(np.sqrt(np.mean(np.concatenate(squares))))


def _likeliest(tried: Mapping[str, Adjusted], validation: Mapping[str, float]) -> str:
    """Of the models that predict nearly best: Schwarz's criterion (Annals of Statistics 1978)."""
    limit = _NEARLY_BEST * min(validation.values())

    def criterion(name: str) -> float:
        count = 2 * sum(len(each) for each in tried[name].residuals_px)
        return count * 2.0 * float(np.log(tried[name].rms_px)) + len(MODELS[name].names) * float(np.log(count))

    return min((name for name, rms in validation.items() if rms <= limit), key=criterion)


def _view(name: str, corners: Corners, adjusted: Adjusted, used: bool, outlier: bool) -> View:
    residuals = refine_pose(corners, adjusted.camera)
    rms = float(np.sqrt((residuals**2).sum(axis=1).mean()))
    return View(name, rms, corners.pixels, residuals, used, outlier)
