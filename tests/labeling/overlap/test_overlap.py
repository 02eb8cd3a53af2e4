"""Overlaps against shapely and manifold3d."""

from __future__ import annotations

import manifold3d
import numpy as np
import pytest
import shapely
from scipy.spatial.transform import Rotation

from calibration import RigidTransform
from labeling.overlap import Overlap, iou_any_pose, overlap_matrix, overlap_rows

UTM = np.array([500_000.0, 5_400_000.0, 100.0])


def some_cuboids(rng: np.random.Generator, count: int, spread: float = 3.0) -> np.ndarray:
    return np.column_stack(
        [
            rng.normal(0.0, spread, (count, 2)),
            rng.normal(0.0, 0.5, count),
            rng.uniform(0.3, 8.0, (count, 3)),
            rng.uniform(-7.0, 7.0, count),
        ]
    )


def polygons(cuboids: np.ndarray) -> np.ndarray:
    signs = 0.5 * np.array([[1, 1], [-1, 1], [-1, -1], [1, -1]])
    local = signs * cuboids[:, None, 3:5]
    c, s = np.cos(cuboids[:, 6])[:, None], np.sin(cuboids[:, 6])[:, None]
    x = cuboids[:, None, 0] + c * local[..., 0] - s * local[..., 1]
    y = cuboids[:, None, 1] + s * local[..., 0] + c * local[..., 1]
    return shapely.polygons(np.stack([x, y], axis=-1))


def test_from_above_equals_shapely() -> None:
    rng = np.random.default_rng(1)
    a, b = some_cuboids(rng, 3000), some_cuboids(rng, 3000)
    first, second = polygons(a), polygons(b)
    common = shapely.area(shapely.intersection(first, second))
    union = a[:, 3] * a[:, 4] + b[:, 3] * b[:, 4] - common
    assert 0.2 < np.mean(common > 0) < 0.99
    np.testing.assert_allclose(overlap_rows(a, b, Overlap.BEV_IOU), common / union, atol=1e-9)
    height = np.minimum(a[:, 2] + a[:, 5] / 2, b[:, 2] + b[:, 5] / 2) - np.maximum(
        a[:, 2] - a[:, 5] / 2, b[:, 2] - b[:, 5] / 2
    )
    volume = common * np.maximum(height, 0.0)
    union = a[:, 3:6].prod(axis=1) + b[:, 3:6].prod(axis=1) - volume
    np.testing.assert_allclose(overlap_rows(a, b), volume / union, atol=1e-9)


def test_generalised_equals_shapely() -> None:
    rng = np.random.default_rng(2)
    a, b = some_cuboids(rng, 1000, 6.0), some_cuboids(rng, 1000, 6.0)
    first, second = polygons(a), polygons(b)
    common = shapely.area(shapely.intersection(first, second))
    union = a[:, 3] * a[:, 4] + b[:, 3] * b[:, 4] - common
    hull = shapely.area(shapely.convex_hull(shapely.union(first, second)))
    np.testing.assert_allclose(overlap_rows(a, b, Overlap.BEV_GIOU), common / union - (hull - union) / hull, atol=1e-9)
    assert np.all(overlap_rows(a, b, Overlap.GIOU_3D) <= overlap_rows(a, b) + 1e-12)


@pytest.mark.parametrize("kind", list(Overlap))
def test_the_matrix_is_every_row(kind: Overlap) -> None:
    rng = np.random.default_rng(3)
    a, b = some_cuboids(rng, 40), some_cuboids(rng, 30)
    rows = overlap_rows(np.repeat(a, 30, axis=0), np.tile(b, (40, 1)), kind)
    np.testing.assert_allclose(overlap_matrix(a, b, kind), rows.reshape(40, 30), atol=1e-12)
    np.testing.assert_allclose(overlap_matrix(a, b, kind), overlap_matrix(b, a, kind).T, atol=1e-9)


@pytest.mark.parametrize("kind", [Overlap.BEV_IOU, Overlap.IOU_3D])
def test_ties_and_places_far_away(kind: Overlap) -> None:
    rng = np.random.default_rng(4)
    a = some_cuboids(rng, 300)
    np.testing.assert_allclose(overlap_rows(a, a, kind), 1.0, atol=1e-12)
    flipped = a.copy()
    flipped[:, 6] += np.pi
    np.testing.assert_allclose(overlap_rows(a, flipped, kind), 1.0, atol=1e-9)
    beside = a.copy()
    beside[:, 0] += a[:, 3] * np.cos(a[:, 6])
    beside[:, 1] += a[:, 3] * np.sin(a[:, 6])
    np.testing.assert_allclose(overlap_rows(a, beside, kind), 0.0, atol=1e-12)
    # On a grid of 2^-10 m moving to UTM loses nothing of the input, so nothing may be lost of the result.
    b = some_cuboids(rng, 300)
    a[:, :3], b[:, :3] = np.round(a[:, :3] * 1024) / 1024, np.round(b[:, :3] * 1024) / 1024
    far = np.concatenate([UTM, np.zeros(4)])
    np.testing.assert_allclose(overlap_rows(a + far, b + far, kind), overlap_rows(a, b, kind), atol=1e-12)


def test_any_pose_equals_manifold() -> None:
    rng = np.random.default_rng(5)
    count = 300
    turns = [Rotation.random(count, random_state=seed).as_quat(scalar_first=True) for seed in (1, 2)]
    sizes = rng.uniform(0.5, 5.0, (2, count, 3))
    poses = [RigidTransform(turn, rng.normal(0.0, 1.2, (count, 3))) for turn in turns]
    found = iou_any_pose(poses[0], sizes[0], poses[1], sizes[1])
    expected = [
        manifold_iou(*(poses[k].matrix[i] for k in range(2)), *(sizes[k][i] for k in range(2))) for i in range(count)
    ]
    assert np.mean(found > 0) > 0.5
    np.testing.assert_allclose(found, expected, atol=1e-9)


def manifold_iou(first: np.ndarray, second: np.ndarray, size_a: np.ndarray, size_b: np.ndarray) -> float:
    # manifold3d keeps single precision in places: its cuboids are scaled by powers of two, which costs no digit.
    a = manifold3d.Manifold.cube(tuple(size_a), True).transform(first[:3])
    b = manifold3d.Manifold.cube(tuple(size_b), True).transform(second[:3])
    common = (a ^ b).volume()
    return float(common / (size_a.prod() + size_b.prod() - common))


def test_any_pose_equals_upright_and_ties() -> None:
    rng = np.random.default_rng(6)
    a, b = some_cuboids(rng, 500), some_cuboids(rng, 500)
    poses = [RigidTransform.from_yaw(each[:, 6], each[:, :3]) for each in (a, b)]
    np.testing.assert_allclose(iou_any_pose(poses[0], a[:, 3:6], poses[1], b[:, 3:6]), overlap_rows(a, b), atol=1e-9)
    np.testing.assert_allclose(iou_any_pose(poses[0], a[:, 3:6], poses[0], a[:, 3:6]), 1.0, atol=1e-9)
    # One inside the other, sharing one to three of its sides.
    lower = a.copy()
    lower[:, 5] *= 0.5
    lower[:, 2] -= 0.25 * a[:, 5]
    pose = RigidTransform.from_yaw(lower[:, 6], lower[:, :3])
    np.testing.assert_allclose(iou_any_pose(poses[0], a[:, 3:6], pose, lower[:, 3:6]), 0.5, atol=1e-9)


def test_bad_input() -> None:
    with pytest.raises(ValueError, match="paired"):
        overlap_rows(np.ones((2, 7)), np.ones((3, 7)))
    with pytest.raises(ValueError, match="negative"):
        overlap_rows(-np.ones((2, 7)), np.ones((2, 7)))
    assert overlap_matrix(np.empty((0, 7)), np.ones((2, 7))).shape == (0, 2)
