"""Cameras as other tools write them."""

from __future__ import annotations

from pathlib import Path

import cv2
import numpy as np
import pytest

from calibration import Pinhole, Rig, RigidTransform, Sensor, SensorKind
from calibration.camera import EUCM, MEI, BrownConrady, DoubleSphere, FieldOfView, KannalaBrandt
from calibration.camera_files import read_cameras, with_cameras
from calibration.errors import BoxwrightError, CalibrationError

CAMCHAIN = """
cam0:
  camera_model: pinhole
  distortion_model: equidistant
  distortion_coeffs: [-0.01, 0.02, -0.003, 0.0004]
  intrinsics: [460.1, 459.8, 367.2, 248.4]
  resolution: [752, 480]
  rostopic: /cam0/image_raw
cam1:
  T_cn_cnm1:
  - [1.0, 0.0, 0.0, -0.11]
  - [0.0, 1.0, 0.0, 0.0]
  - [0.0, 0.0, 1.0, 0.0]
  - [0.0, 0.0, 0.0, 1.0]
  camera_model: pinhole
  distortion_model: radtan
  distortion_coeffs: [-0.28, 0.07, 0.0002, 0.00002]
  intrinsics: [457.6, 456.1, 379.9, 255.2]
  resolution: [752, 480]
"""


def written(folder: Path, text: str) -> Path:
    path = folder / "cameras.yaml"
    path.write_text(text)
    return path


def test_kalibr_camchain_is_laid_beside_the_first_camera(tmp_path: Path) -> None:
    found = read_cameras(written(tmp_path, CAMCHAIN))
    assert [each.name for each in found] == ["cam0", "cam1"]
    assert found[0].model == KannalaBrandt(752, 480, 460.1, 459.8, 367.2, 248.4, -0.01, 0.02, -0.003, 0.0004)
    assert isinstance(found[1].model, BrownConrady)
    plain = Pinhole(752, 480, 400.0, 400.0, 375.0, 240.0)
    mounted = RigidTransform.exp([1.0, 2.0, 3.0, 0.1, 0.2, 0.3])
    rig = Rig(
        (
            Sensor("left", SensorKind.CAMERA, mounted, plain),
            Sensor("right", SensorKind.CAMERA, RigidTransform.identity(), plain),
        )
    )
    put = with_cameras(rig, found, {"cam0": "left", "cam1": "right"})
    assert put["left"].ego_from_sensor == mounted
    right_from_left = put["right"].ego_from_sensor.inverse() * put["left"].ego_from_sensor
    assert right_from_left.almost_equal(RigidTransform(np.array([1.0, 0, 0, 0]), np.array([-0.11, 0, 0])))
    with pytest.raises(CalibrationError, match="no camera 'cam1'"):
        with_cameras(rig, found, {"cam0": "left"})
    small = Rig((Sensor("left", SensorKind.CAMERA, mounted, Pinhole(640, 480, 400.0, 400.0, 320.0, 240.0)),))
    with pytest.raises(CalibrationError, match="752x480 px, left has 640x480"):
        with_cameras(small, found[:1], {"cam0": "left"})


@pytest.mark.parametrize(
    ("model", "distortion", "intrinsics", "bend", "kind"),
    [
        ("omni", "radtan", [1.2, 700, 701, 320, 240], [-0.1, 0.02, 0.001, 0.0], MEI),
        ("ds", "none", [-0.2, 0.59, 350, 350, 320, 240], [], DoubleSphere),
        ("eucm", "none", [0.6, 1.1, 350, 350, 320, 240], [], EUCM),
        ("pinhole", "fov", [250, 250, 320, 240], [0.92], FieldOfView),
        ("pinhole", "none", [250, 250, 320, 240], [], Pinhole),
    ],
)
def test_kalibr_models(
    tmp_path: Path, model: str, distortion: str, intrinsics: list[float], bend: list[float], kind: type
) -> None:
    text = f"cam0: {{camera_model: {model}, distortion_model: {distortion}, distortion_coeffs: {bend}, "
    (found,) = read_cameras(written(tmp_path, text + f"intrinsics: {intrinsics}, resolution: [640, 480]}}"))
    assert type(found.model) is kind
    assert found.model.fx_px == intrinsics[-4]


def test_ros_as_published(real_data: Path) -> None:
    (path,) = (real_data / "camera_calibration").glob("*.yaml")
    (found,) = read_cameras(path)
    assert found.name == "narrow_stereo"
    assert found.model.fx_px == 484.130454
    assert (found.model.width_px, found.model.height_px) == (964, 724)


def test_opencv_as_opencv_writes_it(tmp_path: Path) -> None:
    path = tmp_path / "opencv.yml"
    storage = cv2.FileStorage(str(path), cv2.FILE_STORAGE_WRITE)
    storage.write("image_width", 1280)
    storage.write("image_height", 720)
    storage.write("camera_matrix", np.array([[900.0, 0, 640], [0, 905.0, 360], [0, 0, 1]]))
    storage.write("distortion_coefficients", np.array([[-0.3, 0.1, 0.001, 0.002, -0.01]]))
    storage.release()
    (found,) = read_cameras(path)
    assert found.model == BrownConrady(1280, 720, 900.0, 905.0, 640.0, 360.0, -0.3, 0.1, 0.001, 0.002, -0.01)


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("- 1\n- 2\n", "no mapping"),
        ("a: 1\n", "no camera matrix"),
        ("cam0: {camera_model: pinhole, intrinsics: [1, 2], resolution: [3, 4]}", "2 numbers where"),
        ("cam0: {camera_model: pinhole, intrinsics: [1, 2, 3, 4]}", "it has no 'resolution'"),
        ("cam0: {camera_model: origami, intrinsics: [1, 2, 3, 4], resolution: [3, 4]}", "'origami'"),
        ("{", "not valid YAML"),
        ("a: !!python/object/apply:os.system [ls]", "not valid YAML"),
    ],
)
def test_what_is_wrong_is_said_in_one_line(tmp_path: Path, text: str, said: str) -> None:
    with pytest.raises(BoxwrightError) as caught:
        read_cameras(written(tmp_path, text))
    assert said in str(caught.value)
    assert "\n" not in str(caught.value)
