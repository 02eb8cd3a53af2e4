"""Every camera model against its own inverse, differences, and OpenCV where that is right."""

from __future__ import annotations

from dataclasses import replace

import cv2
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from benchmarks.cameras import CAMERAS, WIDE
from calibration import CalibrationError, CameraModel, camera_from_record
from calibration.camera import (
    EUCM,
    MEI,
    UCM,
    DoubleSphere,
    FieldOfView,
    KannalaBrandt,
    OCam,
    Pinhole,
    Rational,
)
from calibration.camera.named import camera_of, distortion_of

each_camera = pytest.mark.parametrize("camera", CAMERAS.values(), ids=CAMERAS)
_WIDEST_PERSPECTIVE_RAD = 1.55


def directions(camera: CameraModel, count: int, seed: int, share: float = 1.0) -> np.ndarray:
    """(N, 3) unit, evenly spread in angle all over a share of the domain."""
    rng = np.random.default_rng(seed)
    widest = share * min(camera.max_angle_rad, _WIDEST_PERSPECTIVE_RAD if camera.is_perspective else np.pi)
    angle, turn = rng.uniform(0, widest, count), rng.uniform(-np.pi, np.pi, count)
    return np.stack([np.sin(angle) * np.cos(turn), np.sin(angle) * np.sin(turn), np.cos(angle)], axis=1)


def pixel_matrix(camera: CameraModel) -> np.ndarray:
    return np.array([[camera.fx_px, 0, camera.cx_px], [0, camera.fy_px, camera.cy_px], [0, 0, 1]])


@each_camera
def test_round_trip_all_over_the_domain(camera: CameraModel) -> None:
    rays = directions(camera, 100_000, 0, 1.0 - 1e-9)
    pixels, valid = camera.project(rays * np.random.default_rng(1).uniform(0.5, 60, (len(rays), 1)))
    assert valid.all()
    back, back_valid = camera.unproject(pixels)
    assert back_valid.mean() > 0.9999  # the very rim
    again, again_valid = camera.project(back[back_valid])
    assert again_valid.all()
    assert np.abs(again - pixels[back_valid]).max() < 1e-9
    back = back[back_valid]
    if camera.is_perspective:
        assert (back[:, 2] == 1.0).all()
        back /= np.linalg.norm(back, axis=1, keepdims=True)
    else:
        np.testing.assert_allclose(np.linalg.norm(back, axis=1), 1.0, rtol=1e-14)
    assert np.linalg.norm(np.cross(back, rays[back_valid]), axis=1).max() < 1e-11


@each_camera
def test_every_pixel_is_a_true_ray_or_masked(camera: CameraModel) -> None:
    """Over three times the image: a ray that is said to be valid comes back to its pixel."""
    rng = np.random.default_rng(2)
    size = np.array([camera.width_px, camera.height_px])
    pixels = rng.uniform(-size, 2 * size, (60_000, 2))
    rays, valid = camera.unproject(pixels)
    assert np.isnan(rays[~valid]).all()
    again, seen = camera.project(rays[valid])
    assert seen.all()
    assert np.abs(again - pixels[valid]).max() < 1e-9
    assert not camera.unproject([[np.nan, 3.0], [np.inf, 3.0]])[1].any()


@each_camera
def test_beyond_the_domain_all_is_masked(camera: CameraModel) -> None:
    angle = np.linspace(min(camera.max_angle_rad * (1 + 1e-6) + 1e-9, np.pi - 5e-7), np.pi, 200)
    for turn in (0.3, 2.0, -1.0):
        points = np.stack([np.sin(angle) * np.cos(turn), np.sin(angle) * np.sin(turn), np.cos(angle)], axis=1)
        pixels, valid = camera.project(points)
        assert not valid.any()
        assert np.isnan(pixels).all()
    assert camera.project([[0, 0, 0], [np.nan, 0, 1], [0, 0, -1.0]])[1].tolist() == [False] * 3


@each_camera
def test_the_radius_climbs_all_over_the_domain(camera: CameraModel) -> None:
    """So no two rays share a pixel; and where the domain ends before all is seen, it ends for a reason."""
    lens_only = replace(camera, fx_px=1.0, fy_px=camera.fy_px / camera.fx_px, cx_px=0.0, cy_px=0.0)
    angle = np.linspace(0.0, min(camera.max_angle_rad, 1.57) if camera.is_perspective else camera.max_angle_rad, 4000)
    angle = angle[:-1]
    for turn in np.linspace(-np.pi, np.pi, 9):
        points = np.stack([np.sin(angle) * np.cos(turn), np.sin(angle) * np.sin(turn), np.cos(angle)], axis=1)
        pixels, valid = lens_only.project(points)
        assert valid.all()
        along = pixels @ [np.cos(turn), np.sin(turn)]
        assert (np.diff(along) > 0).all()


@each_camera
def test_jacobians_are_the_differences(camera: CameraModel) -> None:
    points = directions(camera, 800, 3, 0.95) * np.random.default_rng(4).uniform(0.7, 9, (800, 1))
    points[:3] = [[0, 0, 2.0], [1e-7, 0, 2.0], [1e-4, -2e-4, 3.0]]
    pixels, valid, by_point, by_parameters = camera.project_with_jacobians(points)
    expected, expected_valid = camera.project(points)
    np.testing.assert_allclose(pixels, expected, atol=1e-9)
    assert valid.all()
    assert expected_valid.all()
    step = 1e-6
    for axis in range(3):
        aside = step * np.eye(3)[axis]
        slope = (camera.project(points + aside)[0] - camera.project(points - aside)[0]) / (2 * step)
        np.testing.assert_allclose(by_point[..., axis], slope, rtol=1e-5, atol=1e-4)
    assert by_parameters.shape == (800, 2, len(camera.parameter_names))
    for column, name in enumerate(camera.parameter_names):
        value = getattr(camera, name)
        step = 1e-5 * max(abs(value), 1e-2 if name.startswith(("k", "p", "s", "b")) else 1.0)
        more, less = (replace(camera, **{name: value + each}).project(points)[0] for each in (step, -step))
        slope = (more - less) / (2 * step)
        scale = max(1.0, float(np.abs(slope).max()))
        np.testing.assert_allclose(by_parameters[..., column] / scale, slope / scale, atol=2e-6, err_msg=name)


def test_outside_of_the_domain_jacobians_are_nan() -> None:
    pixels, valid, by_point, by_parameters = CAMERAS["ucm"].project_with_jacobians([[[0.1, 0, -1.0]]])
    assert not valid.any()
    assert pixels.shape == (1, 1, 2)
    assert all(np.isnan(each).all() for each in (pixels, by_point, by_parameters))


@pytest.mark.parametrize("name", ["rational", "prism", "brown"])
def test_perspective_models_are_opencvs(name: str) -> None:
    camera = CAMERAS[name]
    points = np.random.default_rng(1).uniform([-6, -5, 8], [6, 5, 40], (1000, 3))
    theirs, jacobian = cv2.projectPoints(
        points, np.zeros(3), np.zeros(3), pixel_matrix(camera), np.array(camera.distortion)
    )
    pixels, valid, _, by_parameters = camera.project_with_jacobians(points)
    assert valid.all()
    np.testing.assert_allclose(pixels, theirs[:, 0], atol=1e-9)
    of_camera = jacobian[:, 6:].reshape(len(points), 2, -1)
    np.testing.assert_allclose(by_parameters, of_camera[..., : by_parameters.shape[2]], atol=1e-6)


@pytest.mark.parametrize("name", ["fisheye", "fisheye-tum"])
def test_fisheyes_are_opencvs_in_front_of_the_camera(name: str) -> None:
    camera = CAMERAS[name]
    points = directions(camera, 2000, 5, 0.48) * 7.0
    points = points[points[:, 2] > 0.1]
    theirs, _ = cv2.fisheye.projectPoints(
        points[:, None], np.zeros(3), np.zeros(3), pixel_matrix(camera), np.array(camera.distortion)
    )
    np.testing.assert_allclose(camera.project(points)[0], theirs[:, 0], atol=1e-9)


def test_mei_is_opencvs() -> None:
    camera = CAMERAS["mei"]
    assert isinstance(camera, MEI)
    points = directions(camera, 2000, 6, 0.9) * 7.0
    theirs, _ = cv2.omnidir.projectPoints(
        points[:, None], np.zeros(3), np.zeros(3), pixel_matrix(camera), camera.xi, np.array(camera.distortion[1:5])
    )
    np.testing.assert_allclose(camera.project(points)[0], theirs[:, 0], atol=1e-9)


def test_models_that_contain_each_other_agree() -> None:
    place = (640, 480, 300.0, 301.0, 320.0, 240.0)
    points = directions(UCM(*place, 0.6), 500, 7, 0.9)
    ucm = UCM(*place, 0.6).project(points)[0]
    np.testing.assert_allclose(EUCM(*place, 0.6, 1.0).project(points)[0], ucm, atol=1e-10)
    np.testing.assert_allclose(DoubleSphere(*place, 0.0, 0.6).project(points)[0], ucm, atol=1e-10)
    xi = 0.6 / 0.4
    stretched = MEI(640, 480, 300.0 * (1 + xi), 301.0 * (1 + xi), 320.0, 240.0, xi)
    np.testing.assert_allclose(stretched.project(points)[0], ucm, atol=1e-10)
    ahead = points[points[:, 2] > 0.3]
    flat = Pinhole(*place).project(ahead)[0]
    for same in (UCM(*place, 0.0), MEI(*place, 0.0), Rational(*place)):
        np.testing.assert_allclose(same.project(ahead)[0], flat, atol=1e-9)


def test_ocam_is_scaramuzzas_polynomial() -> None:
    """By his own cam2world, in his axes: x down the rows, y along the columns, z away from what is seen."""
    a, (row, column), (c, d, e) = (-350.0, 0.0, 1.2e-3, -4e-7, 9e-10), (482.0, 637.0), (0.9998, 2e-4, -1e-4)
    camera = OCam.from_scaramuzza(1280, 960, a, (row, column), (c, d, e))
    pixels = np.random.default_rng(8).uniform([0, 0], [1280, 960], (500, 2))
    plane = np.linalg.solve(np.array([[c, d], [e, 1.0]]), (pixels[:, ::-1] - [row, column]).T).T
    z = np.polyval(a[::-1], np.linalg.norm(plane, axis=1))
    his = np.column_stack([plane[:, 1], plane[:, 0], -z])
    rays, valid = camera.unproject(pixels)
    assert valid.all()
    np.testing.assert_allclose(rays, his / np.linalg.norm(his, axis=1, keepdims=True), atol=1e-13)
    with pytest.raises(CalibrationError, match="a0 below 0"):
        OCam.from_scaramuzza(1280, 960, (350.0, 0.0, 1e-3), (480.0, 640.0))


def test_beyond_ninety_degrees_a_fisheye_sees_what_is_there() -> None:
    for camera in WIDE.values():
        assert camera.max_angle_rad > np.deg2rad(100)
        side = camera.project([[np.sin(1.7), 0.0, np.cos(1.7)]])[0][0]
        front = camera.project([[np.sin(1.5), 0.0, np.cos(1.5)]])[0][0]
        assert side[0] > front[0]
        assert camera.unproject(side)[0][2] < 0


finite = st.floats(-0.3, 0.3)


@given(k=st.tuples(finite, finite, finite, finite), seed=st.integers(0, 99))
def test_any_fisheye_is_one_to_one_in_its_own_domain(k: tuple[float, ...], seed: int) -> None:
    camera = KannalaBrandt(800, 600, 250.0, 251.0, 400.0, 300.0, *k)
    rays = directions(camera, 300, seed, 1 - 1e-6)
    pixels, valid = camera.project(rays)
    back, also = camera.unproject(pixels)
    assert valid.all()
    assert also.all()
    assert np.linalg.norm(back - rays, axis=1).max() < 1e-9


@given(
    k=st.tuples(*[st.floats(-0.5, 0.5)] * 3, *[st.floats(-0.5, 0.8)] * 3),
    p=st.tuples(*[st.floats(-0.01, 0.01)] * 6),
    seed=st.integers(0, 99),
)
def test_any_rational_is_one_to_one_in_its_own_domain(k: tuple[float, ...], p: tuple[float, ...], seed: int) -> None:
    camera = Rational(800, 600, 500.0, 501.0, 400.0, 300.0, k[0], k[1], p[0], p[1], *k[2:], *p[2:])
    rays = directions(camera, 300, seed, 1 - 1e-6)
    pixels, valid = camera.project(rays)
    back, also = camera.unproject(pixels)
    assert valid.all()
    assert also.all()
    np.testing.assert_allclose(camera.project(back)[0], pixels, rtol=1e-12, atol=1e-9)


@given(a=st.floats(0.0, 1.0), b=st.floats(0.2, 3.0), xi=st.floats(-0.9, 2.0), seed=st.integers(0, 99))
def test_any_sphere_is_one_to_one_in_its_own_domain(a: float, b: float, xi: float, seed: int) -> None:
    place = (800, 600, 250.0, 251.0, 400.0, 300.0)
    for camera in (UCM(*place, a), EUCM(*place, a, b), MEI(*place, abs(xi)), DoubleSphere(*place, xi, a)):
        rays = directions(camera, 200, seed, 1 - 1e-6)
        pixels, valid = camera.project(rays)
        back, also = camera.unproject(pixels)
        assert valid.all(), camera
        assert also.all(), camera
        assert np.abs(camera.project(back)[0] - pixels).max() < 1e-9, camera


@each_camera
def test_records_and_names_come_back(camera: CameraModel) -> None:
    assert camera_from_record(camera.to_record()) == camera
    name, numbers = distortion_of(camera)
    size, k = (camera.width_px, camera.height_px), (camera.fx_px, camera.fy_px, camera.cx_px, camera.cy_px)
    assert camera_of(name, size, k, numbers) == camera


@pytest.mark.parametrize(
    ("make", "message"),
    [
        (
            lambda: UCM(64, 48, 50.0, 50.0, 31.5, 23.5, alpha=1.4),
            "alpha of a ucm camera lies between 0 and 1, not at 1.4",
        ),
        (lambda: EUCM(64, 48, 50.0, 50.0, 31.5, 23.5, beta=-1.0), "beta of a eucm"),
        (lambda: MEI(64, 48, 50.0, 50.0, 31.5, 23.5, xi=-0.1), "xi of a mei"),
        (lambda: DoubleSphere(64, 48, 50.0, 50.0, 31.5, 23.5, xi=-1.2), "xi of a double_sphere"),
        (lambda: FieldOfView(64, 48, 50.0, 50.0, 31.5, 23.5, omega_rad=4.0), "omega_rad of a fov"),
        (lambda: KannalaBrandt(64, 48, 50.0, 50.0, 31.5, 23.5, k1=float("nan")), "must be finite"),
        (lambda: camera_of("plumb_bob", (64, 48), (50.0, 50.0, 31.5, 23.5), (0.1,) * 14), "tilted sensor"),
        (lambda: camera_of("cubist", (64, 48), (50.0, 50.0, 31.5, 23.5), (0.1,)), "'cubist' with 1 numbers is unknown"),
    ],
)
def test_what_is_no_lens_is_refused(make: object, message: str) -> None:
    with pytest.raises(CalibrationError, match=message):
        make()  # type: ignore[operator]
