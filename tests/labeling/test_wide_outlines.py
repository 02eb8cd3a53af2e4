"""Outlines through lenses that see beyond ninety degrees, against edges sampled so densely that nothing is missed."""

from __future__ import annotations

import numpy as np
import pytest
from scipy.spatial import cKDTree

from benchmarks.cameras import CAMERAS
from calibration import CameraModel, RigidTransform
from calibration.camera import KannalaBrandt
from labeling.camera_border import CameraBorder
from labeling.cuboid import CORNER_SIGNS, EDGES
from labeling.projection import NEAR_M, project_cuboids
from labeling.shutter import moment_of, motion_of, project_rolling
from tests.labeling.test_projection import (
    STEP_PX,
    alone,
    clear_of_border,
    distance_to_segments,
    random_cuboids,
    same,
    sampled,
)
from tests.labeling.test_rolling_shutter import MOMENTS, exact_pixel, quadratic, three

# A fisheye whose image circle lies inside the image, so that the lens ends in it.
CIRCLE = KannalaBrandt(900, 800, 140.0, 140.0, 455.0, 396.0, k1=0.01, k2=-0.004)
LENSES = {name: CAMERAS[name] for name in ("prism", "fisheye", "eucm", "mei", "double_sphere", "ocam")}
LENSES["circle"] = CIRCLE
each_lens = pytest.mark.parametrize("camera", LENSES.values(), ids=LENSES)


def around(seed: int, count: int) -> tuple[RigidTransform, np.ndarray]:
    """Cuboids all round the camera, above and behind it too, some very near."""
    poses, sizes = random_cuboids(seed, count)
    rng = np.random.default_rng(seed)
    places = rng.normal(size=(count, 3))
    places *= rng.uniform(1.0, 14.0, (count, 1)) / np.linalg.norm(places, axis=1, keepdims=True)
    return RigidTransform(poses.rotation, places), sizes * 0.5


def edge_points(pose: RigidTransform, size: np.ndarray, count: int) -> np.ndarray:
    """(12, P, 3) along the edges, evenly in the angle under which the camera sees them."""
    corners = pose.apply(0.5 * CORNER_SIGNS * size)
    found = []
    for i, j in EDGES:
        a, along = corners[i], corners[j] - corners[i]
        nearest = -(a @ along) / (along @ along)
        height = max(np.linalg.norm(a + nearest * along) / np.linalg.norm(along), 1e-9)
        first, last = np.arctan((0 - nearest) / height), np.arctan((1 - nearest) / height)
        share = np.clip(nearest + height * np.tan(np.linspace(first, last, count)), 0, 1)
        found.append(a + share[:, None] * along)
    return np.array(found)


def seen_edges(camera: CameraModel, pose: RigidTransform, size: np.ndarray) -> np.ndarray:
    points = edge_points(pose, size, 6000).reshape(-1, 3)
    pixels, valid = camera.project(points)
    valid &= np.linalg.norm(points, axis=1) > NEAR_M
    return pixels[valid & camera.contains(np.where(valid[:, None], pixels, -1e9))]


def seen_surface(camera: CameraModel, pose: RigidTransform, size: np.ndarray) -> np.ndarray:
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


def clear_of_rim(camera: CameraModel, pixels: np.ndarray) -> np.ndarray:
    """And of where the lens ends."""
    inside = clear_of_border(camera, pixels)
    for aside in ([1.0, 0], [-1.0, 0], [0, 1.0], [0, -1.0]):
        inside &= camera.unproject(pixels + aside)[1]
    return inside


@each_lens
def test_outlines_are_the_true_curves_and_all_of_them(camera: CameraModel) -> None:
    poses, sizes = around(1, 60)
    drawn, behind, worst_off, worst_missing = 0, 0, 0.0, 0.0
    for index in range(len(sizes)):
        outlines = project_cuboids(camera, alone(poses, index), sizes[index : index + 1])
        truth = seen_edges(camera, poses[index], sizes[index])
        inside = truth[clear_of_rim(camera, truth)][::37] if len(truth) else truth
        if len(inside):
            worst_missing = max(worst_missing, float(distance_to_segments(inside, outlines.segments_px).max()))
        if not len(outlines.segments_px):
            continue
        drawn += 1
        corners = poses[index].apply(0.5 * CORNER_SIGNS * sizes[index])
        behind += bool((corners[:, 2] < 0).any())
        dots = sampled(outlines.segments_px.astype(float))
        dots = dots[clear_of_rim(camera, dots)]
        if len(dots):
            worst_off = max(worst_off, float(cKDTree(truth).query(dots)[0].max()))
    print(f"{drawn} drawn, {behind} reach behind, missing {worst_missing:.3f} px, off {worst_off:.3f} px")
    assert drawn > 10
    assert behind > 5
    assert worst_missing < 0.25
    assert worst_off < 0.5


@each_lens
def test_boxes_hold_all_that_is_seen_and_nothing_else(camera: CameraModel) -> None:
    poses, sizes = around(2, 60)
    outlines = project_cuboids(camera, poses, sizes)
    for index in range(len(sizes)):
        depth = 0.5 * sizes[index] - np.abs(poses[index].inverse().translation)
        if np.abs(depth).min() < 3 * NEAR_M:
            continue  # a side so near that the near sphere cuts it in view, where no edge is
        surface = seen_surface(camera, poses[index], sizes[index])
        seen = np.concatenate([surface, seen_edges(camera, poses[index], sizes[index])])
        if not len(seen):
            assert not outlines.visible[index], index
            continue
        assert outlines.visible[index], index
        expected = np.concatenate([seen.min(axis=0), seen.max(axis=0)])
        grown = (outlines.boxes_px[index] - expected) * [-1, -1, 1, 1]
        assert grown.min() > -2.0, index
        assert grown.max() < STEP_PX + 1.0, index
        assert np.all(outlines.amodal_px[index, :2] <= outlines.boxes_px[index, :2] + 1e-3)
        assert np.all(outlines.amodal_px[index, 2:] >= outlines.boxes_px[index, 2:] - 1e-3)
    assert outlines.visible.sum() > 10


def test_an_edge_from_ahead_to_behind_is_one_curve() -> None:
    """A long wall beside the camera: half of each edge lies behind it, and is seen as far as the lens goes."""
    camera = CAMERAS["fisheye"]
    wall = RigidTransform.from_yaw([0.0], [[4.0, 0.0, 0.0]])
    size = np.array([0.2, 2.0, 60.0])
    outlines = project_cuboids(camera, wall, size[None])
    truth = seen_edges(camera, wall[0], size)
    rays, _ = camera.unproject(truth)
    assert (rays[:, 2] < -0.1).sum() > 100
    assert distance_to_segments(truth[clear_of_rim(camera, truth)][::101], outlines.segments_px).max() < 0.25


@each_lens
def test_a_big_batch_is_what_its_parts_are(camera: CameraModel) -> None:
    poses, sizes = around(4, 2500)
    together = project_cuboids(camera, poses, sizes)
    assert same(together, project_cuboids(camera, poses, sizes))
    for index in range(0, 2500, 113):
        single = project_cuboids(camera, alone(poses, index), sizes[index : index + 1])
        assert np.array_equal(together.segments_px[together.owners == index], single.segments_px)
        assert np.array_equal(together.boxes_px[index], single.boxes_px[0], equal_nan=True)


@each_lens
def test_the_row_that_sees_a_point_is_exposed_when_it_is_there(camera: CameraModel) -> None:
    """By bisection, and in at most five of Newton's steps."""
    rng = np.random.default_rng(5)
    poses, _ = around(5, 3000)
    middle = poses.translation * 2.0
    points = np.stack([middle + rng.normal(0, 0.3, middle.shape), middle, middle + rng.normal(0, 0.3, middle.shape)])
    angle = np.arctan2(np.linalg.norm(middle[:, :2], axis=1), middle[:, 2])
    fine = np.all([camera.project(each)[1] for each in points], axis=0) & (angle < 0.8 * camera.max_angle_rad)
    points = points[:, fine][:, :250]
    pixels, valid = project_rolling(camera, points)
    expected = np.array([exact_pixel(camera, quadratic(points[:, i])) for i in range(points.shape[1])])
    border = CameraBorder(camera)
    paths = np.moveaxis(motion_of(*points), 0, -2)
    steps = [moment_of(np.ascontiguousarray(each), border.parameters, border.limits, border.lens)[1] for each in paths]
    off = np.abs(pixels - expected).max()
    print(f"{len(pixels)} points, off {off:.1e} px, steps {np.bincount(steps)}")
    assert valid.all()
    assert len(pixels) > 50
    assert off < 1e-6
    assert max(steps) <= 5


@each_lens
def test_rolled_outlines_are_where_the_rows_see_the_edges(camera: CameraModel) -> None:
    rng = np.random.default_rng(9)
    poses, sizes = around(9, 14)
    middle = RigidTransform(poses.rotation, poses.translation + np.sign(poses.translation) * 3.0)
    moving = three(middle, np.column_stack([rng.uniform(-0.5, 0.5, (14, 3)), rng.uniform(-0.02, 0.02, (14, 3))]))
    outlines = project_cuboids(camera, moving, sizes)
    drawn, worst_missing, worst_off = 0, 0.0, 0.0
    for index in range(14):
        segments = outlines.segments_px[outlines.owners == index]
        ends = [edge_points(middle[index], sizes[index], 700)]
        object_points = middle[index].inverse().apply(ends[0].reshape(-1, 3))
        moved = np.stack(
            [
                RigidTransform(moving.rotation[k, index], moving.translation[k, index]).apply(object_points)
                for k in range(3)
            ]
        )
        truth, valid = project_rolling(camera, moved)  # which the test above has shown to be right
        truth = truth[valid & camera.contains(np.where(valid[:, None], truth, -1e9))]
        clear = truth[clear_of_rim(camera, truth)] if len(truth) else truth
        if len(clear) < 50:
            continue
        drawn += 1
        worst_missing = max(worst_missing, float(distance_to_segments(clear[::29], segments).max()))
        dots = sampled(segments.astype(float))
        dots = dots[clear_of_rim(camera, dots)]
        worst_off = max(worst_off, float(cKDTree(truth).query(dots)[0].max()))
    print(f"{drawn} drawn, missing {worst_missing:.3f} px, off {worst_off:.3f} px")
    assert drawn > 2
    assert worst_missing < 0.35
    assert worst_off < 1.5  # the truth's dots lie up to two pixels apart


def test_what_does_not_move_is_seen_as_ever() -> None:
    camera = CAMERAS["double_sphere"]
    poses, sizes = around(8, 200)
    rolling = project_cuboids(camera, three(poses, np.zeros((200, 6))), sizes)
    still = project_cuboids(camera, poses, sizes)
    assert np.array_equal(rolling.visible, still.visible)
    np.testing.assert_allclose(rolling.boxes_px, still.boxes_px, atol=0.3)


def test_however_things_move_nothing_is_drawn_out_of_place() -> None:
    for seed, camera in enumerate(LENSES.values()):
        rng = np.random.default_rng(seed)
        middle, sizes = random_cuboids(seed, 60)
        twists = rng.uniform(-1, 1, (60, 6)) * rng.choice([0.3, 3.0, 30.0], (60, 1))
        poses = RigidTransform.stack([middle * RigidTransform.exp(twists * s) for s in MOMENTS])
        outlines = project_cuboids(camera, poses, sizes)
        assert np.isfinite(outlines.segments_px).all()
        assert camera.contains(outlines.segments_px - np.sign(outlines.segments_px) * 1e-3).all()
