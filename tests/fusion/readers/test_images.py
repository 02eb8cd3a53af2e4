"""Sizes from the heads of photos, and depth images without OpenCV."""

from __future__ import annotations

import time
from pathlib import Path

import numpy as np
import pytest

from calibration import Pinhole
from calibration.errors import FormatError, InputError
from fusion.readers.depth_png import decode_depth_png
from fusion.readers.image_header import image_header, load_photo, photo_header
from tests.fusion.readers.writers import png, write_photo

JPEG = bytes.fromhex("ffd8ffe000104a46494600010100000100010000ffffc0000b080030004001011100ffda")


def test_headers(tmp_path: Path) -> None:
    header = image_header(JPEG, tmp_path)
    assert (header.width_px, header.height_px, header.media_type) == (64, 48, "image/jpeg")
    header = photo_header(write_photo(tmp_path / "a.png", 30, 20))
    assert (header.width_px, header.height_px, header.media_type) == (30, 20, "image/png")


def test_real_headers(real_data: Path) -> None:
    header = photo_header(real_data / "sustechpoints" / "example" / "camera" / "left" / "000965.jpg")
    assert (header.width_px, header.height_px) == (2048, 1536)
    header = photo_header(real_data / "lidar_camera_alignment" / "calib.jpg")
    assert (header.width_px, header.height_px) == (1920, 1200)


def test_a_photo_of_another_size_than_the_calibration_is_refused(tmp_path: Path) -> None:
    path = write_photo(tmp_path / "a.png", 30, 20)
    assert load_photo(path, Pinhole(30, 20, 9.0, 9.0, 9.0, 9.0)).data == path.read_bytes()
    with pytest.raises(FormatError, match=r"30 x 20 pixels, but the calibration is for 20 x 30; .*a\.png"):
        load_photo(path, Pinhole(20, 30, 9.0, 9.0, 9.0, 9.0))


@pytest.mark.parametrize("data", [b"", b"\xff\xd8", JPEG[:25], b"GIF89a", png(np.zeros((1, 1), np.uint8))[:20]])
def test_what_is_no_photo(tmp_path: Path, data: bytes) -> None:
    with pytest.raises(FormatError):
        image_header(data, tmp_path)


@pytest.mark.parametrize("filters", [(0,), (1,), (2,), (3,), (4,), (4, 3, 2, 1, 0)])
def test_every_filter_is_undone(tmp_path: Path, filters: tuple[int, ...]) -> None:
    values = np.random.default_rng(0).integers(0, 65_536, (17, 23), dtype=np.uint16)
    assert np.array_equal(decode_depth_png(png(values, filters), tmp_path), values)


def test_a_real_depth_image_is_what_opencv_reads(real_data: Path) -> None:
    cv2 = pytest.importorskip("cv2")
    for file in sorted((real_data / "rgbd_7scenes").glob("*.depth.png"))[:5]:
        assert np.array_equal(decode_depth_png(file.read_bytes(), file), cv2.imread(str(file), cv2.IMREAD_UNCHANGED))


def test_damaged_depth_images_end_in_one_line(tmp_path: Path) -> None:
    data = png(np.random.default_rng(0).integers(0, 9, (20, 30), dtype=np.uint16), (4,))
    rng = np.random.default_rng(2)
    for cut in (0, 5, 20, 40, len(data) - 20):
        with pytest.raises(FormatError):
            decode_depth_png(data[:cut], tmp_path)
    for _ in range(100):
        changed = bytearray(data)
        changed[rng.integers(0, len(data) - 12)] ^= 1 << rng.integers(0, 8)
        start = time.perf_counter()
        with pytest.raises(InputError):
            decode_depth_png(bytes(changed), tmp_path)
        assert time.perf_counter() - start < 1
    with pytest.raises(FormatError, match="16-bit grey"):
        decode_depth_png(png(np.zeros((4, 4), np.uint8)), tmp_path)
