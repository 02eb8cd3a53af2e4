"""Cuboids in photos, against the same cuboids sampled so densely that nothing can be missed."""

from __future__ import annotations

import numpy as np
import pytest
from scipy.spatial import cKDTree

from calibration import BrownConrady, CameraModel, Pinhole, RigidTransform, quaternion
from labeling.cuboid import CORNER_SIGNS, EDGES
from labeling.projection import NEAR_M, Outlines, project_cuboids

PINHOLE = Pinhole(640, 400, 400.0, 420.0, 319.5, 199.5)
# A wide lens of a car (AV2's and PandaSet's are of this kind), one that bends outward, and one that folds in the image.
BARREL = BrownConrady(1920, 1080, 930.0, 930.0, 965.0, 540.0, k1=-0.32, k2=0.11, p1=2e-4, p2=-3e-4, k3=-0.014)
PINCUSHION = BrownConrady(640, 400, 500.0, 500.0, 310.0, 205.0, k1=0.15, k2=0.03)
FOLDING = BrownConrady(640, 400, 250.0, 250.0, 319.5, 199.5, k1=-0.35)
CAMERAS = {"pinhole": PINHOLE, "barrel": BARREL, "pincushion": PINCUSHION, "folding": FOLDING}
STEP_PX = 8.0
each_camera = pytest.mark.parametrize("camera", CAMERAS.values(), ids=CAMERAS)


def random_cuboids(seed: int, count: int) -> tuple[RigidTransform, np.ndarray]:
    """Before, behind, beside and around the camera, straddling its near plane and the image's border."""
    rng = np.random.default_rng(seed)
    rotations = quaternion.normalize(rng.normal(size=(count, 4)))
    upright = quaternion.from_matrix(np.array([[1.0, 0, 0], [0, 0, -1], [0, 1, 0]]))
    level = quaternion.multiply(np.broadcast_to(upright, (count, 4)), quaternion.from_yaw(rng.uniform(-3, 3, count)))
    rotations = np.where(rng.random((count, 1)) < 0.5, rotations, level)
    spread = np.where(rng.random((count, 1)) < 0.4, 3.0, 20.0)
    translations = rng.uniform(-1, 1, (count, 3)) * spread + np.where(rng.random((count, 1)) < 0.6, [0, 0, 10], 0)
    return RigidTransform(rotations, translations), rng.uniform(0.3, 9.0, (count, 3))


def alone(transform: RigidTransform, index: int) -> RigidTransform:
    return transform[slice(index, index + 1)]


def seen_edges(camera: CameraModel, pose: RigidTransform, size: np.ndarray) -> np.ndarray:
    """(P, 2) pixels of edge points that lie in the image, in front of the near plane and inside the lens."""
    corners = pose.apply(0.5 * CORNER_SIGNS * size)
    return np.concatenate([_seen_edge(camera, corners[i], corners[j]) for i, j in EDGES])


def _seen_edge(camera: CameraModel, a: np.ndarray, b: np.ndarray) -> np.ndarray:
    """First all of the edge, coarsely, in equal steps of 1 / z; then the part in view, finely."""
    if max(a[2], b[2]) < NEAR_M:
        return np.empty((0, 2))
    if a[2] < NEAR_M:
        a = a + (b - a) * (NEAR_M - a[2]) / (b[2] - a[2])
    if b[2] < NEAR_M:
        b = b + (a - b) * (NEAR_M - b[2]) / (a[2] - b[2])
    low, high = 0.0, 1.0
    for count in (6000, 10000):
        share = np.linspace(low, high, count)
        along = share * a[2] / (share * a[2] + (1 - share) * b[2])
        points = a + along[:, None] * (b - a)
        points[:, 2] = np.maximum(points[:, 2], NEAR_M)
        pixels, valid = camera.project(points)
        seen = np.flatnonzero(valid & camera.contains(np.where(valid[:, None], pixels, -1e9)))
        if not len(seen):
            return np.empty((0, 2))
        low, high = share[max(seen[0] - 1, 0)], share[min(seen[-1] + 1, count - 1)]
    return pixels[seen]


def seen_surface(camera: CameraModel, pose: RigidTransform, size: np.ndarray) -> np.ndarray:
    """(P, 2) pixels of the image that look at the cuboid: a ray through every eighth pixel, and the border."""
    u = np.concatenate([[-0.5], np.arange(0.0, camera.width_px, STEP_PX), [camera.width_px - 0.5]])
    v = np.concatenate([[-0.5], np.arange(0.0, camera.height_px, STEP_PX), [camera.height_px - 0.5]])
    pixels = np.stack(np.meshgrid(u, v), axis=-1).reshape(-1, 2)
    rays, valid = camera.unproject(pixels)
    pixels, rays = pixels[valid], rays[valid]
    object_from_camera = pose.inverse()
    origin, direction = object_from_camera.translation, object_from_camera.rotate(rays)
    with np.errstate(divide="ignore"):
        one, two = (-0.5 * size - origin) / direction, (0.5 * size - origin) / direction
    entered = np.maximum(np.minimum(one, two).max(axis=1), NEAR_M)
    return pixels[entered <= np.maximum(one, two).min(axis=1)]


def distance_to_segments(points: np.ndarray, segments: np.ndarray) -> np.ndarray:
    """(P,) distance of points (P, 2) to the nearest of the segments (M, 2, 2); infinite without any."""
    best = np.full(len(points), np.inf)
    for a, b in segments.astype(float):
        along = b - a
        share = np.clip((points - a) @ along / max(float(along @ along), 1e-12), 0, 1)
        best = np.minimum(best, np.linalg.norm(points - a - share[:, None] * along, axis=1))
    return best


def clear_of_border(camera: CameraModel, pixels: np.ndarray) -> np.ndarray:
    """Where a curve grazes the border, a fifth of a pixel across is many pixels along."""
    return np.asarray(camera.contains(pixels + 0.5) & camera.contains(pixels - 0.5))


def skimmed(pose: RigidTransform, size: np.ndarray) -> bool:
    """Whether a side passes so near to the camera that the near plane cuts it in view, where no edge is."""
    depth = 0.5 * size - np.abs(pose.inverse().translation)
    return bool(np.abs(depth).min() < 3 * NEAR_M and depth.min() > -3 * NEAR_M)


def sampled(segments: np.ndarray) -> np.ndarray:
    shares = np.linspace(0, 1, 9)[:, None]
    return (segments[:, None, 0] + shares * (segments[:, 1] - segments[:, 0])[:, None]).reshape(-1, 2)


@each_camera
def test_outlines_are_the_true_curves_and_all_of_them(camera: CameraModel) -> None:
    poses, sizes = random_cuboids(1, 70)
    drawn, worst_off, worst_missing = 0, 0.0, 0.0
    for index in range(len(sizes)):
        outlines = project_cuboids(camera, alone(poses, index), sizes[index : index + 1])
        truth = seen_edges(camera, poses[index], sizes[index])
        well_inside = truth[clear_of_border(camera, truth)][::31]
        if len(well_inside):
            worst_missing = max(worst_missing, distance_to_segments(well_inside, outlines.segments_px).max())
        if not len(outlines.segments_px):
            continue
        drawn += 1
        assert camera.contains(outlines.segments_px - np.sign(outlines.segments_px) * 1e-3).all()
        dots = sampled(outlines.segments_px.astype(float))
        dots = dots[clear_of_border(camera, dots)]
        if len(dots):
            worst_off = max(worst_off, float(cKDTree(truth).query(dots)[0].max()))
    print(f"{drawn} drawn, missing {worst_missing:.3f} px, off {worst_off:.3f} px")
    assert drawn > 20
    assert worst_missing < 0.3
    assert worst_off < 0.5


@each_camera
def test_boxes_hold_all_that_is_seen_and_nothing_else(camera: CameraModel) -> None:
    poses, sizes = random_cuboids(2, 70)
    outlines = project_cuboids(camera, poses, sizes)
    covered = 0
    for index in range(len(sizes)):
        if skimmed(poses[index], sizes[index]):
            continue
        surface = seen_surface(camera, poses[index], sizes[index])
        seen = np.concatenate([surface, seen_edges(camera, poses[index], sizes[index])])
        assert outlines.visible[index] == (len(seen) > 0), index
        if not len(seen):
            assert np.isnan(outlines.boxes_px[index]).all()
            continue
        covered += len(surface) > 0 and not len(outlines.segments_px[outlines.owners == index])
        expected = np.concatenate([seen.min(axis=0), seen.max(axis=0)])
        # Where the lens ends inside the image only the rays are a witness, and they lie some pixels apart.
        grown = (outlines.boxes_px[index] - expected) * [-1, -1, 1, 1]
        assert grown.min() > (-1.0 if camera is PINHOLE else -2.0), index  # a curve may graze the border
        assert grown.max() < (STEP_PX + 1.0 if camera in (BARREL, FOLDING) else 1.0), index
        assert np.all(outlines.amodal_px[index, :2] <= outlines.boxes_px[index, :2] + 1e-3)
        assert np.all(outlines.amodal_px[index, 2:] >= outlines.boxes_px[index, 2:] - 1e-3)
    assert outlines.visible.sum() > 20


@each_camera
def test_inside_a_bus_everything_is_bus(camera: CameraModel) -> None:
    outlines = project_cuboids(camera, RigidTransform.from_yaw([0.1], [[0, 0, 0.0]]), [[12.0, 12.0, 12.0]])
    assert outlines.visible.all()
    surface = seen_surface(camera, RigidTransform.from_yaw(0.1, [0, 0, 0.0]), np.full(3, 12.0))
    expected = np.concatenate([surface.min(axis=0), surface.max(axis=0)])
    np.testing.assert_allclose(outlines.boxes_px[0], expected, atol=STEP_PX)


@each_camera
def test_behind_the_camera_nothing_is_drawn(camera: CameraModel) -> None:
    outlines = project_cuboids(camera, RigidTransform.from_yaw([0.3, 0.3], [[0, 0, -9], [0, 0, -3.5]]), [[5, 2, 6]] * 2)
    assert not outlines.visible.any()
    assert len(outlines.segments_px) == 0
    assert np.isnan(outlines.amodal_px).all()


def test_a_lens_that_folds_draws_nothing_beyond_its_cone() -> None:
    """Without the cone, what lies 60 degrees off the axis is painted in the middle of the photo."""
    outside = RigidTransform.from_yaw([0.0], [[9.0, 0.0, 3.0]])
    assert not project_cuboids(FOLDING, outside, [[1.0, 1.0, 1.0]]).visible.any()
    poses, sizes = random_cuboids(3, 300)
    outlines = project_cuboids(FOLDING, poses, sizes)
    radius = FOLDING.max_radius
    edge_px = 250.0 * (radius - 0.35 * radius**3)
    reach = np.linalg.norm(outlines.segments_px.reshape(-1, 2) - [319.5, 199.5], axis=1)
    assert len(reach) > 100
    assert reach.max() <= edge_px + 0.01


def test_outlines_bend_with_the_lens() -> None:
    near = RigidTransform.from_yaw([0.0], [[-1.0, 0.5, 4.0]])
    size = np.array([5.0, 2.0, 1.5])
    outlines = project_cuboids(BARREL, near, size[None])
    corners, valid = BARREL.project(near[0].apply(0.5 * CORNER_SIGNS * size))
    assert valid.all()
    chords = np.stack([corners[EDGES[:, 0]], corners[EDGES[:, 1]]], axis=1)
    off = distance_to_segments(sampled(outlines.segments_px.astype(float)), chords)
    print("bends by", off.max(), "px")
    assert off.max() > 2.0
    truth = seen_edges(BARREL, near[0], size)
    assert distance_to_segments(truth[::11], outlines.segments_px).max() < 0.5


def same(one: Outlines, other: Outlines) -> bool:
    names = ("segments_px", "owners", "visible", "boxes_px", "amodal_px")
    return all(np.array_equal(getattr(one, n), getattr(other, n), equal_nan=n.endswith("px")) for n in names)


@each_camera
def test_a_big_batch_is_what_its_parts_are(camera: CameraModel) -> None:
    poses, sizes = random_cuboids(4, 4000)  # more chords than the kernel's buffer holds
    together = project_cuboids(camera, poses, sizes)
    assert same(together, project_cuboids(camera, poses, sizes))
    assert np.all(np.diff(together.owners) >= 0)
    for index in range(0, 4000, 41):
        single = project_cuboids(camera, alone(poses, index), sizes[index : index + 1])
        assert np.array_equal(together.segments_px[together.owners == index], single.segments_px)
        assert np.array_equal(together.boxes_px[index], single.boxes_px[0], equal_nan=True)
        assert np.array_equal(together.amodal_px[index], single.amodal_px[0], equal_nan=True)
        assert together.visible[index] == single.visible[0]
    assert set(together.owners) <= set(np.flatnonzero(together.visible))


def test_no_cuboids_are_no_outlines() -> None:
    none = RigidTransform(np.zeros((0, 4)) + 1.0, np.zeros((0, 3)))
    outlines = project_cuboids(PINHOLE, none, np.zeros((0, 3)))
    assert outlines.segments_px.shape == (0, 2, 2)
    assert outlines.segments_px.dtype == np.float32
    assert outlines.boxes_px.shape == outlines.amodal_px.shape == (0, 4)
    assert outlines.owners.shape == outlines.visible.shape == (0,)
