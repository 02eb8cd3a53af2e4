"""Photos without distortion."""

from __future__ import annotations

import cv2
import numpy as np
import pytest

from calibration.camera import BrownConrady, KannalaBrandt, pinhole_like, rectification_maps
from calibration.errors import CalibrationError


def test_as_opencv_where_the_lens_is_described() -> None:
    camera = BrownConrady(320, 240, 260.0, 262.0, 158.0, 121.0, -0.2, 0.03, 0.001, -0.001, 0.0)
    target = pinhole_like(camera)
    columns, rows = rectification_maps(camera, target)
    matrix = np.array([[260.0, 0, 158.0], [0, 262.0, 121.0], [0, 0, 1]])
    theirs = cv2.initUndistortRectifyMap(
        matrix, np.array(camera.distortion), np.eye(3), matrix, (320, 240), cv2.CV_32FC1
    )
    valid = columns >= 0.0
    assert valid.mean() > 0.9
    assert np.abs(columns - theirs[0])[valid].max() < 1e-3
    assert np.abs(rows - theirs[1])[valid].max() < 1e-3


def test_a_plane_shows_the_middle_of_a_fisheye_and_nothing_beyond_its_domain() -> None:
    camera = KannalaBrandt(400, 400, 120.0, 120.0, 199.5, 199.5, -0.2)
    target = pinhole_like(camera, field_of_view_rad=np.deg2rad(150.0))
    columns, rows = rectification_maps(camera, target)
    assert columns[200, 200] == pytest.approx(199.5 + 0.5 * 120.0 / target.fx_px, abs=0.02)
    beyond = np.hypot(*np.meshgrid(np.arange(400) - 199.5, np.arange(400) - 199.5)) / target.fx_px
    outside = beyond > np.tan(camera.max_angle_rad) + 0.05
    assert np.all(columns[outside] == -1.0)
    assert np.all(rows[outside] == -1.0)
    with pytest.raises(CalibrationError, match="160 degrees"):
        pinhole_like(camera, field_of_view_rad=3.0)
