"""Photos: silhouettes where the truth says, rolling shutters, light and weather, glass."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from calibration import BoxwrightError, BrownConrady, CameraModel, Pinhole, RigidTransform
from fusion.scenario.language.place import Weather
from fusion.scenario.language.sensors import Camera
from fusion.scenario.sensing.camera import CameraSimulator
from fusion.scenario.sensing.moving_scene import MovingScene
from fusion.scenario.solids.materials import GLASS_PANE, KERB, Pattern, Surface
from fusion.scenario.solids.meshes import box
from fusion.scenario.world import START_NS, Actor, Prop, World
from tests.fusion.scenario.sensing_worlds import (
    EGO_FROM_CAMERA,
    Straight,
    block,
    car,
    ground,
    mounted,
    street,
)

PINHOLE = Pinhole(640, 400, fx_px=400.0, fy_px=400.0, cx_px=319.5, cy_px=190.0)
BENT = BrownConrady(640, 400, fx_px=345.0, fy_px=344.0, cx_px=317.2, cy_px=203.6, k1=-0.28, k2=0.08)
SMALL = Pinhole(160, 100, fx_px=100.0, fy_px=100.0, cx_px=79.5, cy_px=48.0)
TIME_NS = START_NS + 400_000_000
STILL = Straight((0.0, 0.0, 0.0))


def _simulator(
    world: World, model: CameraModel = SMALL, *, readout_ms: float = 0.0, noise: float = 0.0, nthreads: int = 0
) -> CameraSimulator:
    camera = Camera({}, readout_ms=readout_ms, noise=noise)
    return CameraSimulator(MovingScene(world, nthreads=nthreads), model, camera, mounted(world, EGO_FROM_CAMERA))


def _photo(world: World, *, seed: int = 0, **settings: float) -> np.ndarray:
    return _simulator(world, **settings).shot(TIME_NS, np.random.default_rng(seed)).pixels


def _mask_box(mask: np.ndarray) -> np.ndarray:
    rows, columns = np.nonzero(mask)
    return np.array([columns.min() - 0.5, rows.min() - 0.5, columns.max() + 0.5, rows.max() + 0.5])


def _iou(a: np.ndarray, b: np.ndarray) -> float:
    overlap = np.prod(np.maximum(np.minimum(a[2:], b[2:]) - np.maximum(a[:2], b[:2]), 0.0))
    return float(overlap / (np.prod(a[2:] - a[:2]) + np.prod(b[2:] - b[:2]) - overlap))


def _projected(world: World, actor: Actor, model: CameraModel, times_ns: np.ndarray) -> np.ndarray:
    """Pixels (V, 2) of the mesh's vertices, each at its own time (V,)."""
    vertices = actor.parts[0].mesh.vertices_m
    camera_from_object = mounted(world, EGO_FROM_CAMERA)(times_ns).inverse() * actor.trajectory.at(times_ns)
    pixels, valid = model.project(camera_from_object.rotate(vertices) + camera_from_object.translation)
    assert valid.all()
    return pixels


def _true_box(world: World, model: CameraModel, readout_ms: float) -> np.ndarray:
    """Every vertex where it is at the time of the very row that it is seen on (fixed point)."""
    actor = world.actors[0]
    times_ns = np.full(len(actor.parts[0].mesh.vertices_m), TIME_NS)
    for _ in range(20):
        pixels = _projected(world, actor, model, times_ns)
        row_share = (pixels[:, 1] + 0.5) / model.height_px - 0.5
        times_ns = TIME_NS + np.rint(readout_ms * 1e6 * row_share).astype(np.int64)
    return np.concatenate([pixels.min(axis=0), pixels.max(axis=0)])


CROSSING = car("car", Straight((15.0, 8.0, 0.76), (0.0, -20.0, 0.0), yaw_rad=-np.pi / 2 + 0.3))
COMING = car("car", Straight((24.0, 2.5, 0.76), (-20.0, 0.0, 0.0), yaw_rad=np.pi))


@pytest.mark.parametrize("model", [PINHOLE, BENT])
@pytest.mark.parametrize("actor", [CROSSING, COMING])
@pytest.mark.parametrize("readout_ms", [0.0, 40.0, -40.0])
def test_silhouettes_are_where_the_truth_is_row_by_row(model: CameraModel, actor: Actor, readout_ms: float) -> None:
    world = World((ground(),), (actor,), Straight((0.0, 0.0, 0.0), (8.0, 0.0, 0.0), yaw_rate=0.1))
    simulator = _simulator(world, model, readout_ms=readout_ms)
    mask = simulator.instances(TIME_NS, only="car") == 0
    assert mask.sum() > 1000
    assert _iou(_true_box(world, model, readout_ms), _mask_box(mask)) >= 0.95


def test_a_rolling_shutter_is_not_a_global_one() -> None:
    world = World((), (CROSSING,), STILL)
    mask = _simulator(world, PINHOLE, readout_ms=40.0).instances(TIME_NS) == 0
    shutter = _simulator(world, PINHOLE).instances(TIME_NS) == 0
    rows = np.flatnonzero(mask.any(axis=1))
    lean = [np.flatnonzero(mask[row]).mean() - np.flatnonzero(shutter[row]).mean() for row in rows[[2, -3]]]
    assert abs(lean[1] - lean[0]) > 2.0


def test_visibility_has_the_boxes_of_the_masks() -> None:
    actors = (block("near", Straight((8.0, 0.6, 1.0))), block("behind", Straight((12.0, -0.6, 1.0))))
    world = World((ground(),), actors, STILL)
    simulator = _simulator(world)
    visibility = simulator.shot(TIME_NS, None).visibility
    instances = simulator.instances(TIME_NS)
    assert visibility.boxes_px is not None
    assert visibility.whole_boxes_px is not None
    for index, actor in enumerate(actors):
        alone = simulator.instances(TIME_NS, only=actor.name) == index
        assert visibility.visible[index] == np.count_nonzero(instances == index)
        assert visibility.whole[index] == np.count_nonzero(alone)
        np.testing.assert_array_equal(visibility.boxes_px[index], _mask_box(instances == index))
        np.testing.assert_array_equal(visibility.whole_boxes_px[index], _mask_box(alone))
    assert visibility.visible[1] < visibility.whole[1]
    gone = _simulator(World((), (block("back", Straight((-9.0, 0.0, 1.0))),), STILL)).shot(TIME_NS, None).visibility
    assert gone.boxes_px is not None
    assert np.isnan(gone.boxes_px).all()


def test_the_same_seed_gives_the_same_photo_with_one_thread_or_two() -> None:
    world = street(Weather(rain_mm_per_h=10.0, light=0.3))
    photos = [_photo(world, noise=4.0, readout_ms=20.0, nthreads=nthreads) for nthreads in (1, 2)]
    assert photos[0].tobytes() == photos[1].tobytes()
    assert _photo(world, seed=1, noise=4.0).tobytes() != photos[0].tobytes()


def test_the_sun_throws_a_shadow_unless_there_are_clouds() -> None:
    hanging = World((ground(surface=KERB),), (block("block", Straight((8.0, 0.0, 3.6))),), STILL)
    darkest = []
    for weather in (Weather(sun_elevation_deg=80.0), Weather(sun_elevation_deg=80.0, clouds=1.0)):
        pixels = _photo(replace(hanging, weather=weather)).astype(float)
        shadow, lit = pixels[68:71, 72:78].mean(), pixels[90:, 5:20].mean()
        darkest.append(shadow / lit)
    assert darkest[0] < 0.7
    assert darkest[1] > 0.9


def test_night_is_dark_but_lights_glow() -> None:
    day, night = (_photo(street(weather)) for weather in (Weather(), Weather(light=0.02)))
    assert night[:20, 60:100].mean() < 0.6 * day[:20, 60:100].mean()
    assert 10 < night.mean() < 0.7 * day.mean()
    going = car("car", Straight((7.0, 0.0, 0.75)), (0.3, 0.3, 0.3))
    pixels = _photo(World((ground(),), (going,), STILL, Weather(light=0.02))).astype(int)
    assert (pixels[..., 0] - pixels[..., 2]).max() > 120


def test_fog_swallows_what_is_far() -> None:
    contrast = []
    for weather in (Weather(clouds=1.0), Weather(clouds=1.0, fog_visibility_m=25.0)):
        world = World((ground(),), (block("far", Straight((40.0, 0.0, 1.5))),), STILL, weather)
        simulator = _simulator(world)
        mask = simulator.instances(TIME_NS) == 0
        pixels = simulator.shot(TIME_NS, None).pixels.astype(float)
        around = pixels[mask.any(axis=1)][:, :20].mean()
        contrast.append(abs(pixels[mask].mean() - around))
    assert contrast[1] < 0.35 * contrast[0]


@pytest.mark.parametrize("weather", [Weather(rain_mm_per_h=30.0), Weather(snow_mm_per_h=5.0)])
def test_rain_and_snow_leave_marks(weather: Weather) -> None:
    simulator = _simulator(street(weather), PINHOLE)
    clean, marked = (simulator.shot(TIME_NS, rng).pixels.astype(int) for rng in (None, np.random.default_rng(0)))
    changed = np.abs(clean - marked).max(axis=2) > 6
    assert 0.001 < changed.mean() < 0.3


def test_indoors_there_is_no_sky() -> None:
    wall = Prop(box((8.0, 8.2, -9.0, 9.0), (0.0, 6.0), KERB), RigidTransform.identity())
    ceiling = Prop(box((-20.0, 20.0, -20.0, 20.0), (6.0, 6.2), KERB), RigidTransform.identity())
    floor = ground(20.0, Surface((0.33, 0.33, 0.32), pattern=Pattern.FLOOR, gloss=0.15))
    pixels = _photo(World((wall, ceiling, floor), (), STILL, Weather(indoors=True))).astype(float)
    assert np.abs(pixels[..., 2] - pixels[..., 0]).mean() < 25.0
    assert 60.0 < pixels.mean() < 220.0


def test_who_stands_behind_nobodys_glass_is_seen() -> None:
    pane = Prop(box((5.0, 5.02, -4.0, 4.0), (0.0, 4.0), GLASS_PANE), RigidTransform.identity())
    red = Surface((0.7, 0.02, 0.02))
    behind = block("behind", Straight((9.0, 0.0, 1.0)))
    behind = replace(behind, parts=(replace(behind.parts[0], mesh=box((-1, 1, -1, 1), (-1, 1), red)),))
    simulator = _simulator(World((pane, ground()), (behind,), STILL))
    mask = simulator.instances(TIME_NS) == 0
    photo = simulator.shot(TIME_NS, None)
    assert mask.sum() == photo.visibility.visible[0] == photo.visibility.whole[0] > 100
    colour = photo.pixels[mask].mean(axis=0)
    assert colour[0] > 1.4 * colour[2]


def test_an_actors_glass_is_the_actor() -> None:
    world = World((ground(),), (car("car", Straight((7.0, 0.0, 0.75))),), STILL)
    simulator = _simulator(world)
    alone = simulator.instances(TIME_NS, only="car") == 0
    assert np.array_equal(simulator.instances(TIME_NS) == 0, alone)


def test_pixels_without_a_ray_are_black() -> None:
    barrel = BrownConrady(160, 100, fx_px=60.0, fy_px=60.0, cx_px=79.5, cy_px=49.5, k1=-0.35)
    simulator = _simulator(street(), barrel)
    _, valid = barrel.unproject(np.array([[0.0, 0.0]]))
    assert not valid[0]
    pixels = simulator.shot(TIME_NS, np.random.default_rng(0)).pixels
    assert pixels[0, 0].tolist() == [0, 0, 0]
    assert pixels[50, 80].sum() > 0
    assert simulator.instances(TIME_NS)[0, 0] == -1


def test_photos_are_jpegs() -> None:
    cv2 = pytest.importorskip("cv2")
    simulator = _simulator(street())
    photo = simulator.shot(TIME_NS, None)
    image = simulator.encoded(photo)
    pixels = cv2.imdecode(np.frombuffer(image.data, dtype=np.uint8), cv2.IMREAD_COLOR)[:, :, ::-1]
    assert image.media_type == "image/jpeg"
    assert np.abs(pixels.astype(int) - photo.pixels).mean() < 8.0


def test_an_unknown_name_is_told() -> None:
    with pytest.raises(BoxwrightError, match="no actor 'nobody'"):
        _simulator(street()).instances(TIME_NS, only="nobody")


@pytest.mark.parametrize("pattern", list(Pattern))
def test_every_pattern_has_edges_of_its_own(pattern: Pattern) -> None:
    surface = Surface((0.4, 0.35, 0.3), pattern=pattern, extent_m=(3.0, 3.0, 3.0))
    mesh = box((-1.5, 1.5, -1.5, 1.5), (-1.5, 1.5), surface)
    thing = Prop(mesh, RigidTransform.from_yaw(0.5, [5.0, 0.0, 1.5]))
    plain = Prop(replace(mesh, surfaces=(replace(surface, pattern=Pattern.PLAIN),)), thing.world_from_mesh)
    photos = [_photo(World((each,), (), STILL)).astype(int) for each in (thing, plain)]
    assert (np.abs(photos[0] - photos[1]).max() > 6) == (pattern is not Pattern.PLAIN)


def test_an_empty_world_is_all_sky() -> None:
    photo = _simulator(World((), (), STILL)).shot(TIME_NS, np.random.default_rng(0))
    assert photo.pixels.min() > 60
    assert photo.visibility.visible.shape == (0,)
