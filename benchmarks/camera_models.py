"""Every camera model all over its own domain: round trip, nanoseconds a point, and agreement with others' code."""

from __future__ import annotations

import argparse
import importlib
import importlib.util
import sys
import time
from collections.abc import Callable, Iterator

import cv2
import numpy as np

from benchmarks.cameras import CAMERAS
from benchmarks.report import Peer, Report, peer_version, run
from calibration.camera import EUCM, MEI, UCM, CameraModel, DoubleSphere, FieldOfView, KannalaBrandt
from calibration.quaternion import FloatArray

ROUND_TRIP_PX, MOST_NS = 1e-9, 200.0
_WIDEST_PERSPECTIVE_RAD = 1.55
"""88.8 degrees: nearer to the image plane a pixel is so far out that its own last digit is more than the target."""
_PEERS_RAD = 1.4
"""Peers are asked in front of the camera only: behind it, most of them fold."""

Theirs = Callable[[FloatArray], FloatArray]


def domain_points(camera: CameraModel, count: int, widest_rad: float) -> FloatArray:
    """(N, 3) metres, evenly in angle all over the domain."""
    rng = np.random.default_rng(0)
    widest = min(camera.max_angle_rad * (1.0 - 1e-9), widest_rad)
    angle, turn = rng.uniform(0.0, widest, count), rng.uniform(-np.pi, np.pi, count)
    rays = np.stack([np.sin(angle) * np.cos(turn), np.sin(angle) * np.sin(turn), np.cos(angle)], axis=1)
    return np.asarray(rays * rng.uniform(0.5, 60.0, (count, 1)))


def outside_points(camera: CameraModel, count: int) -> FloatArray:
    """(N, 3) beyond the domain, to the axis behind the camera."""
    rng = np.random.default_rng(1)
    first = min(camera.max_angle_rad * (1.0 + 1e-6) + 1e-9, np.pi - 5e-7)
    angle, turn = rng.uniform(first, np.pi, count), rng.uniform(-np.pi, np.pi, count)
    return np.stack([np.sin(angle) * np.cos(turn), np.sin(angle) * np.sin(turn), np.cos(angle)], axis=1)


def fastest_ns(action: Callable[[], object], count: int, repetitions: int) -> float:
    """Nanoseconds a point of the quickest repetition: whatever else runs only ever adds to it."""
    action()
    seconds = []
    for _ in range(repetitions):
        start = time.perf_counter()
        action()
        seconds.append(time.perf_counter() - start)
    return 1e9 * min(seconds) / count


def own_figures(name: str, camera: CameraModel, count: int, repetitions: int) -> dict[str, float]:
    """Of one model against itself."""
    widest = _WIDEST_PERSPECTIVE_RAD if camera.is_perspective else np.pi
    points = domain_points(camera, count, widest)
    pixels, valid = camera.project(points)
    rays, back = camera.unproject(pixels)
    again, seen = camera.project(rays)
    lost = np.count_nonzero(~(valid & back & seen))
    return {
        f"{name}_widest_deg": float(np.rad2deg(camera.max_angle_rad)),
        f"{name}_round_trip_px": float(np.nanmax(np.abs(again - pixels))),
        f"{name}_lost_points": float(lost),
        f"{name}_masked_outside": float(np.mean(~camera.project(outside_points(camera, count // 10))[1])),
        f"{name}_project_ns": fastest_ns(lambda: camera.project(points), count, repetitions),
        f"{name}_unproject_ns": fastest_ns(lambda: camera.unproject(pixels), count, repetitions),
    }


def _matrix(camera: CameraModel) -> FloatArray:
    return np.array([[camera.fx_px, 0.0, camera.cx_px], [0.0, camera.fy_px, camera.cy_px], [0.0, 0.0, 1.0]])


def _opencv(camera: CameraModel) -> Theirs | None:
    zero, matrix = np.zeros(3), _matrix(camera)
    if camera.is_perspective:
        numbers = np.array(camera.distortion)
        return lambda points: cv2.projectPoints(points, zero, zero, matrix, numbers)[0][:, 0]
    if isinstance(camera, KannalaBrandt):
        numbers = np.array(camera.distortion)
        return lambda points: cv2.fisheye.projectPoints(points[:, None], zero, zero, matrix, numbers)[0][:, 0]
    if isinstance(camera, MEI):
        numbers, xi = np.array(camera.distortion[1:5]), camera.xi
        return lambda points: cv2.omnidir.projectPoints(points[:, None], zero, zero, matrix, xi, numbers)[0][:, 0]
    return None


def _pycolmap(camera: CameraModel) -> Theirs | None:
    pycolmap = importlib.import_module("pycolmap")
    names = {"pinhole": "PINHOLE", "kannala_brandt": "OPENCV_FISHEYE", "eucm": "EUCM", "fov": "FOV"}
    model, numbers = names.get(camera.kind), list(camera.coefficients)
    if camera.kind == "rational" and not any(camera.coefficients[8:]):
        model, numbers = "FULL_OPENCV", list(camera.coefficients[:8])
    if camera.kind == "brown_conrady":
        model, numbers = "FULL_OPENCV", [*camera.coefficients, 0.0, 0.0, 0.0]
    if model is None:
        return None
    place = [camera.fx_px, camera.fy_px, camera.cx_px, camera.cy_px]
    theirs = pycolmap.Camera(model=model, width=camera.width_px, height=camera.height_px, params=place + numbers)
    return lambda points: np.asarray(theirs.img_from_cam(points))


def _ds_msp(camera: CameraModel) -> Theirs | None:
    models = importlib.import_module("ds_msp.models")
    place = (camera.fx_px, camera.fy_px, camera.cx_px, camera.cy_px)
    match camera:
        case UCM():
            theirs = models.UCMModel(*place, camera.alpha)
        case EUCM():
            theirs = models.EUCMModel(*place, camera.alpha, camera.beta)
        case DoubleSphere():
            theirs = models.DoubleSphereModel(*place, camera.xi, camera.alpha)
        case KannalaBrandt():
            theirs = models.KannalaBrandtModel(*place, *camera.coefficients)
        case FieldOfView():
            return None
        case _:
            return None
    return lambda points: np.asarray(theirs.project(points)[0])


PEERS: dict[str, Callable[[CameraModel], Theirs | None]] = {
    "opencv": _opencv,
    "pycolmap": _pycolmap,
    "ds_msp": _ds_msp,
}
_MODULES = {"opencv": "cv2", "pycolmap": "pycolmap", "ds_msp": "ds_msp"}


def installed_peers() -> list[str]:
    """Names of those that can be asked."""
    return [name for name in PEERS if importlib.util.find_spec(_MODULES[name]) is not None]


def peer_figures(name: str, camera: CameraModel) -> Iterator[tuple[str, float]]:
    """Largest difference in pixels from each peer that has this model."""
    points = domain_points(camera, 20_000, min(_PEERS_RAD, 0.9 * camera.max_angle_rad))
    ours, valid = camera.project(points)
    for peer in installed_peers():
        theirs = PEERS[peer](camera)
        if theirs is not None:
            yield f"{name}_{peer}_px", float(np.abs(theirs(points) - ours)[valid].max())


def measure(options: argparse.Namespace, command: str) -> Report:
    """All models, and how many times as fast as OpenCV the rational one is projected."""
    figures: dict[str, float] = {"points": float(options.points)}
    for name, camera in CAMERAS.items():
        figures |= own_figures(name, camera, options.points, options.repetitions) | dict(peer_figures(name, camera))
    worst = {
        f"worst_{key}": max(value for name, value in figures.items() if name.endswith(f"_{key}"))
        for key in ("round_trip_px", "project_ns", "unproject_ns", *(f"{peer}_px" for peer in installed_peers()))
    }
    points = domain_points(CAMERAS["rational"], options.points, _PEERS_RAD)
    theirs = _opencv(CAMERAS["rational"])
    assert theirs is not None
    ratio = fastest_ns(lambda: theirs(points), len(points), options.repetitions) / figures["rational_project_ns"]
    slowest = max(worst["worst_project_ns"], worst["worst_unproject_ns"])
    return Report(
        name="camera_models",
        title="Camera models all over their domains",
        figures=worst | figures,
        ratio=ratio,
        target=f"round trip at most {ROUND_TRIP_PX:g} px, at most {MOST_NS:.0f} ns a point, all masked outside",
        met=worst["worst_round_trip_px"] <= ROUND_TRIP_PX
        and slowest <= MOST_NS
        and all(value == 1.0 for name, value in figures.items() if name.endswith("masked_outside")),
        peer=Peer("OpenCV's projectPoints, rational", peer_version("opencv-contrib-python-headless")),
        command=command,
        notes=(
            "points evenly in angle over the whole domain, perspective models to 88.8 degrees off the axis",
            f"asked as well: {', '.join(installed_peers())}, in front of the camera, to 80 degrees",
        ),
    )


def _arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--points", type=int, default=1_000_000, help="for each model")
    parser.add_argument("--repetitions", type=int, default=3)


def main(arguments: list[str] | None = None) -> int:
    """The command."""
    return run("camera_models", _arguments, measure, arguments)


if __name__ == "__main__":
    sys.exit(main())
