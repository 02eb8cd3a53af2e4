"""LiDAR sweeps: true motion distortion, sensible noise, glass, weather."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from calibration import RigidTransform
from fusion.scenario.language.place import Weather
from fusion.scenario.language.sensors import Lidar, RasterScan, SpinningScan
from fusion.scenario.sensing.lidar import LidarSimulator, SimulatedSweep
from fusion.scenario.sensing.moving_scene import MovingScene
from fusion.scenario.solids.materials import GLASS_PANE, KERB, MARKING, Surface
from fusion.scenario.solids.meshes import box
from fusion.scenario.world import START_NS, Prop, World
from tests.fusion.scenario.sensing_worlds import (
    CAR_SIZE,
    Straight,
    block,
    car,
    distances_to_mesh_m,
    ground,
    mounted,
    street,
)

PERIOD_NS = 100_000_000
END_NS = START_NS + 3 * PERIOD_NS
MOUNT = RigidTransform.from_yaw(0.0, [0.0, 0.0, 1.9])
LIDAR = Lidar(SpinningScan(tuple(np.linspace(-24.0, 8.0, 48).tolist()), columns=1200))
STILL = Straight((0.0, 0.0, 0.0))
QUIET = replace(LIDAR, range_sigma_m=0.0, dropout=0.0, intensity_sigma=0.0, divergence_mrad=0.0)


def _sweep(world: World, lidar: Lidar = LIDAR, *, seed: int | None = 0, nthreads: int = 0) -> SimulatedSweep:
    simulator = LidarSimulator(MovingScene(world, nthreads=nthreads), lidar, mounted(world, MOUNT), PERIOD_NS)
    return simulator.sweep(2, END_NS, None if seed is None else np.random.default_rng(seed))


def _wall(surface: Surface, x_m: float = 20.0, half_m: float = 30.0) -> Prop:
    return Prop(box((x_m, x_m + 1.0, -half_m, half_m), (-1.0, 8.0), surface), RigidTransform.identity())


def test_points_on_a_car_at_20_m_per_s_lie_on_its_mesh_at_their_own_times_only() -> None:
    motion = Straight((30.0, 3.0, 0.75), (-20.0, 0.0, 0.0), yaw_rad=np.pi)
    world = World((ground(),), (car("car", motion),), Straight((0.0, 0.0, 0.0), (12.0, 0.0, 0.0), yaw_rate=0.2))
    simulated = _sweep(world, seed=None)
    mine = simulated.actors == 0
    assert np.count_nonzero(mine) > 50
    points = simulated.sweep.points_m[mine].astype(np.float64)
    times_ns = END_NS + simulated.sweep.time_offset_ns[mine].astype(np.int64)
    mesh = world.actors[0].parts[0].mesh

    def off_mesh(at_ns: np.ndarray) -> np.ndarray:
        object_from_sensor = motion.at(at_ns).inverse() * mounted(world, MOUNT)(at_ns)
        return distances_to_mesh_m(mesh, object_from_sensor.rotate(points) + object_from_sensor.translation)

    assert off_mesh(times_ns).max() < 0.01
    assert np.median(off_mesh(np.full_like(times_ns, END_NS))) > 0.1


def test_the_same_seed_gives_the_same_bytes_with_one_thread_or_two() -> None:
    world = street(Weather(rain_mm_per_h=5.0))
    sweeps = [_sweep(world, replace(LIDAR, packet_loss=0.02), nthreads=nthreads) for nthreads in (1, 2)]
    for first, second in zip(
        *([s.sweep.points_m, s.sweep.intensity, s.sweep.time_offset_ns, s.actors] for s in sweeps), strict=True
    ):
        assert first.tobytes() == second.tobytes()
    other = _sweep(world, replace(LIDAR, packet_loss=0.02), seed=1)
    assert other.sweep.points_m.tobytes() != sweeps[0].sweep.points_m.tobytes()


def test_noise_bias_and_steps_are_those_of_the_description() -> None:
    world = World((_wall(KERB),), (), STILL)
    noisy = _sweep(world, replace(QUIET, range_sigma_m=0.03, range_bias_m=0.1)).sweep
    directions = noisy.points_m / np.linalg.norm(noisy.points_m, axis=1, keepdims=True)
    facing = directions[:, 0] > 0.6
    error = np.linalg.norm(noisy.points_m[facing], axis=1) - 20.0 / directions[facing, 0]
    assert np.mean(error) == pytest.approx(0.1, abs=0.003)
    assert np.std(error) == pytest.approx(0.03, rel=0.05)
    stepped = _sweep(world, replace(LIDAR, coordinate_step_m=1 / 128)).sweep.points_m.astype(np.float64) * 128
    assert np.all(stepped == np.rint(stepped))


def test_intensity_tells_paint_from_asphalt_and_a_slant_from_a_wall() -> None:
    sides = {MARKING: 1.0, KERB: -1.0}
    props = tuple(
        Prop(box((15.0, 16.0, *sorted((0.0, 10.0 * side))), (0.0, 5.0), surface), RigidTransform.identity())
        for surface, side in sides.items()
    )
    sweep = _sweep(World((*props, ground()), (), STILL)).sweep
    on_wall = (np.abs(sweep.points_m[:, 0] - 15.0) < 0.1) & (np.abs(sweep.points_m[:, 1]) < 9.0)
    painted, kerb = (on_wall & (side * sweep.points_m[:, 1] > 0.5) for side in (1.0, -1.0))
    road = sweep.points_m[:, 2] < -1.85
    medians = [np.median(sweep.intensity[chosen]) for chosen in (painted, kerb, road)]
    assert medians[0] > 1.8 * medians[1] > 3.0 * medians[2]


def test_dark_and_grazing_things_fade_with_distance() -> None:
    dark = Surface((0.01, 0.01, 0.01), reflectivity=0.03)
    shares = []
    for surface, x_m in ((KERB, 80.0), (dark, 80.0), (dark, 20.0)):
        world = World((_wall(surface, x_m),), (), STILL)
        kept, everything = (len(_sweep(world, QUIET, seed=seed).sweep) for seed in (0, None))
        shares.append(kept / everything)
    assert shares[0] > 0.95
    assert shares[1] < 0.85 < 0.99 < shares[2]


def test_glass_lets_most_pulses_through_and_answers_head_on() -> None:
    pane = Prop(box((9.99, 10.0, -10.0, 10.0), (-1.0, 8.0), GLASS_PANE), RigidTransform.identity())
    person = block("behind", Straight((14.0, 2.0, 1.0)))
    simulated = _sweep(World((pane, _wall(KERB), ground()), (person,), STILL), QUIET)
    x = simulated.sweep.points_m[:, 0]
    ahead = np.abs(np.arctan2(simulated.sweep.points_m[:, 1], x)) < 0.6
    on_glass, behind = np.abs(x - 9.99) < 0.02, x > 10.5
    assert 0.05 < np.mean(on_glass[ahead]) < 0.4
    assert np.count_nonzero(simulated.actors == 0) > 50
    head_on = np.linalg.norm(simulated.sweep.points_m[:, 1:], axis=1) < 0.04 * np.abs(x)
    assert np.all(on_glass[head_on & (x > 0)])
    assert behind.any()
    assert simulated.visibility.visible[0] > 0.7 * simulated.visibility.whole[0] > 0


def test_wide_beams_mix_what_they_meet_at_edges() -> None:
    """Behind a block's edge stands a wall half a metre away: only a beam with a width reports points in between."""
    plate = block("plate", Straight((19.5, 0.0, 2.0)), (0.02, 3.0, 3.0))
    world = World((_wall(KERB),), (plate,), STILL)
    between = []
    for divergence in (0.0, 16.0):
        x = _sweep(world, replace(QUIET, divergence_mrad=divergence)).sweep.points_m[:, 0]
        between.append(np.count_nonzero((x > 19.54) & (x < 19.95)))
    assert between[0] == 0
    assert between[1] > 20


def test_lost_packets_leave_gaps_of_whole_packets() -> None:
    lossy = replace(QUIET, packet_loss=0.2, packet_shots=12)
    offsets_ns = _sweep(World((ground(),), (), STILL), lossy).sweep.time_offset_ns
    shots = np.unique(np.rint((offsets_ns / PERIOD_NS + 1.0) * 1200 - 0.5).astype(int))
    packets = np.unique(shots // 12)
    assert 60 < len(packets) < 95
    assert len(shots) == 12 * len(packets)


@pytest.mark.parametrize(
    "weather", [Weather(rain_mm_per_h=40.0), Weather(snow_mm_per_h=5.0), Weather(fog_visibility_m=40.0)]
)
def test_bad_weather_shortens_the_sight_and_answers_from_nearby(weather: Weather) -> None:
    world = World((_wall(KERB, 60.0),), (), STILL)
    clear, dim = _sweep(world).sweep, _sweep(replace(world, weather=weather))
    ranges = np.linalg.norm(dim.sweep.points_m, axis=1)
    false = ranges < 30.0
    assert np.count_nonzero(false) > 50
    assert np.median(ranges[false]) < 8.0
    assert np.all(dim.actors[false] == -1)
    assert np.count_nonzero(~false) < len(clear)
    assert np.median(dim.sweep.intensity[~false]) < np.median(clear.intensity) if np.any(~false) else True


def test_visibility_counts_what_is_hidden_and_stays_within_range() -> None:
    actors = (
        block("near", Straight((8.0, 0.0, 1.0))),
        block("hidden", Straight((14.0, 0.0, 1.0))),
        block("beside", Straight((14.0, 8.0, 1.0))),
        block("far", Straight((130.0, 30.0, 1.0))),
    )
    seen = _sweep(World((), actors, STILL)).visibility
    assert seen.whole[3] == seen.visible[3] == 0
    assert seen.visible[0] == seen.whole[0] > 100
    assert seen.visible[1] < 0.2 * seen.whole[1]
    assert seen.visible[2] == seen.whole[2] > 0
    assert seen.boxes_px is None


def test_a_raster_lidar_sees_forward_only() -> None:
    sweep = _sweep(World((ground(),), (), STILL), Lidar(RasterScan((90.0, 30.0)))).sweep
    assert len(sweep) > 1000
    assert np.all(sweep.points_m[:, 0] > np.abs(sweep.points_m[:, 1]) - 0.2)


def test_a_parked_cars_points_stay_within_its_cuboid() -> None:
    world = World((ground(),), (car("car", Straight((9.0, 3.0, 0.75))),), STILL)
    simulated = _sweep(world, seed=None)
    local = world.actors[0].trajectory.at(END_NS).inverse() * MOUNT
    points = local.apply(simulated.sweep.points_m[simulated.actors == 0])
    assert np.all(np.abs(points) <= np.array(CAR_SIZE) / 2 + 1e-4)


def test_an_empty_world_gives_an_empty_sweep() -> None:
    simulated = _sweep(World((), (), STILL))
    assert len(simulated.sweep) == len(simulated.actors) == 0
