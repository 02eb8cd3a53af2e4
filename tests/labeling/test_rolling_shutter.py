"""Photos whose rows see one after another, against searches that know nothing of Newton, quadratics or chords."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.optimize import brentq
from scipy.spatial import cKDTree

from calibration import CameraModel, Pinhole, RigidTransform, quaternion
from labeling.camera_border import CameraBorder
from labeling.cuboid import CORNER_SIGNS, EDGES
from labeling.projection import NEAR_M, project_cuboids
from labeling.shutter import moment_of, motion_of, project_rolling
from tests.labeling.test_projection import (
    BARREL,
    CAMERAS,
    PINHOLE,
    clear_of_border,
    distance_to_segments,
    each_camera,
    random_cuboids,
    same,
    sampled,
)

READOUT_S = 0.03
BEYOND = 0.55  # outside of the image rows go on for a little while
MOMENTS = (-0.5, 0.0, 0.5)
UPRIGHT = quaternion.from_matrix(np.array([[1.0, 0, 0], [0, 0, -1], [0, 1, 0]]))

Motion = Callable[[float], RigidTransform]


def turning(speed_mps: float, turn_radps: float, start: RigidTransform) -> Motion:
    """A body that drives forward along its x axis on an exact arc: its pose at a time in seconds."""
    twist = np.array([speed_mps, 0, 0, 0, 0, turn_radps])
    return lambda seconds: start * RigidTransform.exp(twist * seconds)


def lead(camera: CameraModel, place: np.ndarray, share: float) -> float:
    """How much of the readout a moment, from -0.5 to 0.5, is later than that of the row that sees the place."""
    pixel, valid = camera.project(place)
    assert valid
    return float(share - np.clip((pixel[1] + 0.5) / camera.height_px - 0.5, -BEYOND, BEYOND))


def exact_pixel(camera: CameraModel, place_at: Callable[[float], np.ndarray]) -> np.ndarray:
    """By bisection: the pixel of what moves along place_at(share of the readout)."""
    low, high = (lead(camera, place_at(share), share) for share in (-BEYOND, BEYOND))
    if low == 0.0 or high == 0.0:
        share = -BEYOND if low == 0.0 else BEYOND
    else:
        share = brentq(lambda at: lead(camera, place_at(at), at), -BEYOND, BEYOND, xtol=1e-15, rtol=1e-15)
    return camera.project(place_at(share))[0]


def quadratic(points: np.ndarray) -> Callable[[float], np.ndarray]:
    """Through points (3, 3) at -0.5, 0 and 0.5, in Lagrange's form."""
    top, middle, bottom = points
    return lambda s: top * 2 * s * (s - 0.5) + middle * (1 - 4 * s * s) + bottom * 2 * s * (s + 0.5)


@each_camera
def test_the_row_that_sees_a_point_is_exposed_when_it_is_there(camera: CameraModel) -> None:
    rng = np.random.default_rng(5)
    middle = rng.uniform([-4, -4, 4], [4, 4, 30], (400, 3))
    points = np.stack([middle + rng.normal(0, 0.3, (400, 3)), middle, middle + rng.normal(0, 0.3, (400, 3))])
    fine = np.all([camera.project(each)[1] for each in points], axis=0)
    fine &= np.linalg.norm(middle[:, :2], axis=1) / middle[:, 2] < 0.8 * min(camera.max_radius, 1e3)
    points = points[:, fine]
    pixels, valid = project_rolling(camera, points)
    expected = np.array([exact_pixel(camera, quadratic(points[:, i])) for i in range(points.shape[1])])
    moved = np.linalg.norm(pixels - camera.project(points[1])[0], axis=1)
    print(f"{len(pixels)} points, moved up to {moved.max():.0f} px, off {np.abs(pixels - expected).max():.1e} px")
    assert valid.all()
    assert len(pixels) > 100
    assert moved.max() > 5.0
    assert np.abs(pixels - expected).max() < 1e-6


def test_five_steps_are_enough_for_whatever_drives_or_spins() -> None:
    """A wheel of 8 turns a second 2 m away, cars that pass at 130 km/h, a camera that is shaken."""
    rng = np.random.default_rng(6)
    camera, limits = BARREL, CameraBorder(BARREL).limits
    steps, most_moved = [], 0.0
    for spin, speed, distance in ((50.0, 0.0, 2.0), (3.0, 36.0, 2.5), (1.0, 60.0, 8.0), (20.0, 5.0, 3.0)):
        for _ in range(120):
            axis, way = quaternion.normalize(rng.normal(size=4))[1:], quaternion.normalize(rng.normal(size=4))[1:]
            twist = READOUT_S * np.concatenate([speed * way, spin * axis])
            start = RigidTransform(UPRIGHT, rng.uniform([-1, -1, distance], [1, 1, 2 * distance]))
            point = rng.uniform(-0.4, 0.4, 3)
            places = np.array([(start * RigidTransform.exp(twist * s)).apply(point) for s in MOMENTS])
            if camera.project(places)[1].all():
                path = motion_of(*places)
                steps.append(moment_of(path, camera.parameters, limits)[1])
                pixel = project_rolling(camera, places[:, None])[0][0]
                most_moved = max(most_moved, float(np.linalg.norm(pixel - camera.project(places[1])[0])))
    print(f"steps {np.bincount(steps)}, moved up to {most_moved:.0f} px")
    assert most_moved > 80.0
    assert max(steps) <= 5


@pytest.mark.parametrize("readout_s", [READOUT_S, -READOUT_S])
def test_three_poses_tell_nearly_all_of_a_true_motion(readout_s: float) -> None:
    """Ego and objects at 20 m/s and 30 degrees a second, each on its exact arc."""
    rng = np.random.default_rng(7)
    ego_from_camera = RigidTransform.from_matrix(np.array([[0, 0, 1, 1.5], [-1, 0, 0, 0], [0, -1, 0, 1.6]]))
    ego = turning(20.0, np.radians(30), RigidTransform.from_yaw(0.3, [100.0, 50.0, 0.0]))
    worst, worst_m, moved = 0.0, 0.0, []
    for _ in range(60):
        place = ego(0.0).apply([*rng.uniform([6, -4], [50, 4]), 0.8])
        start = RigidTransform.from_yaw(rng.uniform(-3, 3), place)
        thing = turning(20.0, rng.choice([-1, 1]) * np.radians(30), start)
        corner = 0.5 * rng.choice([-1, 1], 3) * [4.5, 1.9, 1.6]

        def place_at(share: float, thing: Motion = thing, corner: np.ndarray = corner) -> np.ndarray:
            at_s = share * readout_s
            return ((ego(at_s) * ego_from_camera).inverse() * thing(at_s)).apply(corner)

        points = np.array([place_at(s) for s in MOMENTS])
        if not BARREL.contains(np.nan_to_num(BARREL.project(points)[0], nan=-1e9)).all():
            continue
        pixel = project_rolling(BARREL, points[:, None])[0][0]
        worst = max(worst, float(np.abs(pixel - exact_pixel(BARREL, place_at)).max()))
        off = [np.linalg.norm(quadratic(points)(s) - place_at(s)) for s in np.linspace(-0.5, 0.5, 21)]
        worst_m = max(worst_m, float(max(off)))
        moved.append(np.linalg.norm(pixel - BARREL.project(points[1])[0]))
    print(f"{len(moved)} points, moved up to {max(moved):.1f} px, off {worst:.1e} px, quadratic off {worst_m:.1e} m")
    assert len(moved) > 25
    assert max(moved) > 5.0
    assert worst < 0.05
    assert worst_m < 1e-4


def three(camera_from_object: RigidTransform, twists: np.ndarray) -> RigidTransform:
    """(3, N) poses of N bodies that move by a twist (N, 6) during the readout, in the camera frame."""
    return RigidTransform.stack([RigidTransform.exp(twists * s) * camera_from_object for s in MOMENTS])


@each_camera
def test_what_does_not_move_is_seen_as_ever(camera: CameraModel) -> None:
    poses, sizes = random_cuboids(8, 300)
    rolling = project_cuboids(camera, three(poses, np.zeros((300, 6))), sizes)
    still = project_cuboids(camera, poses, sizes)
    assert np.array_equal(rolling.visible, still.visible)
    # A lens's chords begin anew where an edge comes near the image.
    np.testing.assert_allclose(rolling.boxes_px, still.boxes_px, atol=1e-3 if camera is PINHOLE else 0.2)
    points = 10 * np.random.default_rng(1).normal(size=(50, 3))
    pixels, valid = project_rolling(camera, np.stack([points] * 3))
    expected, also = camera.project(points)
    assert np.array_equal(valid, also)
    assert np.array_equal(pixels, expected, equal_nan=True)


def rolled_edges(camera: CameraModel, poses: RigidTransform, size: np.ndarray) -> np.ndarray:
    """(P, 2) pixels of the edges of one body, poses (3,), where each row sees them: dense, by bisection."""
    corners = np.stack([poses[k].apply(0.5 * CORNER_SIGNS * size) for k in range(3)])
    share = np.linspace(0, 1, 2001)[:, None]
    points = np.concatenate(
        [corners[:, None, i] + share * (corners[:, None, j] - corners[:, None, i]) for i, j in EDGES], 1
    )
    low, high = np.full((points.shape[1], 1), -BEYOND), np.full((points.shape[1], 1), BEYOND)
    for _ in range(30):
        moment = 0.5 * (low + high)
        top, middle, bottom = points
        place = top * 2 * moment * (moment - 0.5) + middle * (1 - 4 * moment**2) + bottom * 2 * moment * (moment + 0.5)
        late = moment < (rows_of(camera, place) + 0.5) / camera.height_px - 0.5
        low, high = np.where(late, moment, low), np.where(late, high, moment)
    pixels, valid = camera.project(place)
    seen = valid & (place[:, 2] > NEAR_M)
    return pixels[seen & camera.contains(np.where(valid[:, None], pixels, -1e9))]


def rows_of(camera: CameraModel, places: np.ndarray) -> np.ndarray:
    """(P, 1) rows of places (P, 3), those that the camera cannot see brought to where it begins to."""
    depth = np.maximum(places[:, 2], NEAR_M)
    radius = np.linalg.norm(places[:, :2], axis=1) / depth
    shrunk = np.minimum(1.0, (1 - 1e-9) * camera.max_radius / np.maximum(radius, 1e-9))[:, None]
    return camera.project(np.column_stack([places[:, :2] * shrunk, depth]))[0][:, 1:]


@each_camera
def test_outlines_are_where_the_rows_see_the_edges(camera: CameraModel) -> None:
    """Bodies around the image's borders too, moving by up to a metre and a fifth of a radian during the readout."""
    rng = np.random.default_rng(9)
    count, drawn, worst_off, worst_missing, moved = 20, 0, 0.0, 0.0, 0.0
    middle = RigidTransform(
        quaternion.normalize(rng.normal(size=(count, 4))), rng.uniform([-6, -4, 6], [6, 4, 25], (count, 3))
    )
    sizes = rng.uniform(0.5, 5.0, (count, 3))
    poses = three(middle, np.column_stack([rng.uniform(-1, 1, (count, 3)), rng.uniform(-0.02, 0.02, (count, 3))]))
    outlines, still = project_cuboids(camera, poses, sizes), project_cuboids(camera, middle, sizes)
    for index in range(count):
        mine = RigidTransform(poses.rotation[:, index], poses.translation[:, index])
        truth, segments = rolled_edges(camera, mine, sizes[index]), outlines.segments_px[outlines.owners == index]
        clear = truth[clear_of_border(camera, truth)]
        if len(clear) < 100 or not len(segments):
            continue
        drawn += 1
        worst_missing = max(worst_missing, float(distance_to_segments(clear[::53], segments).max()))
        dots = sampled(segments.astype(float))
        dots = dots[clear_of_border(camera, dots)]
        worst_off = max(worst_off, float(cKDTree(truth).query(dots)[0].max()))
        expected = np.concatenate([truth.min(axis=0), truth.max(axis=0)])
        box = outlines.boxes_px[index]
        assert np.all((box - expected) * [-1, -1, 1, 1] > -0.5), index
        moved = max(moved, float(np.nanmax(np.abs(box - still.boxes_px[index]))))
    print(f"{drawn} drawn, moved {moved:.0f} px, missing {worst_missing:.3f} px, off {worst_off:.3f} px")
    assert drawn > 15
    assert moved > 5.0
    assert worst_missing < 0.3
    assert worst_off < 0.5


@pytest.mark.parametrize("readout_s", [READOUT_S, -READOUT_S])
def test_a_passing_pole_leans(readout_s: float) -> None:
    """10 m/s to the right at 20 m: the lower rows see it later, further right, unless they are the first."""
    camera, height = Pinhole(1000, 800, 1000.0, 1000.0, 499.5, 399.5), 12.0
    middle = RigidTransform(UPRIGHT[None], np.array([[0.0, 0.0, 20.0]]))
    shifts = np.array([[[s * readout_s * 10.0, 0.0, 0.0]] for s in MOMENTS])
    poses = RigidTransform(np.repeat(middle.rotation[None], 3, axis=0), middle.translation + shifts)
    outlines = project_cuboids(camera, poses, [[0.01, 0.01, height]])
    uprights = outlines.segments_px[np.abs(np.diff(outlines.segments_px[..., 1], axis=1)[:, 0]) > 100].astype(float)
    assert len(uprights) >= 4
    for upper, lower in (sorted(each, key=lambda end: end[1]) for each in uprights.tolist()):
        speed_px = 1000.0 * 10.0 / 20.0 * readout_s / 800  # along a row, for each row down
        assert lower[0] - upper[0] == pytest.approx(speed_px * (lower[1] - upper[1]), abs=0.01)
        assert abs(lower[0] - upper[0]) > 10.0
    left, _, right, _ = outlines.boxes_px[0]
    assert right - left == pytest.approx(speed_px_of(height, readout_s), abs=0.6)


def speed_px_of(height: float, readout_s: float) -> float:
    """How far the pole's image moves while the rows that see it are read."""
    return 1000.0 * 10.0 / 20.0 * abs(readout_s) * (1000.0 * height / 20.0) / 800


def test_a_body_that_comes_into_the_image_only_for_its_rows_is_drawn() -> None:
    """In the middle of the readout it is far outside; the last rows see it."""
    camera = Pinhole(640, 400, 400.0, 400.0, 319.5, 199.5)
    middle = RigidTransform(UPRIGHT[None], np.array([[7.2, 3.0, 8.0]]))
    assert not project_cuboids(camera, middle, [[0.6, 0.6, 0.6]]).visible.any()
    poses = RigidTransform(
        np.repeat(middle.rotation[None], 3, axis=0),
        middle.translation + np.array([[[3.0, 0, 0]], [[0.0, 0, 0]], [[-3.0, 0, 0]]]),
    )
    outlines = project_cuboids(camera, poses, [[0.6, 0.6, 0.6]])
    assert outlines.visible.all()
    pixel = project_rolling(camera, poses.translation)[0][0]
    left, top, right, bottom = outlines.boxes_px[0]
    assert left < pixel[0] < right
    assert top < pixel[1] < bottom


@given(
    camera=st.sampled_from(sorted(CAMERAS)),
    seed=st.integers(0, 10_000),
    metres=st.sampled_from([0.0, 0.3, 3.0, 30.0]),
    radians=st.sampled_from([0.0, 0.1, 1.0, 3.0]),
)
def test_however_things_move_nothing_is_drawn_out_of_place(
    camera: str, seed: int, metres: float, radians: float
) -> None:
    """Around, behind and through the camera, faster than the rows are read: always numbers, always in the image."""
    model, rng = CAMERAS[camera], np.random.default_rng(seed)
    middle, sizes = random_cuboids(seed, 25)
    twists = rng.uniform(-1, 1, (25, 6)) * np.repeat([metres, radians], 3)
    poses = RigidTransform.stack([middle * RigidTransform.exp(twists * s) for s in MOMENTS])
    outlines = project_cuboids(model, poses, sizes)
    assert np.isfinite(outlines.segments_px).all()
    low, high = np.float32(-0.5), np.float32([model.width_px - 0.5, model.height_px - 0.5])
    assert np.all(outlines.segments_px >= low - 1e-3)
    assert np.all(outlines.segments_px <= high + 1e-3)
    boxes = outlines.boxes_px[outlines.visible]
    assert np.isfinite(boxes).all()
    assert np.all(boxes[:, :2] <= boxes[:, 2:])
    assert np.all((boxes[:, :2] >= -0.501) & (boxes[:, 2:] <= high + 1e-3))
    amodal = outlines.amodal_px[outlines.visible]
    assert np.all(amodal[:, :2] <= boxes[:, :2])
    assert np.all(amodal[:, 2:] >= boxes[:, 2:])
    assert set(outlines.owners) <= set(np.flatnonzero(outlines.visible))


def test_a_big_batch_is_what_its_parts_are() -> None:
    rng = np.random.default_rng(2)
    middle, sizes = random_cuboids(4, 1500)  # more chords than the kernel's buffer holds
    poses = three(middle, rng.uniform(-0.3, 0.3, (1500, 6)))
    together = project_cuboids(BARREL, poses, sizes)
    assert same(together, project_cuboids(BARREL, poses, sizes))
    for index in range(0, 1500, 41):
        alone = RigidTransform(poses.rotation[:, index : index + 1], poses.translation[:, index : index + 1])
        single = project_cuboids(BARREL, alone, sizes[index : index + 1])
        assert np.array_equal(together.segments_px[together.owners == index], single.segments_px)
        assert np.array_equal(together.boxes_px[index], single.boxes_px[0], equal_nan=True)


def test_other_shapes_are_refused() -> None:
    pose = RigidTransform(np.tile([1.0, 0, 0, 0], (2, 4, 1)), np.zeros((2, 4, 3)))
    with pytest.raises(ValueError, match=r"a batch \(N,\), or \(3, N\) for a rolling shutter, not \(2, 4\)"):
        project_cuboids(PINHOLE, pose, np.ones((4, 3)))
    with pytest.raises(ValueError, match=r"points of a rolling shutter are \(3, ..., 3\), not \(2, 3\)"):
        project_rolling(PINHOLE, np.zeros((2, 3)))
