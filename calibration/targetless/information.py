"""How much the kind of a pair says of the step of brightness between its two places in a photo, in bits.

Mutual information needs no model of what looks how (P. Viola and W. Wells, "Alignment by maximization of mutual
information", IJCV 1997; for LiDAR and camera G. Pandey et al., JFR 2015, on intensity and grey level; here on steps,
which light and shadow change less).
"""

from __future__ import annotations

from typing import Final

import numba
import numpy as np
import numpy.typing as npt
from scipy.ndimage import gaussian_filter

from calibration.quaternion import FloatArray
from calibration.targetless.pairs import CLASSES

Photos = npt.NDArray[np.float32]
BINS: Final = 9
_DARK = 8.0
_QUANTILES = (0.03, 0.1, 0.22, 0.38, 0.62, 0.78, 0.9, 0.97)


def logarithmic(photos: npt.ArrayLike, blur_px: float) -> Photos:
    """(P, H, W) logarithm of the brightness of grey photos, blurred."""
    grey = np.log(np.asarray(photos, dtype=np.float32) + _DARK)
    return np.stack([gaussian_filter(each, blur_px, mode="nearest") for each in grey])


def edges_of(steps: FloatArray) -> FloatArray:
    """(BINS - 1,) between which equal shares of steps lie, the outer ones finer."""
    return np.quantile(steps, _QUANTILES)


@numba.njit(cache=True, nogil=True)  # type: ignore[untyped-decorator]
def steps_at(
    points: FloatArray,
    photos_of: npt.NDArray[np.int64],
    rotation: FloatArray,
    translation: FloatArray,
    matrix: FloatArray,
    photos: Photos,
    steps: FloatArray,
) -> None:
    """(N,) the step of each pair (N, 2, 3) under camera_from_lidar, to `steps`; NaN where one lies out of the photo.

    matrix: (4,) fx, fy, cx, cy of a photo without distortion.
    """
    height, width = photos.shape[1], photos.shape[2]
    shades = np.empty(2)
    for n in range(len(points)):
        inside = True
        for side in range(2):
            x, y, z = points[n, side]
            u = rotation[0, 0] * x + rotation[0, 1] * y + rotation[0, 2] * z + translation[0]
            v = rotation[1, 0] * x + rotation[1, 1] * y + rotation[1, 2] * z + translation[1]
            w = rotation[2, 0] * x + rotation[2, 1] * y + rotation[2, 2] * z + translation[2]
            if w < 0.5:
                inside = False
                break
            column, row = matrix[0] * u / w + matrix[2], matrix[1] * v / w + matrix[3]
            if not (0.0 <= column < width - 1.0 and 0.0 <= row < height - 1.0):
                inside = False
                break
            i, j = int(row), int(column)
            a, b = row - i, column - j
            photo = photos[photos_of[n]]
            above = (1.0 - b) * photo[i, j] + b * photo[i, j + 1]
            below = (1.0 - b) * photo[i + 1, j] + b * photo[i + 1, j + 1]
            shades[side] = (1.0 - a) * above + a * below
        steps[n] = shades[1] - shades[0] if inside else np.nan


@numba.njit(cache=True, nogil=True)  # type: ignore[untyped-decorator]
def information(steps: FloatArray, classes: npt.NDArray[np.int64], edges: FloatArray) -> float:
    """Bits, over the pairs whose step is known, times the share that is: leaving the photo gains nothing."""
    table = np.zeros((CLASSES, BINS))
    count = 0.0
    for n in range(len(steps)):
        step = steps[n]
        if np.isnan(step):
            continue
        k = 0
        while k < BINS - 1 and step > edges[k]:
            k += 1
        table[classes[n], k] += 1.0
        count += 1.0
    if count < 100.0:
        return 0.0
    rows, columns = table.sum(axis=1), table.sum(axis=0)
    total = 0.0
    for i in range(CLASSES):
        for k in range(BINS):
            if table[i, k] > 0.0:
                total += table[i, k] / count * np.log2(table[i, k] * count / (rows[i] * columns[k]))
    return total * count / len(steps)
