"""Depth images: exact without noise, and wrong in the way of their principle with it."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from calibration import Pinhole, RigidTransform
from fusion.scenario.language.sensors import DepthCamera
from fusion.scenario.sensing.depth import DepthSimulator, SimulatedDepth
from fusion.scenario.sensing.moving_scene import MovingScene
from fusion.scenario.solids.materials import KERB, RUBBER, Surface
from fusion.scenario.solids.meshes import box
from fusion.scenario.world import START_NS, Prop, World
from tests.fusion.scenario.sensing_worlds import EGO_FROM_CAMERA, Straight, block, mounted

MODEL = Pinhole(160, 120, fx_px=120.0, fy_px=120.0, cx_px=79.5, cy_px=59.5)
STILL = Straight((0.0, 0.0, 0.0))
CAMERA_X_M = 1.5


def _image(world: World, depth: DepthCamera, seed: int | None = 0) -> SimulatedDepth:
    simulator = DepthSimulator(MovingScene(world), MODEL, depth, mounted(world, EGO_FROM_CAMERA))
    return simulator.image(START_NS, None if seed is None else np.random.default_rng(seed))


def _wall(distance_m: float, surface: Surface = KERB) -> Prop:
    x = CAMERA_X_M + distance_m
    return Prop(box((x, x + 0.1, -30.0, 30.0), (-30.0, 30.0), surface), RigidTransform.identity())


def _errors_m(distance_m: float, depth: DepthCamera) -> np.ndarray:
    measured = _image(World((_wall(distance_m),), (), STILL), depth).image.depth_m
    return measured[measured > 0.0] - distance_m


@pytest.mark.parametrize("principle", ["stereo", "tof"])
def test_without_noise_depth_is_exact_to_the_millimetre(principle: str) -> None:
    depth = DepthCamera({}, principle=principle)  # type: ignore[arg-type]
    image = _image(World((_wall(4.3217),), (), STILL), depth, seed=None).image
    assert image.metres_per_unit == 0.001
    assert np.all(image.values == 4322)
    assert not _image(World((), (), STILL), depth).image.values.any()
    assert not _image(World((_wall(13.0),), (), STILL), depth, seed=None).image.values.any()
    assert not _image(World((_wall(0.2),), (), STILL), depth, seed=None).image.values.any()


def test_the_error_of_stereo_grows_with_the_square_of_the_depth() -> None:
    near, far = (_errors_m(distance, DepthCamera({})).std() for distance in (3.0, 9.0))
    assert far / near == pytest.approx(9.0, rel=0.3)
    assert np.std(_errors_m(6.0, DepthCamera({}, noise=0.0))) < 0.02


def test_stereo_errs_in_windows_and_steps() -> None:
    measured = _image(World((_wall(9.0),), (), STILL), DepthCamera({})).image.depth_m
    error = measured - 9.0
    beside, afar = (np.corrcoef(error[:, :-step].ravel(), error[:, step:].ravel())[0, 1] for step in (1, 40))
    assert beside > 0.8
    assert abs(afar) < 0.3
    assert len(np.unique(measured)) < 60


def test_the_error_of_time_of_flight_grows_linearly() -> None:
    near, far = (_errors_m(distance, DepthCamera({}, principle="tof", holes=0.0)).std() for distance in (3.0, 9.0))
    assert 1.5 < far / near < 5.0


def test_stereo_finds_nothing_in_the_shadow_beside_near_things() -> None:
    thing = block("near", Straight((CAMERA_X_M + 1.5, 0.0, 1.5)), (0.2, 0.6, 0.6))
    values = _image(World((_wall(6.0),), (thing,), STILL), DepthCamera({}, noise=0.0, holes=1.0)).image.values
    row = values[60]
    near = np.flatnonzero((row > 0) & (row < 2000))
    left, right = row[near[0] - 6 : near[0] - 1], row[near[-1] + 2 : near[-1] + 7]
    assert np.all(left == 0)
    assert np.all(right > 0)


def test_mirrors_and_dark_plain_things_make_holes_in_stereo() -> None:
    shares = []
    for surface in (KERB, Surface((0.3, 0.3, 0.3), gloss=1.0), Surface((0.01, 0.01, 0.01))):
        shares.append(np.mean(_image(World((_wall(4.0, surface),), (), STILL), DepthCamera({})).image.values == 0))
    assert shares[0] < 0.01
    assert shares[1] > 0.3
    assert shares[2] > 0.05


def test_time_of_flight_has_flying_pixels_and_loses_the_dark() -> None:
    thing = block("near", Straight((CAMERA_X_M + 1.5, 0.0, 1.5)), (0.2, 0.6, 0.6))
    world = World((_wall(5.0),), (thing,), STILL)
    counts = []
    for share in (0.0, 0.8):
        depth = DepthCamera({}, principle="tof", flying_pixels=share, holes=0.0)
        measured = _image(world, depth).image.depth_m
        counts.append(np.count_nonzero((measured > 1.8) & (measured < 4.5)))
    assert counts[0] == 0
    assert counts[1] > 30
    dark = _image(World((_wall(10.0, RUBBER),), (), STILL), DepthCamera({}, principle="tof")).image.values
    assert np.mean(dark == 0) > 0.1


def test_the_same_seed_gives_the_same_depth_and_visibility_is_that_of_the_pixels() -> None:
    thing = block("near", Straight((6.0, 0.0, 1.5)))
    world = World((_wall(9.0),), (thing,), STILL)
    first, second, other = (_image(world, DepthCamera({}), seed) for seed in (0, 0, 1))
    assert first.image.values.tobytes() == second.image.values.tobytes()
    assert first.image.values.tobytes() != other.image.values.tobytes()
    assert first.visibility.visible[0] == first.visibility.whole[0] > 500
    nobody = _image(replace(world, actors=()), DepthCamera({})).visibility
    assert nobody.visible.shape == (0,)
