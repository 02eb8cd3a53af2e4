"""Points get the colour of the surface that they lie on, not of what stands in front of it."""

from __future__ import annotations

import io

import numpy as np
import pytest
from PIL import Image

from calibration import BrownConrady, CameraModel, Pinhole, RigidTransform
from calibration.errors import RecordingError
from fusion.coloring import Photo, color_points
from fusion.photos import decode_photo
from fusion.samples import EncodedImage

WORLD_FROM_CAMERA = RigidTransform.from_matrix(np.array([[0, 0, 1, 0], [-1, 0, 0, 0], [0, -1, 0, 0]], dtype=float))
RED, GREEN = (200, 20, 20), (20, 200, 20)
WALL_M, BOARD_M = 20.0, 8.0
LIDAR = np.array([0.0, 2.5, 0.4])


def on_board(y: np.ndarray, z: np.ndarray) -> np.ndarray:
    return (np.abs(y) < 1.0) & (np.abs(z) < 0.8)


def photo(camera: CameraModel, time_ns: int = 0) -> Photo:
    """A green board before a red wall."""
    v, u = np.mgrid[0 : camera.height_px, 0 : camera.width_px]
    rays, valid = camera.unproject(np.stack([u, v], axis=-1).astype(float))
    board = valid & on_board(-rays[..., 0] * BOARD_M, -rays[..., 1] * BOARD_M)
    rgb = np.where(board[..., None], GREEN, RED).astype(np.uint8)
    return Photo(rgb, camera, time_ns, WORLD_FROM_CAMERA.inverse().matrix[None, :3])


def sweep() -> np.ndarray:
    """Beams 0.2 by 0.6 degrees apart, from beside the camera: they reach the wall behind the board."""
    yaw, pitch = np.meshgrid(np.radians(np.arange(-40, 40, 0.2)), np.radians(np.arange(-12, 12, 0.6)))
    ways = np.stack([np.ones_like(yaw), np.tan(yaw), np.tan(pitch) / np.cos(yaw)], axis=-1).reshape(-1, 3)
    at_board = LIDAR + ways * BOARD_M
    hits = on_board(at_board[:, 1], at_board[:, 2])
    return np.where(hits[:, None], at_board, LIDAR + ways * WALL_M).astype(np.float32)


@pytest.mark.parametrize(
    "camera",
    [
        Pinhole(1280, 720, 900.0, 900.0, 639.5, 359.5),
        BrownConrady(1280, 720, 900.0, 900.0, 639.5, 359.5, k1=-0.25, k2=0.06),
    ],
    ids=["pinhole", "distorted"],
)
def test_what_is_hidden_from_the_camera_gets_no_colour(camera: CameraModel) -> None:
    points = sweep()
    painted = color_points(points, np.zeros(len(points), np.int64), [photo(camera)])
    pixels, valid = camera.project(WORLD_FROM_CAMERA.inverse().apply(points))
    seen = valid & camera.contains(np.nan_to_num(pixels, nan=-9.0))
    board = points[:, 0] < WALL_M - 1.0
    through = points[:, 1:] * (BOARD_M / WALL_M)
    hidden = seen & ~board & (np.abs(through[:, 0]) < 0.95) & (np.abs(through[:, 1]) < 0.75)
    free = seen & ~board & ((np.abs(through[:, 0]) > 1.02) | (np.abs(through[:, 1]) > 0.82))
    edge = (np.abs(points[:, 1]) > 0.97) | (np.abs(points[:, 2]) > 0.77)
    assert hidden.sum() > 200
    assert painted.has_color[hidden].mean() < 0.02  # at the board's rim only
    assert painted.has_color[free].mean() > 0.99
    assert np.all(painted.rgb[free & painted.has_color] == RED)
    assert np.all(painted.rgb[seen & board & ~edge] == GREEN)
    assert not painted.has_color[~seen].any()
    assert not painted.rgb[~painted.has_color].any()


def test_a_road_seen_at_a_slant_hides_nothing() -> None:
    x, y = np.meshgrid(np.arange(4.0, 80.0, 0.1), np.arange(-3.0, 3.0, 0.25))
    road = np.stack([x, y, np.full_like(x, -1.6)], axis=-1).reshape(-1, 3).astype(np.float32)
    camera = Pinhole(1920, 1080, 930.0, 930.0, 959.5, 539.5)
    painted = color_points(road, np.zeros(len(road), np.int64), [photo(camera)])
    assert painted.has_color.mean() > 0.99


def test_the_photo_nearest_in_time_wins_then_the_most_central() -> None:
    camera = Pinhole(640, 480, 400.0, 400.0, 319.5, 239.5)
    pose = WORLD_FROM_CAMERA.inverse().matrix[None, :3]
    shades = [Photo(np.full((480, 640, 3), 50 * (k + 1), np.uint8), camera, 40_000_000 * k, pose) for k in range(3)]
    points = np.array([[10.0, 0.0, 0.0]] * 3, dtype=np.float32)
    painted = color_points(points, np.array([-5_000_000, 45_000_000, 90_000_000]), shades)
    assert painted.photo.tolist() == [0, 1, 2]
    assert painted.rgb[:, 0].tolist() == [50, 100, 150]
    aside = RigidTransform.from_yaw(0.5, np.zeros(3)) * WORLD_FROM_CAMERA
    turned = Photo(shades[0].rgb, camera, 0, aside.inverse().matrix[None, :3])
    away = RigidTransform.from_yaw(0.5, np.zeros(3)).apply(points[:1]).astype(np.float32)
    assert color_points(away, np.zeros(1, np.int64), [shades[0], turned]).photo.tolist() == [1]


def test_a_rolling_shutter_looks_up_the_row_where_the_camera_was_then() -> None:
    camera, bands = Pinhole(256, 256, 200.0, 200.0, 127.5, 127.5), 32
    shifts = 0.02 * (np.arange(bands) - bands // 2)
    poses = np.repeat(WORLD_FROM_CAMERA.inverse().matrix[None, :3], bands, axis=0)
    poses[:, 0, 3] += shifts
    columns = np.broadcast_to(np.arange(256, dtype=np.uint8)[None, :, None], (256, 256, 3)).copy()
    z = np.linspace(-1.0, 1.0, 21)
    points = np.stack([np.full(21, 2.0), np.zeros(21), z], axis=1).astype(np.float32)
    rows = 127.5 - 200.0 * z / 2.0
    expected = 127.5 + 200.0 * shifts[((rows + 0.5) / 256 * bands).astype(int)] / 2.0
    painted = color_points(points, np.zeros(21, np.int64), [Photo(columns, camera, 0, poses)])
    assert painted.has_color.all()
    # A point on the border of two bands may be in either: 2 cm, 2 px.
    assert np.abs(painted.rgb[:, 0] - expected).max() <= 1.5


def test_photos_are_decoded_no_larger_than_needed() -> None:
    picture = Image.fromarray(np.full((600, 1600, 3), (10, 90, 200), np.uint8))
    jpeg = io.BytesIO()
    picture.save(jpeg, "JPEG")
    image = EncodedImage(jpeg.getvalue(), "image/jpeg")
    assert decode_photo(image).shape == (600, 1600, 3)
    small = decode_photo(image, least_width_px=700)
    assert small.shape == (300, 800, 3)
    assert np.abs(small.astype(int) - (10, 90, 200)).max() < 4
    grey = io.BytesIO()
    Image.fromarray(np.full((4, 6), 0x80FF, np.uint16)).save(grey, "PNG")
    assert np.all(decode_photo(EncodedImage(grey.getvalue(), "image/png")) == 0x80)


@pytest.mark.parametrize(
    "data", [b"", b"no picture", b"\xff\xd8\xff\xe0" + bytes(40), b"\x89PNG\r\n\x1a\n" + bytes(40)]
)
def test_a_damaged_photo_is_one_line(data: bytes) -> None:
    with pytest.raises(RecordingError, match=r"a photo cannot be decoded .*front 3") as caught:
        decode_photo(EncodedImage(data, "image/jpeg"), where="front 3")
    assert "\n" not in str(caught.value)
