"""Alignment without targets, on real pairs and on a scene that is made here."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from benchmarks.alignment import errors, perturbed, read_scene
from calibration import RigidTransform
from calibration.errors import CalibrationError, FormatError
from calibration.targetless import align, pairs_of
from calibration.targetless.information import edges_of, information


def test_pairs_say_what_changes() -> None:
    """A post before a wall, seen by a LiDAR of one ring and a half: across its edges the range jumps, both ways."""
    azimuths = np.deg2rad(np.arange(-10.0, 10.0, 0.2))
    points, shades = [], []
    for elevation in np.deg2rad([0.0, 0.4]):
        ranges = np.where(np.abs(azimuths) < np.deg2rad(2.0), 5.0, 20.0)
        beams = np.column_stack(
            [
                np.cos(azimuths) * np.cos(elevation),
                np.sin(azimuths) * np.cos(elevation),
                np.full(len(azimuths), np.sin(elevation)),
            ]
        )
        points.append(beams * ranges[:, None])
        shades.append(np.where(azimuths > np.deg2rad(6.0), 200.0, 20.0))
    pairs = pairs_of(np.concatenate(points), np.concatenate(shades), 3)
    assert set(pairs.photos.tolist()) == {3}
    assert np.bincount(pairs.classes, minlength=7)[:2].tolist() == [2, 2]  # farther to its left, nearer from its right
    jump = pairs.points_m[pairs.classes < 2]
    np.testing.assert_allclose(np.linalg.norm(jump, axis=2), 5.0, rtol=1e-9)  # both at the nearer one's range
    assert np.count_nonzero(pairs.classes == 6) == 2  # brighter, once in each ring


def test_information_is_none_by_chance_and_all_of_it_when_steps_follow_the_class() -> None:
    rng = np.random.default_rng(0)
    classes = rng.integers(0, 7, 50_000)
    noise = rng.normal(size=50_000)
    assert information(noise, classes, edges_of(noise)) < 0.002
    told = classes + 0.01 * noise
    assert information(told, classes, edges_of(told)) > 1.5
    edges = edges_of(told[1::2])
    half = information(told[1::2].copy(), classes[1::2].copy(), edges)
    told[::2] = np.nan  # what lies outside of the photo says nothing, and costs
    assert information(told, classes, edges) == pytest.approx(0.5 * half, rel=1e-9)


def test_real_pairs_from_a_degree_off(real_data: Path) -> None:
    scene = read_scene(real_data / "lidar_camera_pairs" / "kitti")
    start = perturbed(scene.truth, 1.0, 0.1, seed=1)
    found = align(scene.pairs, scene.photos, scene.matrix, start)
    degrees, metres = errors(found.camera_from_lidar, scene.truth)
    assert degrees < 0.35
    assert metres < 0.06
    assert found.bits > found.bits_before
    assert found.bits > found.bits_beside


def test_what_cannot_be_aligned_is_said(tmp_path: Path) -> None:
    sweep = np.random.default_rng(0).uniform(-20.0, 20.0, (3000, 3))
    pairs = pairs_of(sweep, np.zeros(3000))
    away = RigidTransform(np.array([0.0, 0.0, 1.0, 0.0]), np.array([0.0, 0.0, -500.0]))
    with pytest.raises(CalibrationError, match="pairs of LiDAR returns lie in view"):
        align(pairs, np.zeros((1, 100, 100), np.uint8), (100.0, 100.0, 50.0, 50.0), away)
    with pytest.raises(FormatError, match=r"no readable gt\.json"):
        read_scene(tmp_path)
    assert len(pairs_of(np.empty((0, 3)), np.empty(0))) == 0
