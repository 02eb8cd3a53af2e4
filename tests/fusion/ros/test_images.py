"""Images of every encoding, and calibrations of every model."""

from __future__ import annotations

import struct
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import pytest

from calibration import BrownConrady, Pinhole, SensorKind
from calibration.errors import FormatError
from fusion import DepthImage, EncodedImage
from fusion.readers import read_source
from fusion.readers.ros.images import image_size
from fusion.readers.ros.lenses import fitted_lens
from fusion.readers.ros.values import Lens
from fusion.recording import RecordingSource
from tests.fusion.ros.logs import START_NS, Said, image, lens, packed, write_mcap_log

RNG = np.random.default_rng(3)
COLOUR = RNG.integers(0, 255, (48, 64, 3), dtype=np.uint8)
DEEP = RNG.integers(0, 9000, (48, 64), dtype=np.uint16)


def source_of(tmp_path: Path, message: Any, *more: Said, topic: str = "/cam/image_raw") -> RecordingSource:
    return read_source(write_mcap_log(tmp_path / "log.mcap", [Said(topic, START_NS, message), *more]))


def shown(tmp_path: Path, pixels: np.ndarray, encoding: str, padding: int = 0) -> np.ndarray:
    """The pixels of the photo that an image became, in blue, green, red."""
    sample = source_of(tmp_path, image(pixels, encoding, START_NS, "cam", padding=padding)).streams[0].load(0)
    assert isinstance(sample, EncodedImage)
    assert sample.media_type == "image/png"
    decoded = cv2.imdecode(np.frombuffer(sample.data, np.uint8), cv2.IMREAD_UNCHANGED)
    assert decoded is not None
    return np.asarray(decoded)


def test_raw_colours_are_kept_without_loss(tmp_path: Path) -> None:
    assert np.array_equal(shown(tmp_path, COLOUR, "rgb8"), COLOUR[:, :, ::-1])
    assert np.array_equal(shown(tmp_path, COLOUR, "bgr8", padding=11), COLOUR)
    assert np.array_equal(shown(tmp_path, COLOUR[:, :, :1], "mono8"), COLOUR[:, :, 0])
    alpha = np.dstack([COLOUR, COLOUR[:, :, :1]])
    assert np.array_equal(shown(tmp_path, alpha, "rgba8"), alpha[:, :, [2, 1, 0, 3]])
    assert np.array_equal(shown(tmp_path, DEEP.astype(">u2"), "mono16"), DEEP)


@pytest.mark.parametrize("pattern", ["rggb", "bggr", "gbrg", "grbg"])
def test_a_mosaic_of_one_colour_is_that_colour(tmp_path: Path, pattern: str) -> None:
    values = {"r": 200, "g": 100, "b": 50}
    mosaic = np.zeros((48, 64), np.uint8)
    for place, letter in enumerate(pattern):
        mosaic[place // 2 :: 2, place % 2 :: 2] = values[letter]
    assert shown(tmp_path, mosaic, f"bayer_{pattern}8")[20, 20].tolist() == [50, 100, 200]


def test_depth_in_millimetres_and_metres(tmp_path: Path) -> None:
    source = source_of(tmp_path, image(DEEP, "16UC1", START_NS, "cam"))
    assert source.rig[source.reference].kind is SensorKind.DEPTH
    sample = source.streams[0].load(0)
    assert isinstance(sample, DepthImage)
    assert np.array_equal(sample.values, DEEP)
    assert sample.metres_per_unit == 0.001
    metres = DEEP.astype(np.float32) * np.float32(0.001)
    metres[0, :3] = np.nan, np.inf, -1.0
    sample = source_of(tmp_path, image(metres.astype(">f4"), "32FC1", START_NS, "cam")).streams[0].load(0)
    assert isinstance(sample, DepthImage)
    assert np.array_equal(sample.values[1:], DEEP[1:])
    assert not sample.values[0, :3].any()


def test_compressed_files_stay_as_they_came(tmp_path: Path) -> None:
    for form in (".jpg", ".png"):
        _, data = cv2.imencode(form, COLOUR)
        sample = source_of(tmp_path, packed(data.tobytes(), "rgb8; compressed", START_NS, "cam")).streams[0].load(0)
        assert isinstance(sample, EncodedImage)
        assert sample.data == data.tobytes()
        assert sample.media_type == {".jpg": "image/jpeg", ".png": "image/png"}[form]
        assert image_size(data.tobytes()) == (64, 48)


def test_compressed_depth(tmp_path: Path) -> None:
    _, data = cv2.imencode(".png", DEEP)
    message = packed(bytes(12) + data.tobytes(), "16UC1; compressedDepth png", START_NS, "cam")
    sample = source_of(tmp_path, message, topic="/cam/image_raw/compressedDepth").streams[0].load(0)
    assert isinstance(sample, DepthImage)
    assert np.array_equal(sample.values, DEEP)
    head = struct.pack("<iff", 0, 100.0, 1.0)
    inverse = np.array([[0, 101, 51]], np.uint16)
    _, data = cv2.imencode(".png", inverse)
    message = packed(head + data.tobytes(), "32FC1; compressedDepth png", START_NS, "cam")
    sample = source_of(tmp_path, message, topic="/cam/image_raw/compressedDepth").streams[0].load(0)
    assert isinstance(sample, DepthImage)
    assert sample.values.tolist() == [[0, 1000, 2000]]


def test_what_is_no_photo_is_said(tmp_path: Path) -> None:
    with pytest.raises(FormatError, match="images of format 'h264' are not read"):
        source_of(tmp_path, packed(b"\0\0\0\1video", "h264", START_NS, "cam"))
    with pytest.raises(FormatError, match="encoding '64FC2' is not read"):
        source_of(tmp_path, image(COLOUR, "64FC2", START_NS, "cam"))


def test_a_camera_without_calibration_says_so(tmp_path: Path) -> None:
    source = source_of(tmp_path, image(COLOUR, "rgb8", START_NS, "cam"))
    assert source.rig["cam"].model == Pinhole(64, 48, 64.0, 64.0, 31.5, 23.5)
    assert any("a pinhole of 53 degrees is assumed" in note for note in source.notes)
    uncalibrated = Said("/cam/camera_info", START_NS, lens(START_NS, "cam", k=(0.0, 0.0, 0.0, 0.0)))
    source = source_of(tmp_path, image(COLOUR, "rgb8", START_NS, "cam"), uncalibrated)
    assert any("a pinhole of 53 degrees is assumed" in note for note in source.notes)


def test_plumb_bob_is_ours_and_rectified_images_have_none(tmp_path: Path) -> None:
    d = (-0.2, 0.05, 0.001, -0.002, 0.01)
    calibrated = Said("/cam/camera_info", START_NS, lens(START_NS, "cam", d=d, p=(50.0, 51.0, 30.0, 20.0)))
    raw = source_of(tmp_path, image(COLOUR, "rgb8", START_NS, "cam"), calibrated)
    assert raw.rig["cam"].model == BrownConrady(64, 48, 60.0, 61.0, 31.5, 23.5, *d)
    rectified = source_of(tmp_path, image(COLOUR, "rgb8", START_NS, "cam"), calibrated, topic="/cam/image_rect")
    assert rectified.rig["cam"].model == Pinhole(64, 48, 50.0, 51.0, 30.0, 20.0)


def a_lens(model: str, d: tuple[float, ...], size: tuple[int, int] = (640, 480)) -> Lens:
    k = (400.0, 0.0, 319.5, 0.0, 400.0, 239.5, 0.0, 0.0, 1.0)
    return Lens(0, "cam", *size, model, d, k, (0.0,) * 12)


def test_a_rational_lens_is_ours() -> None:
    d = (0.3, -0.1, 1e-4, 2e-4, 0.01, 0.25, -0.05, 0.004)
    fitted = fitted_lens(a_lens("rational_polynomial", d), None, rectified=False)
    assert fitted is not None
    points = np.stack([RNG.uniform(-0.7, 0.7, 200), RNG.uniform(-0.5, 0.5, 200), np.ones(200)], axis=1)
    k = np.array([[400.0, 0, 319.5], [0, 400, 239.5], [0, 0, 1]])
    expected, _ = cv2.projectPoints(points, np.zeros(3), np.zeros(3), k, np.array(d))
    pixels, valid = fitted.model.project(points)
    assert valid.all()
    assert np.abs(pixels - expected[:, 0]).max() < 1e-9
    assert fitted.note == ""


def test_a_fisheye_is_ours() -> None:
    d = (-0.01, 0.002, 0.0, 0.0)
    fitted = fitted_lens(a_lens("equidistant", d), None, rectified=False)
    assert fitted is not None
    points = np.stack([RNG.uniform(-0.8, 0.8, 200), RNG.uniform(-0.6, 0.6, 200), np.ones(200)], axis=1)
    k = np.array([[400.0, 0, 319.5], [0, 400, 239.5], [0, 0, 1]])
    expected, _ = cv2.fisheye.projectPoints(points[:, None], np.zeros(3), np.zeros(3), k, np.array(d))
    pixels, _ = fitted.model.project(points)
    assert np.abs(pixels - expected[:, 0]).max() < 1e-9
    assert fitted.note == ""


def test_other_lenses() -> None:
    unknown = fitted_lens(a_lens("mei", (0.1, 0.2)), None, rectified=False)
    assert unknown is not None
    assert "'mei' with 2 numbers is unknown" in unknown.note
    half = fitted_lens(a_lens("plumb_bob", ()), (320, 240), rectified=False)
    assert half is not None
    assert half.model == Pinhole(320, 240, 200.0, 200.0, 159.5, 119.5)
    short = fitted_lens(a_lens("rational_polynomial", (0.1, 0.0, 0.0, 0.0, 0.02)), None, rectified=False)
    assert short is not None
    assert short.model == BrownConrady(640, 480, 400.0, 400.0, 319.5, 239.5, 0.1, 0.0, 0.0, 0.0, 0.02)
