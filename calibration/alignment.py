"""Does a LiDAR agree with a photo? Edges of a sweep laid over edges of the image, at every small turn at once.

A small turn of the camera moves all of its image by nearly the same number of pixels. So how well projected edges agree
with those of the image over all small turns is one correlation, which Fourier transforms give in a few milliseconds. A
mounting that is right has a sharp peak near no shift; one that is wrong has none there, wherever its points fall.

Range edges against image edges: J. Levinson and S. Thrun, "Automatic online calibration of cameras and lasers", RSS
2013; that a right pose must beat its neighbours is theirs too.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import scipy.fft
from scipy.ndimage import gaussian_filter, uniform_filter
from scipy.spatial import cKDTree

from calibration.camera import CameraModel
from calibration.quaternion import FloatArray
from calibration.transform import RigidTransform

Float32Array = npt.NDArray[np.float32]

_NEIGHBOURS = 12
_RING_SQUEEZE = 0.3  # rings lie further apart than points on a ring: neighbours along and across shall both count
_WIDEST_GAP_RAD = 0.03
_STEEPEST_RAD = 1.2
_NEAREST_M = 1.0
_RANGE_STEP, _SHADE_STEP = 0.06, 0.15
_SMOOTH = 0.05  # neighbours whose ranges differ by less lie on one surface: only there is intensity compared
_STRONG_STEP = 0.4
_BESIDE_RAD = 0.002

_CONTRAST_BLUR_PX, _LEVEL_PX = 1.0, 41
_DARK_CONTRAST = 0.003
_SURFACE_BLUR_PX = 1.5
_ROBUST_SIGMA = 1.4826  # standard deviations in a median absolute deviation


@dataclass(frozen=True, slots=True, eq=False)
class SweepEdges:
    """N places in a sweep where something ends: the range jumps, or the intensity on a smooth surface does.

    points_m: (N, 3) float64, metres, in one frame. beside_m: (N, 3) a little beside each, across its edge.
    weights: (N,) 0 to 1. is_range: (N,) whether the range jumps, else the intensity.
    """

    points_m: FloatArray
    beside_m: FloatArray
    weights: FloatArray
    is_range: npt.NDArray[np.bool_]

    def __len__(self) -> int:
        return len(self.points_m)

    def moved(self, target_from_source: RigidTransform) -> SweepEdges:
        """In another frame."""
        apply = target_from_source.apply
        return SweepEdges(apply(self.points_m), apply(self.beside_m), self.weights, self.is_range)

    def mirrored(self, signs: tuple[float, float, float]) -> SweepEdges:
        """With each axis times its sign."""
        return SweepEdges(self.points_m * signs, self.beside_m * signs, self.weights, self.is_range)


def sweep_edges(points_in_lidar: npt.ArrayLike, intensity: npt.ArrayLike) -> SweepEdges:
    """Edges of one sweep: points (N, 3) metres in the LiDAR's frame, intensity (N,) in any unit.

    On a plane 1 / range is linear in the direction, so r / r_neighbour averages to 1 over a neighbourhood however steep
    the plane is, and to less where something further shows beside the point.
    """
    points = np.asarray(points_in_lidar, dtype=np.float64)
    ranges = np.linalg.norm(points, axis=1)
    elevation = np.arcsin(np.clip(points[:, 2] / np.maximum(ranges, 1e-9), -1.0, 1.0))
    kept = np.flatnonzero((ranges > _NEAREST_M) & (np.abs(elevation) < _STEEPEST_RAD))
    if len(kept) <= _NEIGHBOURS:
        return SweepEdges(np.empty((0, 3)), np.empty((0, 3)), np.empty(0), np.empty(0, dtype=bool))
    points, ranges = points[kept], ranges[kept]
    neighbours, near = _neighbours(points, elevation[kept])
    ranks = _ranks(np.asarray(intensity)[kept])
    jumps = np.where(near, 1.0 - ranges[:, None] / ranges[neighbours], 0.0)
    shades = np.where(near & (np.abs(jumps) < _SMOOTH), ranks[neighbours] - ranks[:, None], 0.0)
    return _chosen(points, ranges, neighbours, near, jumps, shades)


def _neighbours(points: FloatArray, elevation_rad: FloatArray) -> tuple[npt.NDArray[np.intp], npt.NDArray[np.bool_]]:
    """(N, K) indices of the nearest directions, and which of them are near enough to count."""
    azimuth = np.arctan2(points[:, 1], points[:, 0])
    plane = np.stack([azimuth * np.cos(elevation_rad), elevation_rad * _RING_SQUEEZE], axis=1)
    nearest = np.arange(2, _NEIGHBOURS + 2)  # the first is the point itself
    tree = cKDTree(plane, balanced_tree=False, compact_nodes=False)
    distance, index = tree.query(plane, k=nearest, distance_upper_bound=_WIDEST_GAP_RAD, workers=-1)
    near = np.isfinite(distance)
    return np.where(near, index, 0), near


def _ranks(values: npt.NDArray[np.number]) -> FloatArray:
    """(N,) share of smaller values, 0 to 1: no unit and no curve of the sensor is left. Equal values share a rank."""
    _, place, counts = np.unique(values, return_inverse=True, return_counts=True)
    middle = np.cumsum(counts) - 0.5 * counts
    return np.asarray(middle[place] / len(values))


def _chosen(
    points: FloatArray,
    ranges: FloatArray,
    neighbours: npt.NDArray[np.intp],
    near: npt.NDArray[np.bool_],
    jumps: FloatArray,
    shades: FloatArray,
) -> SweepEdges:
    count = near.sum(axis=1)
    complete = count >= _NEIGHBOURS // 2
    jump, shade = jumps.sum(axis=1) / np.maximum(count, 1), np.abs(shades.sum(axis=1)) / np.maximum(count, 1)
    by_range = np.flatnonzero(complete & (jump > _RANGE_STEP))
    by_shade = np.flatnonzero(complete & (np.abs(jump) < _SMOOTH / 2) & (shade > _SHADE_STEP))
    chosen, steps = np.concatenate([by_range, by_shade]), np.concatenate([jumps[by_range], shades[by_shade]])
    directions = points / ranges[:, None]
    across = ((directions[neighbours[chosen]] - directions[chosen][:, None]) * steps[..., None]).sum(axis=1)
    across /= np.maximum(np.linalg.norm(across, axis=1, keepdims=True), 1e-12)
    weights = np.minimum(np.concatenate([jump[by_range], shade[by_shade]]) / _STRONG_STEP, 1.0)
    beside = points[chosen] + _BESIDE_RAD * ranges[chosen, None] * across
    return SweepEdges(points[chosen], beside, weights, np.arange(len(chosen)) < len(by_range))


@dataclass(frozen=True, slots=True, eq=False)
class ImageEdges:
    """How strongly brightness changes along x and along y. spectra: their Fourier transforms; shape: (rows, columns);
    scale: pixels of this image for one of the camera's; reach_px: the largest shift that can be asked."""

    spectra: tuple[npt.NDArray[np.complex64], npt.NDArray[np.complex64]]
    shape: tuple[int, int]
    padded: tuple[int, int]
    scale: float
    reach_px: int


def image_edges(grey: npt.ArrayLike, scale: float, reach_px: int) -> ImageEdges:
    """Of a grey image (H, W) in any unit, made smaller by `scale`; as strong in a dark corner as in the sun."""
    values = np.asarray(grey, dtype=np.float32)
    image = gaussian_filter(np.log1p(values), _CONTRAST_BLUR_PX)
    along_y, along_x = np.gradient(image)
    rows, columns = values.shape
    padded = (scipy.fft.next_fast_len(rows + reach_px, True), scipy.fft.next_fast_len(columns + reach_px, True))
    x, y = (scipy.fft.rfft2(_levelled(np.abs(each)), padded) for each in (along_x, along_y))
    return ImageEdges((x, y), (rows, columns), padded, scale, reach_px)


def _levelled(strength: Float32Array) -> Float32Array:
    """Zero on average everywhere, and of one spread: what is beyond the border counts for nothing."""
    high = strength - uniform_filter(strength, _LEVEL_PX)
    spread = np.sqrt(np.maximum(uniform_filter(high * high, _LEVEL_PX), 0.0)) + _DARK_CONTRAST
    return np.clip(high / spread, -2.0, 3.0).astype(np.float32)


@dataclass(frozen=True, slots=True, eq=False)
class Agreement:
    """surface: (2R + 1, 2R + 1) float32, agreement at shifts of -R to R pixels down and right. in_view: pixels
    with an edge of the sweep: many edges in a few pixels are little evidence."""

    surface: Float32Array
    in_view: int


def agreement(
    edges: SweepEdges, image: ImageEdges, camera: CameraModel, camera_from_edges: RigidTransform
) -> Agreement:
    """Of the edges of a sweep, at one pose, with those of a photo; in units that add up over photos."""
    pixels, beside, inside = _projected(edges, image, camera, camera_from_edges)
    column, row = np.rint(pixels[inside]).astype(np.intp).T
    normal = (beside - pixels)[inside]
    normal /= np.maximum(np.linalg.norm(normal, axis=1, keepdims=True), 1e-9)
    weights = edges.weights[inside][:, None] * normal**2
    drawn = np.zeros((2, *image.shape), np.float32)
    for is_range in (True, False):
        part = edges.is_range[inside] == is_range
        drawn += _drawn(row[part], column[part], weights[part], image.shape)
    reach = image.reach_px
    surface = _correlation(drawn, image) if len(row) else np.zeros(image.padded, np.float32)
    surface = np.roll(surface, (reach, reach), (0, 1))[: 2 * reach + 1, : 2 * reach + 1]
    return Agreement(surface.astype(np.float32), int(np.count_nonzero(drawn.any(axis=0))))


def _projected(
    edges: SweepEdges, image: ImageEdges, camera: CameraModel, camera_from_edges: RigidTransform
) -> tuple[FloatArray, FloatArray, npt.NDArray[np.bool_]]:
    pixels, valid = camera.project(camera_from_edges.apply(edges.points_m))
    beside, also = camera.project(camera_from_edges.apply(edges.beside_m))
    pixels, beside = ((each + 0.5) * image.scale - 0.5 for each in (pixels, beside))
    with np.errstate(invalid="ignore"):
        inside = np.all((pixels > -0.5) & (pixels < np.array(image.shape[::-1]) - 0.5), axis=1)
    return pixels, beside, inside & valid & also


def _drawn(
    row: npt.NDArray[np.intp], column: npt.NDArray[np.intp], weights: FloatArray, shape: tuple[int, int]
) -> Float32Array:
    """(2, H, W) edges across x and across y, of length 1 in all: few strong edges count as much as many weak ones."""
    drawn = np.zeros((2, *shape), np.float32)
    for axis in range(2):
        np.maximum.at(drawn[axis], (row, column), weights[:, axis].astype(np.float32))
    return drawn / max(float(np.linalg.norm(weights)), 1e-9)


def _correlation(drawn: Float32Array, image: ImageEdges) -> Float32Array:
    spectra = scipy.fft.rfft2(drawn, image.padded)
    x, y = image.spectra
    correlation: Float32Array = scipy.fft.irfft2(np.conj(spectra[0]) * x + np.conj(spectra[1]) * y, image.padded)
    return correlation


@dataclass(frozen=True, slots=True)
class Peak:
    """Of a surface of agreement. height: of its highest place within some radius of no shift, in robust standard
    deviations above the surface's median; centre: the same within a fifth of that radius; right_px, down_px: where."""

    height: float
    centre: float
    right_px: int
    down_px: int

    @property
    def shift_px(self) -> float:
        """How far from no shift."""
        return float(np.hypot(self.right_px, self.down_px))


def peak(surface: Float32Array, radius_px: int) -> Peak:
    """The peak of a surface (2R + 1, 2R + 1) within a radius of no shift. Noise stays below about 4."""
    smooth = gaussian_filter(surface, _SURFACE_BLUR_PX)
    middle = float(np.median(smooth))
    spread = _ROBUST_SIGMA * float(np.median(np.abs(smooth - middle)))
    if spread == 0.0:
        return Peak(0.0, 0.0, 0, 0)
    heights = (smooth - middle) / spread
    reach = len(surface) // 2
    down, right = np.mgrid[-reach : reach + 1, -reach : reach + 1]
    distance = np.hypot(down, right)
    near = np.where(distance <= radius_px, heights, -np.inf)
    place = np.unravel_index(np.argmax(near), near.shape)
    centre = float(heights[distance <= max(radius_px / 5.0, 1.0)].max())
    return Peak(float(near[place]), centre, int(right[place]), int(down[place]))
