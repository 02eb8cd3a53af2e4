"""Camera models against their own inverse and against OpenCV where that is right."""

from __future__ import annotations

from importlib.metadata import distributions
from pathlib import Path

import cv2
import numpy as np
import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st

from calibration import BrownConrady, CalibrationError, CameraModel, Pinhole, camera_from_record

PINHOLE = Pinhole(1920, 1080, 1970.0, 1969.0, 970.0, 483.3)
MILD = BrownConrady(1920, 1080, 930.0, 931.0, 965.0, 508.0, k1=-0.16, k2=0.01, p1=-0.0003, p2=0.0002, k3=0.01)
# The lenses of Argoverse 2's ring cameras, and one whose polynomial folds back inside the image.
STRONG = BrownConrady(2048, 1550, 1687.5, 1687.5, 1031.4, 768.3, k1=-0.2818, k2=-0.0373, k3=0.1046)
FOLDING = BrownConrady(1920, 1080, 700.0, 700.0, 960.0, 540.0, k1=-0.45, k2=0.05)
MODELS = [PINHOLE, MILD, STRONG, FOLDING]


@pytest.mark.parametrize("camera", MODELS, ids=lambda c: f"{c.kind}-{c.fx_px:g}")
def test_round_trip_inside_the_valid_domain(camera: CameraModel) -> None:
    rng = np.random.default_rng(0)
    points = rng.uniform([-8, -5, 4], [8, 5, 40], (200_000, 3))
    pixels, valid = camera.project(points)
    rays, back_valid = camera.unproject(pixels[valid])
    assert valid.any()
    assert back_valid.all()
    again, again_valid = camera.project(rays)
    assert again_valid.mean() > 0.9999  # a ray on the very rim may round to outside
    assert np.abs(again - pixels[valid])[again_valid].max() < 1e-9
    np.testing.assert_allclose(rays, points[valid] / points[valid][:, 2:], atol=1e-9)


@pytest.mark.parametrize("camera", MODELS[:3], ids=lambda c: f"{c.kind}-{c.fx_px:g}")
def test_agrees_with_opencv(camera: CameraModel) -> None:
    points = np.random.default_rng(1).uniform([-4, -3, 8], [4, 3, 40], (1000, 3))
    k = np.array([[camera.fx_px, 0, camera.cx_px], [0, camera.fy_px, camera.cy_px], [0, 0, 1]])
    theirs, _ = cv2.projectPoints(points, np.zeros(3), np.zeros(3), k, np.array(camera.distortion))
    np.testing.assert_allclose(camera.project(points)[0], theirs[:, 0], atol=1e-9)


def test_points_behind_the_camera_are_masked() -> None:
    pixels, valid = PINHOLE.project([[0.0, 0.0, -5.0], [0.0, 0.0, 0.0], [1.0, 1.0, 5.0]])
    assert valid.tolist() == [False, False, True]
    assert np.isnan(pixels[:2]).all()


def test_points_beyond_the_fold_do_not_come_back_into_the_image() -> None:
    on_the_fold = FOLDING.max_radius
    assert 0.5 < on_the_fold < 1.5
    beyond = np.array([[on_the_fold * 1.5, 0.0, 1.0]])
    unmasked, _ = cv2.projectPoints(
        beyond,
        np.zeros(3),
        np.zeros(3),
        np.array([[700.0, 0, 960], [0, 700, 540], [0, 0, 1]]),
        np.array(FOLDING.distortion),
    )
    assert FOLDING.contains(unmasked[0, 0])  # what a projection without a mask would draw
    assert not FOLDING.project(beyond)[1].any()


@given(st.sampled_from(MODELS))
def test_record_round_trip(camera: CameraModel) -> None:
    assert camera_from_record(camera.to_record()) == camera


def test_principal_point_is_the_pixel_of_the_axis() -> None:
    np.testing.assert_allclose(MILD.project([[0.0, 0.0, 3.0]])[0], [[965.0, 508.0]])
    assert PINHOLE.contains([[-0.5, -0.5], [1919.5, 1079.5], [1919.6, 0.0]]).tolist() == [True, True, False]


@pytest.mark.parametrize(
    ("record", "message"),
    [
        ({"kind": "cubist"}, "unknown camera model 'cubist'; one of brown_conrady, double_sphere, eucm"),
        ({"kind": "pinhole", "width": 3}, "a pinhole camera has other fields"),
    ],
)
def test_unknown_models_are_named(record: dict[str, object], message: str) -> None:
    with pytest.raises(CalibrationError, match=message):
        camera_from_record(record)


def test_real_intrinsics_undo_their_own_distortion(real_data: Path) -> None:
    published = yaml.safe_load((real_data / "camera_calibration" / "ost.yaml").read_text())
    k, d = published["camera_matrix"]["data"], published["distortion_coefficients"]["data"]
    size = published["image_width"], published["image_height"]
    camera = BrownConrady(*size, fx_px=k[0], fy_px=k[4], cx_px=k[2], cy_px=k[5], k1=d[0], k2=d[1], p1=d[2], p2=d[3])
    grid = np.stack(np.meshgrid(np.arange(0, size[0], 7.0), np.arange(0, size[1], 7.0)), axis=-1)
    rays, valid = camera.unproject(grid)
    assert valid.all()
    assert np.abs(camera.project(rays)[0] - grid).max() < 1e-9


def test_one_opencv_is_installed() -> None:
    names = sorted(d.name for d in distributions() if d.name.startswith("opencv"))
    assert names == ["opencv-contrib-python-headless"]
