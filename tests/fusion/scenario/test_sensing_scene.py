"""Rays in a moving world: exact distances anywhere on Earth's scale, everyone at the ray's own moment."""

from __future__ import annotations

import subprocess
import sys

import numpy as np
import pytest

from calibration import RigidTransform
from fusion.scenario.language.sensors import RasterScan, RosetteScan, SpinningScan
from fusion.scenario.sensing.moving_scene import MovingScene
from fusion.scenario.sensing.rays import Hits, Rays
from fusion.scenario.sensing.scan import shots
from fusion.scenario.solids.materials import KERB
from fusion.scenario.solids.meshes import box
from fusion.scenario.world import START_NS, Prop, World
from tests.fusion.scenario.sensing_worlds import CAR_SIZE, Straight, block, car, ground, street, walker

PERIOD_NS = 100_000_000
STILL = Straight((0.0, 0.0, 0.0))


def _directions(count: int, seed: int = 0) -> np.ndarray:
    vectors = np.random.default_rng(seed).standard_normal((count, 3))
    return vectors / np.linalg.norm(vectors, axis=1, keepdims=True)


def _to_box_m(origins: np.ndarray, directions: np.ndarray, half: np.ndarray) -> np.ndarray:
    """Distances (N,) to a box about the origin from outside (slab method), infinite for a miss."""
    with np.errstate(divide="ignore"):
        low, high = (-half - origins) / directions, (half - origins) / directions
    enter, leave = np.minimum(low, high).max(axis=1), np.maximum(low, high).min(axis=1)
    return np.where((enter <= leave) & (enter > 0.0), enter, np.inf)


def _cast(scene: MovingScene, pose: RigidTransform, directions: np.ndarray, time_ns: int = START_NS) -> Hits:
    batch = RigidTransform(pose.rotation[None], pose.translation[None])
    return scene.cast(batch, np.array([time_ns]), directions[None])[1]


@pytest.mark.parametrize("origin_m", [0.0, 3000.0, -4721.3])
def test_distances_agree_with_planes_and_boxes_far_from_the_origin_too(origin_m: float) -> None:
    size = np.array([3.0, 2.0, 2.5])
    pose = RigidTransform.from_yaw(0.7, [origin_m + 9.0, -origin_m + 1.0, 2.0])
    prop = Prop(box((-1.5, 1.5, -1.0, 1.0), (-1.25, 1.25), KERB), pose)
    floor = Prop(
        box((-300.0, 300.0, -300.0, 300.0), (-0.5, 0.0), KERB),
        RigidTransform.from_yaw(0.2, [origin_m, -origin_m, 0.0]),
    )
    actor = block("block", Straight((origin_m - 8.0, -origin_m - 3.0, 3.0), yaw_rad=0.3))
    scene = MovingScene(World((prop, floor), (actor,), STILL))
    directions, eye = _directions(200_000), np.array([origin_m, -origin_m, 1.73])
    hits = _cast(scene, RigidTransform.from_yaw(0.0, eye), directions)
    truth = [np.where(directions[:, 2] < 0.0, -eye[2] / np.minimum(directions[:, 2], -1e-12), np.inf)]
    for frame, half in ((pose, size / 2), (actor.trajectory.at(START_NS), np.ones(3))):
        local = frame.inverse()
        truth.append(_to_box_m(local.apply(eye), local.rotate(directions), half))
    nearest = np.where(np.min(truth, axis=0) < 150.0, np.min(truth, axis=0), np.inf)
    near = np.isfinite(nearest)
    assert np.abs(hits.ranges_m[near] - nearest[near]).max() < 1e-4
    assert set(np.unique(hits.actors)) == {-1, 0}
    assert np.median(np.abs(hits.ranges_m[near] - nearest[near])) < 1e-9


def test_every_ray_meets_a_moving_actor_at_its_own_moment() -> None:
    scene = MovingScene(World((), (block("block", Straight((20.0, 0.0, 0.0), (-30.0, 0.0, 0.0))),), STILL))
    times_ns = START_NS + np.arange(0, 100_000_001, 1_000_000)
    poses = RigidTransform(np.tile([1.0, 0, 0, 0], (len(times_ns), 1)), np.zeros((len(times_ns), 3)))
    _, hits = scene.cast(poses, times_ns, np.tile([1.0, 0.0, 0.0], (len(times_ns), 2, 1)))
    expected = 19.0 - 30.0 * (times_ns - START_NS) * 1e-9
    np.testing.assert_allclose(hits.ranges_m, np.repeat(expected, 2), atol=1e-9)
    np.testing.assert_allclose(hits.points_in_mesh[:, 0], -1.0, atol=1e-6)
    np.testing.assert_allclose(hits.normals, np.tile([-1.0, 0.0, 0.0], (len(hits), 1)), atol=1e-6)


def test_parts_swing_on_their_actor() -> None:
    someone = walker("walker", Straight((10.0, 0.0, 0.9)))
    scene = MovingScene(World((), (someone,), STILL))
    grid = np.stack(np.meshgrid(np.linspace(-0.1, 0.1, 200), np.linspace(-0.2, 0.1, 200)), axis=-1).reshape(-1, 2)
    directions = np.column_stack([np.ones(len(grid)), grid])
    directions /= np.linalg.norm(directions, axis=1, keepdims=True)
    eye = RigidTransform.from_yaw(0.0, [0.0, 0.0, 1.0])
    together, apart = (
        np.ptp(_cast(scene, eye, directions, START_NS + time_ns).alone.ranges_m) for time_ns in (0, 250_000_000)
    )
    assert apart > together + 0.3


def test_alone_tells_who_would_be_met_behind_others() -> None:
    actors = (block("front", Straight((5.0, 0.0, 0.0))), block("behind", Straight((9.0, 0.0, 0.0))))
    wall = Prop(box((2.0, 2.1, -3.0, 3.0), (-3.0, 0.0), KERB), RigidTransform.identity())
    scene = MovingScene(World((wall,), actors, STILL))
    directions = np.array([[1.0, 0.0, 0.01], [1.0, 0.0, -0.01], [0.0, 1.0, 0.0]])
    hits = _cast(scene, RigidTransform.identity(), directions / np.linalg.norm(directions, axis=1, keepdims=True))
    assert hits.actors.tolist() == [0, -1, -1]
    assert sorted(zip(hits.alone.rays.tolist(), hits.alone.actors.tolist(), strict=True)) == [
        (0, 0),
        (0, 1),
        (1, 0),
        (1, 1),
    ]
    np.testing.assert_allclose(np.sort(hits.alone.ranges_m), [4.0, 4.0, 8.0, 8.0], atol=1e-3)


def test_only_one_actor_can_be_left_in_the_world() -> None:
    scene = MovingScene(street())
    rays = Rays.fired(RigidTransform.from_yaw([0.0], [[0.0, 1.8, 1.9]]), _directions(20_000)[None])
    moments = scene.moments(np.array([START_NS]))
    everything = scene.first_hits(rays, moments)
    someone = int(np.bincount(everything.alone.actors).argmax())
    one = scene.first_hits(rays, moments, only=someone)
    assert set(np.unique(one.actors)) == {-1, someone}
    assert np.count_nonzero(one.actors == someone) == np.count_nonzero(everything.alone.actors == someone)


def test_shadows_fall_where_the_actor_is_at_that_moment() -> None:
    scene = MovingScene(World((ground(50.0),), (block("block", Straight((0, 0, 3.0), (10.0, 0.0, 0.0))),), STILL))
    times_ns = START_NS + np.array([0, 1_000_000_000])
    points = np.array([[0.0, 0.0, 0.01], [0.0, 0.0, 0.01], [10.0, 0.0, 0.01]])
    rays = Rays(points, np.tile([0.0, 0.0, 1.0], (3, 1)), np.array([0, 1, 1], dtype=np.int32))
    assert scene.blocked(rays, scene.moments(times_ns)).tolist() == [True, False, True]


def test_one_thread_and_two_see_the_same_bytes() -> None:
    world = street()
    offsets_ns, directions = shots(SpinningScan(tuple(np.linspace(-20, 10, 32)), columns=900), 0, PERIOD_NS)
    times_ns = START_NS + PERIOD_NS + offsets_ns
    found = []
    for nthreads in (1, 2):
        _, hits = MovingScene(world, nthreads=nthreads).cast(world.ego.at(times_ns), times_ns, directions)
        found.append(b"".join(column.tobytes() for column in (hits.ranges_m, hits.normals, hits.points_in_mesh)))
    assert found[0] == found[1]


def test_an_empty_world_has_no_hits() -> None:
    hits = _cast(MovingScene(World((), (), STILL)), RigidTransform.identity(), _directions(10))
    assert not np.isfinite(hits.ranges_m).any()
    assert len(hits.alone.rays) == 0


def test_importing_the_simulators_needs_no_ray_caster() -> None:
    modules = ", ".join(f"fusion.scenario.sensing.{name}" for name in ("lidar", "camera", "depth"))
    program = f"import sys, {modules}; sys.exit('open3d' in sys.modules or 'cv2' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", program], check=False).returncode == 0


def test_a_spinning_scan_turns_once_from_its_start() -> None:
    offsets_ns, directions = shots(SpinningScan((-10.0, 0.0, 5.0), columns=360), 3, PERIOD_NS)
    azimuths = np.rad2deg(np.arctan2(directions[:, 1, 1], directions[:, 1, 0]))
    assert directions.shape == (360, 3, 3)
    assert -PERIOD_NS < offsets_ns.min() < offsets_ns.max() < 0
    assert np.all(np.diff(offsets_ns) > 0)
    assert azimuths[[0, -1]] == pytest.approx([179.5, -179.5])
    np.testing.assert_allclose(np.rad2deg(np.arcsin(directions[7, :, 2])), [-10.0, 0.0, 5.0], atol=1e-9)


def test_a_raster_writes_columns_from_left_to_right() -> None:
    _, directions = shots(RasterScan((80.0, 20.0), rows=11, columns=161), 0, PERIOD_NS)
    azimuths = np.rad2deg(np.arctan2(directions[:, 0, 1], directions[:, 0, 0]))
    assert np.all(np.diff(azimuths) < 0)
    assert 39.0 < azimuths[0] < 40.0
    assert np.rad2deg(np.arcsin(np.abs(directions[..., 2]).max())) < 10.0


def test_a_rosette_fills_its_field_of_view_from_sweep_to_sweep() -> None:
    scan = RosetteScan()
    first, again, second = (shots(scan, index, PERIOD_NS)[1] for index in (0, 0, 1))
    assert first.tobytes() == again.tobytes()
    assert np.abs(first - second).max() > 0.1
    for directions in (first, second):
        assert np.rad2deg(np.arccos(directions[..., 0].min())) <= 0.5 * scan.fov_deg + 0.5
    cells = [
        {tuple(cell) for cell in np.floor(np.rad2deg(d[..., 1:]).reshape(-1, 2) / 1.5).astype(int)}
        for d in (first, np.concatenate([first, second]))
    ]
    assert len(cells[1]) > 1.05 * len(cells[0])
    np.testing.assert_allclose(np.linalg.norm(first, axis=-1), 1.0, atol=1e-12)


def test_a_car_fills_its_cuboid_in_these_tests() -> None:
    vertices = car("car", STILL).parts[0].mesh.vertices_m
    assert np.abs(vertices).max(axis=0) == pytest.approx(np.array(CAR_SIZE) / 2)
