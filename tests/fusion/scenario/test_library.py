"""The shipped scenarios: nobody drives through anybody."""

from __future__ import annotations

import itertools

import numpy as np
import pytest

from calibration import RigidTransform
from fusion.scenario import scene_of, shipped_scenes
from fusion.scenario.simulation import Simulation
from fusion.scenario.world import START_NS

CORNERS = np.array([[1.0, 1.0, 0.0], [-1.0, 1.0, 0.0], [-1.0, -1.0, 0.0], [1.0, -1.0, 0.0]]) * 0.5
VEHICLE, ROBOT = (4.6, 1.9, 1.3), (0.8, 0.6, 0.0)  # length, width, middle ahead of the ego's origin
SMALL_RIGS = ("robot", "stand")


def _footprints(simulation: Simulation, times_ns: np.ndarray) -> dict[str, tuple[np.ndarray, np.ndarray]]:
    """Corners (T, 4, 2) seen from above, and heights (T, 2) from and to."""
    found = {}
    for actor in simulation.world.actors:
        poses = actor.trajectory.at(times_ns)
        z = poses.translation[:, 2]
        heights = np.stack([z - 0.5 * actor.size_m[2], z + 0.5 * actor.size_m[2]], axis=1)
        found[actor.name] = poses.apply(CORNERS * 0.98 * np.array(actor.size_m))[..., :2], heights
    length, width, ahead = ROBOT if simulation.scene.rig in SMALL_RIGS else VEHICLE
    poses = simulation.world.ego.at(times_ns) * RigidTransform.from_yaw(0.0, [ahead, 0.0, 0.0])
    z = poses.translation[:, 2]
    corners = poses.apply(CORNERS * np.array([length, width, 0.0]))[..., :2]
    return found | {"ego": (corners, np.stack([z + 0.1, z + 1.5], axis=1))}


def _belong_together(simulation: Simulation, first: str, second: str) -> bool:
    """A load and its carrier; a trailer and its tractor."""
    carried = {spec.name: spec.carried.by for spec in simulation.scene.actors if spec.carried}
    towed = {actor.name: actor.attributes.get("towed_by") for actor in simulation.world.actors}
    return any(pairs.get(a) == b for pairs in (carried, towed) for a, b in ((first, second), (second, first)))


@pytest.mark.parametrize("name", shipped_scenes())
def test_nobody_drives_through_anybody(name: str) -> None:
    shapely = pytest.importorskip("shapely")
    simulation = Simulation(scene_of(name), 0)
    times_ns = START_NS + np.arange(0, round(simulation.duration_s * 1e9), 200_000_000, dtype=np.int64)
    footprints = _footprints(simulation, times_ns)
    for first, second in itertools.combinations(footprints, 2):
        (one, z_one), (two, z_two) = footprints[first], footprints[second]
        beside = np.linalg.norm(one.mean(axis=1) - two.mean(axis=1), axis=1) > 14.0
        over = (z_one[:, 0] >= z_two[:, 1]) | (z_two[:, 0] >= z_one[:, 1])
        if _belong_together(simulation, first, second):
            continue
        for step in np.flatnonzero(~(beside | over)):
            hit = shapely.Polygon(one[step]).intersects(shapely.Polygon(two[step]))
            assert not hit, f"{first} meets {second} at second {0.2 * step:.1f}"
