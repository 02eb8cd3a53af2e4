"""Calibrations of cameras as other tools write them: Kalibr's camchain, ROS's camera_info YAML, OpenCV's YAML.

Kalibr (its wiki, "YAML formats"): `T_cn_cnm1` takes points of the camera before into this one, `T_cam_imu` those of the
IMU. ROS: camera_calibration_parsers. OpenCV: FileStorage's `!!opencv-matrix`, under any of the names that its samples
and common tools use.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
import yaml

from calibration.camera import EUCM, MEI, CameraModel, DoubleSphere, FieldOfView
from calibration.camera.named import camera_of
from calibration.errors import CalibrationError, FormatError, InputError
from calibration.rig import Rig
from calibration.transform import RigidTransform

_LARGEST_BYTES = 1_000_000
_OPENCV_MATRIX = ("camera_matrix", "cameraMatrix", "Camera_Matrix", "CameraMatrix", "K", "M1")
_OPENCV_DISTORTION = ("distortion_coefficients", "distCoeffs", "Distortion_Coefficients", "distortion", "D", "D1")
_OPENCV_SIZE = (("image_width", "image_height"), ("image_Width", "image_Height"), ("width", "height"))


@dataclass(frozen=True, slots=True, eq=False)
class CameraInFile:
    """name: as the file has it. camera_from_previous: from the camera before it in the file, where that is said."""

    name: str
    model: CameraModel
    camera_from_previous: RigidTransform | None = None


class _Loader(yaml.SafeLoader):
    """Safe YAML, and OpenCV's matrices as the mapping that they are."""


def _matrix(loader: yaml.SafeLoader, node: yaml.MappingNode) -> dict[Any, Any]:
    return loader.construct_mapping(node, deep=True)


_Loader.add_constructor("tag:yaml.org,2002:opencv-matrix", _matrix)


def read_cameras(path: Path) -> tuple[CameraInFile, ...]:
    """All cameras of a file. Raises InputError if it cannot be read, FormatError if it is none of these, or wrong."""
    content = _content(path)
    try:
        if _is_camchain(content):
            return _camchain(content)
        if "camera_matrix" in content and "distortion_model" in content:
            return (_ros(content),)
        return (_opencv(content),)
    except (CalibrationError, KeyError, TypeError, ValueError, IndexError) as error:
        said = f"it has no {error}" if isinstance(error, KeyError) else str(error)
        raise FormatError(
            f"no calibration of cameras: {said}",
            do="give a rig (`sensors`), Kalibr's camchain, ROS or OpenCV YAML",
            where=path,
        ) from error


def with_cameras(rig: Rig, found: tuple[CameraInFile, ...], names: Mapping[str, str]) -> Rig:
    """The rig with the models of a file, and with the mountings of a chain beside its first camera, which stays.

    names: of the rig's cameras, for the file's. Raises CalibrationError where sizes or names do not fit.
    """
    known = {sensor.name: sensor for sensor in rig}
    placed: dict[str, RigidTransform] = {}
    previous: RigidTransform | None = None
    for each in found:
        name = names.get(each.name, each.name)
        if name not in known or known[name].camera is None:
            raise CalibrationError(
                f"the rig has no camera {name!r} for {each.name!r} of the file",
                do="say which is which with --camera RIG=FILE",
            )
        sensor, model = known[name], each.model
        if (sensor.model.width_px, sensor.model.height_px) != (model.width_px, model.height_px):
            raise CalibrationError(
                f"{each.name} is of {model.width_px}x{model.height_px} px, {name} has "
                f"{sensor.model.width_px}x{sensor.model.height_px}",
                do="calibrate at the recorded size",
            )
        mounted = sensor.ego_from_sensor
        if previous is not None and each.camera_from_previous is not None:
            mounted = previous * each.camera_from_previous.inverse()
        placed[name] = previous = mounted
    models = {names.get(each.name, each.name): each.model for each in found}
    return Rig(
        tuple(
            replace(each, ego_from_sensor=placed[each.name], camera=models[each.name]) if each.name in placed else each
            for each in rig
        )
    )


def is_rig(path: Path) -> bool:
    """Whether it is a rig of our own. Raises as `read_cameras`."""
    return isinstance(_content(path).get("sensors"), list)


def _content(path: Path) -> dict[str, Any]:
    try:
        if path.stat().st_size > _LARGEST_BYTES:
            raise FormatError("a calibration file of more than a megabyte", where=path)
        text = path.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        raise InputError("cannot read this calibration", do="check the path", where=path) from error
    first, _, rest = text.partition("\n")
    try:
        content = yaml.load(rest if first.startswith("%YAML:") else text, Loader=_Loader)
    except (yaml.YAMLError, RecursionError, ValueError) as error:
        raise FormatError(f"not valid YAML ({' '.join(str(error).split())})", where=path) from error
    if not isinstance(content, dict):
        raise FormatError("no calibration of cameras: no mapping of names to values", where=path)
    return content


def _is_camchain(content: dict[str, Any]) -> bool:
    return any(isinstance(each, dict) and "camera_model" in each and "intrinsics" in each for each in content.values())


def _camchain(content: dict[str, Any]) -> tuple[CameraInFile, ...]:
    found: list[CameraInFile] = []
    imu: RigidTransform | None = None
    for name in sorted(each for each in content if isinstance(content[each], dict) and "intrinsics" in content[each]):
        record = content[name]
        step = _pose(record["T_cn_cnm1"]) if "T_cn_cnm1" in record else None
        own_imu = _pose(record["T_cam_imu"]) if "T_cam_imu" in record else None
        if step is None and found and own_imu is not None and imu is not None:
            step = own_imu * imu.inverse()
        imu = own_imu
        found.append(CameraInFile(str(name), _kalibr(record), step if found else None))
    return tuple(found)


def _kalibr(record: dict[str, Any]) -> CameraModel:
    numbers = [float(each) for each in record["intrinsics"]]
    size = (int(record["resolution"][0]), int(record["resolution"][1]))
    bend = [float(each) for each in record.get("distortion_coeffs") or []]
    model, distortion = str(record["camera_model"]), str(record.get("distortion_model") or "none")
    if model == "pinhole" and distortion == "fov":
        return FieldOfView(*size, *numbers, *bend)
    if model == "pinhole":
        return camera_of("" if distortion == "none" else distortion, size, _four(numbers), bend)
    if model == "omni" and distortion in ("radtan", "none"):
        k1, k2, p1, p2 = bend or (0.0,) * 4
        return MEI(*size, *_four(numbers[1:]), numbers[0], k1, k2, p1, p2)
    if distortion == "none" and model == "ds":
        return DoubleSphere(*size, *_four(numbers[2:]), *numbers[:2])
    if distortion == "none" and model == "eucm":
        return EUCM(*size, *_four(numbers[2:]), *numbers[:2])
    raise CalibrationError(f"camera model {model!r} with distortion {distortion!r} is unknown")


def _four(numbers: list[float]) -> tuple[float, float, float, float]:
    if len(numbers) != 4:
        raise CalibrationError(f"{len(numbers)} numbers where fx, fy, cx, cy are expected")
    return numbers[0], numbers[1], numbers[2], numbers[3]


def _pose(rows: Any) -> RigidTransform:
    return RigidTransform.from_matrix(np.array(rows, dtype=float))


def _ros(content: dict[str, Any]) -> CameraInFile:
    matrix = content["camera_matrix"]["data"]
    bend = [float(each) for each in content["distortion_coefficients"]["data"]]
    size = (int(content["image_width"]), int(content["image_height"]))
    model = camera_of(str(content["distortion_model"]), size, _of_matrix(matrix), bend)
    return CameraInFile(str(content.get("camera_name") or "camera"), model)


def _opencv(content: dict[str, Any]) -> CameraInFile:
    matrix = _numbers(content, _OPENCV_MATRIX, "camera matrix")
    bend = _numbers(content, _OPENCV_DISTORTION, "distortion")
    size = next(((int(content[w]), int(content[h])) for w, h in _OPENCV_SIZE if w in content and h in content), None)
    if size is None and "image_size" in content:
        size = (int(content["image_size"][0]), int(content["image_size"][1]))
    if size is None:
        raise CalibrationError("it does not say the size of its photos (image_width, image_height)")
    fisheye = bool(content.get("fisheye_model", False))
    return CameraInFile(
        str(content.get("camera_name") or "camera"),
        camera_of("fisheye" if fisheye else "", size, _of_matrix(matrix), bend),
    )


def _numbers(content: dict[str, Any], names: tuple[str, ...], what: str) -> list[float]:
    for name in names:
        value = content.get(name)
        if isinstance(value, dict) and "data" in value:
            return [float(each) for each in value["data"]]
        if isinstance(value, list):
            return [float(each) for each in np.ravel(np.array(value, dtype=float))]
    raise CalibrationError(f"it has no {what}")


def _of_matrix(matrix: Any) -> tuple[float, float, float, float]:
    k = [float(each) for each in matrix]
    if len(k) != 9:
        raise CalibrationError(f"a camera matrix has 9 numbers, not {len(k)}")
    return k[0], k[4], k[2], k[5]
