"""The ground: its height, and which points lie on it."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from fusion.cloud import fused_cloud
from fusion.ground import find_ground
from fusion.readers.table_pickle import read_table_pickle
from fusion.recording import Recording
from labeling.project import Project
from tests.conftest import ROOT


def hilly(x: np.ndarray, y: np.ndarray) -> np.ndarray:
    return 0.06 * x + 0.8 * np.sin(y / 20.0)


def street(count: int = 120_000, seed: int = 0) -> tuple[np.ndarray, np.ndarray]:
    """Points on hills with cars, a house, and reflections below; and which are ground."""
    rng = np.random.default_rng(seed)
    xy = rng.uniform(-40.0, 40.0, (count, 2))
    above = 0.02 * rng.standard_normal(count)
    car = (np.abs(xy[:, 0] % 12.0 - 6.0) < 2.2) & (np.abs(np.abs(xy[:, 1]) - 6.0) < 0.9)
    house = np.abs(xy[:, 1] - 30.0) < 6.0
    above[car] = rng.uniform(0.3, 1.5, int(car.sum()))
    above[house] = rng.uniform(0.5, 9.0, int(house.sum()))
    deep = rng.random(count) < 0.0005
    above[deep] = -3.0
    points = np.column_stack([xy, hilly(*xy.T) + above]).astype(np.float32)
    return points, ~(car | house | deep)


def test_hills_cars_and_a_house() -> None:
    points, truth = street()
    ground = find_ground(points, (0.0, 0.0, 2.0), reach_m=45.0)
    assert ground is not None
    found = ground.is_ground(points)
    assert (found & truth).sum() / truth.sum() > 0.97
    assert (found & truth).sum() / found.sum() > 0.99
    under_cars = np.stack([np.full(9, 6.0), np.linspace(-6.0, 6.0, 9)], axis=1)
    assert np.abs(ground.height_at(under_cars) - hilly(*under_cars.T)).max() < 0.15


def test_no_points_no_ground() -> None:
    assert find_ground(np.empty((0, 3), np.float32), (0, 0, 0)) is None
    assert find_ground(np.full((3, 3), 1e4, np.float32), (0, 0, 0)) is None


def test_a_single_cell_is_its_own_ground() -> None:
    ground = find_ground(np.array([[0.2, 0.2, -1.5]], dtype=np.float32), (0.0, 0.0, 0.0), reach_m=5.0)
    assert ground is not None
    assert np.allclose(ground.height_at([[3.0, -3.0]]), -1.5)


def test_the_road_of_the_sample_is_level() -> None:
    with Recording.open(ROOT / "sample_data" / "street.h5") as recording:
        points = fused_cloud(recording, 3).points_in_world
        eye = recording.ego_motion.at(recording.frame_middle_ns(3)).translation
    ground = find_ground(points, eye)
    assert ground is not None
    lane = np.stack([eye[0] + np.linspace(-8.0, 15.0, 20), np.full(20, eye[1])], axis=1)
    assert np.abs(ground.height_at(lane)).max() < 0.1


# Ground, road, markings, sidewalk, driveway of PandaSet's classes.json; 1-4 are smoke, exhaust, spray and reflections.
GROUND_CLASSES, NO_CLASS = np.arange(6, 13), np.arange(1, 5)


@pytest.mark.parametrize("frame", [0, 12])
def test_pandaset_as_its_annotators_saw_it(pandaset: Path, pandaset_project: Project, frame: int) -> None:
    lidar = read_table_pickle(pandaset / "lidar" / f"{frame:02d}.pkl.gz")
    labels = read_table_pickle(pandaset / "annotations" / "semseg" / f"{frame:02d}.pkl.gz")["class"]
    with pandaset_project.recording("drive") as recording:
        points = fused_cloud(recording, frame).points_in_world
        eye = recording.ego_motion.at(recording.frame_middle_ns(frame)).translation
    labels = labels[np.argsort(lidar["d"], kind="stable")]  # the recording has one LiDAR after the other
    ground = find_ground(points, eye)
    assert ground is not None
    near = (np.hypot(*(points[:, :2] - eye[:2]).T) < 80.0) & ~np.isin(labels, NO_CLASS)
    found, truth = ground.is_ground(points)[near], np.isin(labels, GROUND_CLASSES)[near]
    assert (found & truth).sum() / truth.sum() > 0.98
    assert (found & truth).sum() / found.sum() > 0.88
