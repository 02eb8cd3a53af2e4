"""Picks turn a camera back to where it sits, and name those that do not belong."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from calibration import Pinhole, RigidTransform
from calibration.camera_files import read_cameras
from calibration.errors import CalibrationError
from calibration.picks import solve_picks

CAMERA = Pinhole(1920, 1080, 1000.0, 1000.0, 959.5, 539.5)


def picks(seed: int, count: int, degrees: float, noise_px: float) -> tuple[np.ndarray, np.ndarray, RigidTransform]:
    """Points as the wrong mounting sees them, their true pixels, and the correction."""
    rng = np.random.default_rng(seed)
    pixels = rng.uniform([100, 300], [1820, 900], (count, 2))
    rays, _ = CAMERA.unproject(pixels)
    true = rays * rng.uniform(6, 40, (count, 1)) / rays[:, 2:]
    axis = rng.normal(size=3)
    correction = RigidTransform.exp(
        np.concatenate([rng.normal(0, 0.02, 3), np.deg2rad(degrees) * axis / np.linalg.norm(axis)])
    )
    return correction.inverse().apply(true), pixels + rng.normal(0, noise_px, (count, 2)), correction


def error_deg(found: RigidTransform, true: RigidTransform) -> float:
    return float(np.rad2deg(np.linalg.norm((found * true.inverse()).log()[3:])))


def test_six_picks_undo_two_degrees() -> None:
    errors = []
    for seed in range(20):
        points, pixels, true = picks(seed, 6, 2.0, 1.5)
        errors.append(error_deg(solve_picks(points, pixels, CAMERA).corrected_from_camera, true))
    assert np.max(errors) < 0.3


def test_uncertainty_is_as_large_as_the_errors_are() -> None:
    scaled = []
    for seed in range(30):
        points, pixels, true = picks(seed, 12, 2.0, 2.0)
        found = solve_picks(points, pixels, CAMERA)
        scaled.append((found.corrected_from_camera * true.inverse()).log()[3:] / found.sigma_rad)
    assert 0.3 < np.sqrt(np.mean(np.square(scaled))) < 1.6


def test_a_pick_at_the_wrong_thing_is_named_and_has_no_say() -> None:
    points, pixels, true = picks(3, 8, 2.0, 1.0)
    pixels[5] += [150.0, -60.0]
    found = solve_picks(points, pixels, CAMERA)
    assert np.flatnonzero(found.suspicious).tolist() == [5]
    assert error_deg(found.corrected_from_camera, true) < 0.3


def test_too_few_picks_and_picks_in_one_place_are_refused() -> None:
    points, pixels, _ = picks(0, 6, 2.0, 1.0)
    with pytest.raises(CalibrationError, match="3 picks are too few"):
        solve_picks(points[:3], pixels[:3], CAMERA)
    with pytest.raises(CalibrationError, match="one place"):
        solve_picks(points, pixels[:1] + np.zeros((6, 1)), CAMERA)


def test_published_picks_of_a_coarse_lidar(real_data: Path) -> None:
    """They agree to 11 px only: the result lies within its own uncertainty of the published one, and fits better."""
    folder = real_data / "lidar_camera_calibration"
    points, pixels = np.load(folder / "pcl_corners.npy"), np.load(folder / "img_corners.npy")
    (told,) = read_cameras(next((real_data / "camera_calibration").glob("*.yaml")))
    known = np.load(folder / "extrinsics.npz")
    published = RigidTransform.from_matrix(np.hstack([known["R"], known["T"].reshape(3, 1)]))
    start = RigidTransform.exp([0.02, -0.01, 0.02, 0.05, -0.04, 0.06]) * published
    found = solve_picks(start.apply(points), pixels, told.model)
    theirs = told.model.project(published.apply(points))[0] - pixels
    assert np.sqrt(np.mean(found.after_px**2)) < np.sqrt(np.mean((theirs**2).sum(axis=1)))
    off = (found.corrected_from_camera * start * published.inverse()).log()
    assert np.all(np.abs(off[3:]) < 3.0 * found.sigma_rad)
    assert np.all(np.abs(off[:3]) < 3.0 * found.sigma_m)
