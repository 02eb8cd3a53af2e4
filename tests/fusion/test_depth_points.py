"""Depth images as points: flying pixels go, surfaces stay, and what a LiDAR says about them."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from calibration import Pinhole
from fusion.depth import depth_lidar_agreement, depth_points, solid_pixels
from fusion.readers.depth_png import decode_depth_png
from fusion.recording import Recording
from fusion.samples import DepthImage
from tests.conftest import ROOT

CAMERA = Pinhole(320, 240, 210.0, 210.0, 159.5, 119.5)


def still_life(noise: float, seed: int = 0) -> tuple[np.ndarray, np.ndarray]:
    """Depth (H, W) in metres of a box before a wall on a floor at a slant, and the same with flying pixels."""
    rng = np.random.default_rng(seed)
    v, u = np.mgrid[0:240, 0:320]
    down = (v - 119.5) / 210.0
    with np.errstate(divide="ignore"):
        floor = np.where(down > 0.0, 1.0 / np.maximum(down, 1e-9), np.inf)
    exact = np.minimum(floor, 4.0)
    exact[(np.abs(u - 200) < 40) & (np.abs(v - 130) < 40)] = 1.4
    measured = exact + noise * exact * rng.standard_normal(exact.shape)
    edge = np.zeros(exact.shape, dtype=bool)
    for axis in (0, 1):
        step = np.abs(np.diff(exact, axis=axis)) > 0.5
        edge |= np.pad(step, [(0, 1), (0, 0)] if axis == 0 else [(0, 0), (0, 1)])
    flying = edge & (rng.random(exact.shape) < 0.5)
    measured[flying] = rng.uniform(1.7, 3.6, int(flying.sum()))
    return measured.astype(np.float32), flying


@pytest.mark.parametrize("noise", [0.0005, 0.005])
def test_flying_pixels_go_and_surfaces_stay(noise: float) -> None:
    depth_m, flying = still_life(noise)
    kept = solid_pixels(depth_m, CAMERA)
    assert flying.sum() > 100
    assert kept[flying].mean() < 0.05
    assert kept[~flying].mean() > 0.985


def test_points_lie_where_the_pixels_look() -> None:
    values = np.zeros((240, 320), np.uint16)
    values[100:140, 50:300] = 2000
    seen = depth_points(DepthImage(values, 0.001), CAMERA, keep_flying=True)
    assert len(seen.pixels) == 40 * 250
    assert seen.points_in_camera.dtype == np.float32
    pixels, valid = CAMERA.project(seen.points_in_camera)
    assert valid.all()
    assert np.allclose(pixels, np.column_stack([seen.pixels % 320, seen.pixels // 320]), atol=1e-3)
    assert np.allclose(seen.points_in_camera[:, 2], 2.0)


def test_an_image_of_half_the_calibrated_size_looks_the_same_way() -> None:
    half = depth_points(DepthImage(np.full((120, 160), 3000, np.uint16), 0.001), CAMERA).points_in_camera
    whole = depth_points(DepthImage(np.full((240, 320), 3000, np.uint16), 0.001), CAMERA).points_in_camera
    assert np.allclose(half.mean(axis=0), whole.mean(axis=0), atol=1e-3)
    assert len(half) == pytest.approx(len(whole) / 4, rel=0.05)


def test_an_empty_image_has_no_points() -> None:
    assert len(depth_points(DepthImage(np.zeros((240, 320), np.uint16), 0.001), CAMERA).pixels) == 0


def test_the_depth_camera_of_the_sample_agrees_with_its_lidar() -> None:
    with Recording.open(ROOT / "sample_data" / "street.h5") as recording:
        agreement = depth_lidar_agreement(recording, "depth_front", "lidar_top")
        assert agreement is not None
        assert agreement.pairs > 500
        assert abs(agreement.median_m) < 0.02
        assert agreement.mad_m < 0.15
        assert str(agreement).startswith("depth_front against lidar_top: ")


def test_a_wrong_scale_is_measured(monkeypatch: pytest.MonkeyPatch) -> None:
    true_depth = Recording.depth

    def scaled(self: Recording, camera: str, index: int) -> DepthImage:
        image = true_depth(self, camera, index)
        return DepthImage(image.values, image.metres_per_unit * 1.03)

    with Recording.open(ROOT / "sample_data" / "street.h5") as recording:
        monkeypatch.setattr(Recording, "depth", scaled)
        agreement = depth_lidar_agreement(recording, "depth_front", "lidar_top")
    assert agreement is not None
    assert agreement.median_share == pytest.approx(0.03, abs=0.006)


def test_a_real_kinect_keeps_its_surfaces(real_data: Path) -> None:
    for path in sorted((real_data / "rgbd_7scenes").glob("*.depth.png"))[:3]:
        values = decode_depth_png(path.read_bytes(), path)
        image = DepthImage(np.where(values == 65535, 0, values).astype(np.uint16), 0.001)
        kept = solid_pixels(image.depth_m.astype(np.float32), Pinhole(640, 480, 585.0, 585.0, 320.0, 240.0))
        assert 0.97 < kept.sum() / (image.values > 0).sum() < 1.0
