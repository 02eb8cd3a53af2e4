"""Edges of a sweep over edges of an image: a board before a wall, seen by both."""

from __future__ import annotations

import numpy as np
import pytest

from calibration import Pinhole, RigidTransform
from calibration.alignment import SweepEdges, agreement, image_edges, peak, sweep_edges

CAMERA = Pinhole(320, 240, 300.0, 300.0, 159.5, 119.5)
CAMERA_FROM_LIDAR = RigidTransform.from_matrix(np.array([[0, -1, 0, 0], [0, 0, -1, 0], [1, 0, 0, 0]], dtype=float))
BOARDS = (
    (-0.2, -0.1, -0.1, 0.05),
    (0.1, 0.22, -0.05, 0.15),
    (-0.05, 0.02, 0.08, 0.2),
)  # tangents left, right, low, high


def board(y: np.ndarray, z: np.ndarray) -> np.ndarray:
    """Whether directions with tangents y (left) and z (up) meet a board."""
    return np.any([(y > a) & (y < b) & (z > c) & (z < d) for a, b, c, d in BOARDS], axis=0)


def swept() -> SweepEdges:
    y, z = (each.ravel() for each in np.meshgrid(np.linspace(-0.5, 0.5, 400), np.linspace(-0.4, 0.4, 80)))
    depth = np.where(board(y, z), 8.0, 20.0)
    points = np.stack([depth, depth * y, depth * z], axis=1)
    return sweep_edges(points, np.ones(len(points)))


def photo(right_px: float = 0.0, down_px: float = 0.0) -> np.ndarray:
    column, row = np.meshgrid(np.arange(320) - right_px, np.arange(240) - down_px)
    y, z = -(column - CAMERA.cx_px) / CAMERA.fx_px, -(row - CAMERA.cy_px) / CAMERA.fy_px
    noise = np.random.default_rng(0).normal(0.0, 4.0, column.shape)
    return np.clip(np.where(board(y, z), 180.0, 90.0) + noise, 0, 255)


def test_edges_are_on_the_near_side_of_jumps() -> None:
    edges = swept()
    assert len(edges) > 100
    assert edges.is_range.all()
    assert np.allclose(edges.points_m[:, 0], 8.0)
    y, z = edges.points_m[:, 1] / 8.0, edges.points_m[:, 2] / 8.0
    nearest = np.min(
        [np.minimum.reduce([abs(y - a), abs(y - b), abs(z - c), abs(z - d)]) for a, b, c, d in BOARDS], axis=0
    )
    assert np.percentile(nearest, 90) < 0.02


def test_a_plane_has_no_edges_however_steep() -> None:
    y, z = (each.ravel() for each in np.meshgrid(np.linspace(-0.5, 0.5, 400), np.linspace(-0.3, -0.1, 40)))
    depth = -1.8 / z  # the ground
    points = np.stack([depth, depth * y, depth * z], axis=1)
    inner = sweep_edges(points, np.ones(len(points))).points_m
    assert len(inner) < 0.06 * len(points)  # the rim of what was swept


@pytest.mark.parametrize("shift", [(0, 0), (5, -3), (-12, 8)])
def test_the_peak_is_where_the_photo_was_shifted_to(shift: tuple[int, int]) -> None:
    found = agreement(swept(), image_edges(photo(*shift), 1.0, 40), CAMERA, CAMERA_FROM_LIDAR)
    best = peak(found.surface, 20)
    assert best.height > 8.0
    assert (best.right_px, best.down_px) == pytest.approx(shift, abs=2)


def test_a_turned_camera_has_no_peak() -> None:
    image = image_edges(photo(), 1.0, 40)
    turned = RigidTransform.from_yaw(np.pi, np.zeros(3)) * CAMERA_FROM_LIDAR  # the image upside down
    found = peak(agreement(swept(), image, CAMERA, turned).surface, 20)
    assert found.height < 0.6 * peak(agreement(swept(), image, CAMERA, CAMERA_FROM_LIDAR).surface, 20).height


def test_behind_the_camera_nothing_is_in_view() -> None:
    backwards = RigidTransform(np.array([0.0, 0.0, 1.0, 0.0]), np.zeros(3)) * CAMERA_FROM_LIDAR
    found = agreement(swept(), image_edges(photo(), 1.0, 40), CAMERA, backwards)
    assert found.in_view == 0
    assert peak(found.surface, 20).height == 0.0


@pytest.mark.parametrize("count", [0, 1, 12])
def test_a_few_points_have_no_edges(count: int) -> None:
    assert len(sweep_edges(np.ones((count, 3)), np.ones(count))) == 0
