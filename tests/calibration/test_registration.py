"""Two range sensors that never hit the same spots, laid on each other."""

from __future__ import annotations

import numpy as np
import pytest

from calibration import RigidTransform
from calibration.errors import CalibrationError
from calibration.registration import CloudPair, register
from tests.calibration.rooms import boxes, imaging, points, spinning

MOUNTING = RigidTransform.exp([0.4, -0.9, -0.3, 0.05, -0.1, 0.6])


def pairs(seed: int, rays: np.ndarray, mounting: RigidTransform, frames: int = 5) -> list[CloudPair]:
    """Of a LiDAR and another sensor, in a hall with boxes."""
    rng = np.random.default_rng(seed)
    world, found = boxes(rng), []
    for number in range(frames):
        pose = RigidTransform.from_yaw(0.7 * number, [0.5 * number - 1.0, 0.3 * number, 0.0])
        target = points(rng, world, pose, spinning(), 0.01)
        found.append(CloudPair(target, points(rng, world, pose * mounting, rays, 0.01)))
    return found


def off(found: RigidTransform, truth: RigidTransform) -> np.ndarray:
    """Metres, and degrees."""
    error = (truth.inverse() * found).log()
    return np.array([np.linalg.norm(error[:3]), np.rad2deg(np.linalg.norm(error[3:]))])


@pytest.mark.parametrize("seed", [0, 1])
def test_a_second_lidar(seed: int) -> None:
    disturbed = MOUNTING * RigidTransform.exp([0.15, -0.1, 0.1, 0.02, 0.03, -0.02])
    found = register(pairs(seed, spinning(12, 500, 25.0), MOUNTING), disturbed)
    metres, degrees = off(found.target_from_source, MOUNTING)
    assert metres < 0.01
    assert degrees < 0.06
    assert found.overlap > 0.3
    assert found.slides_along is None
    error = (found.target_from_source.inverse() * MOUNTING).log()
    assert error @ np.linalg.inv(found.covariance) @ error < 40.0  # six degrees of freedom: beyond this it lies


def test_a_depth_camera() -> None:
    """Its z axis looks ahead."""
    looking = RigidTransform.from_matrix(
        np.array([[0.0, 0.0, 1.0, 0.3], [-1.0, 0.0, 0.0, 0.1], [0.0, -1.0, 0.0, -0.2], [0.0, 0.0, 0.0, 1.0]])
    )
    disturbed = looking * RigidTransform.exp([0.05, -0.05, 0.05, 0.02, 0.02, -0.02])
    found = register(pairs(3, imaging(), looking), disturbed)
    metres, degrees = off(found.target_from_source, looking)
    assert metres < 0.015
    assert degrees < 0.1


def test_a_corridor_slides_and_it_is_said() -> None:
    rng = np.random.default_rng(0)

    def corridor(reach: float, count: int) -> np.ndarray:
        along, up, side = rng.uniform(-reach, reach, count), rng.uniform(-1.5, 1.5, count), rng.integers(0, 3, count)
        y = np.where(side == 0, -2.0, np.where(side == 1, 2.0, up * 1.3))
        return np.stack([along, y, np.where(side == 2, -1.5, up)], axis=1) + rng.normal(0.0, 0.005, (count, 3))

    both = [CloudPair(corridor(20.0, 20_000), corridor(8.0, 8_000)) for _ in range(4)]
    found = register(both, RigidTransform.identity())
    assert found.slides_along is not None
    assert abs(found.slides_along[0]) > 0.99


def test_refusals() -> None:
    seen = pairs(0, spinning(12, 200), MOUNTING, frames=3)
    with pytest.raises(CalibrationError, match="2 frames"):
        register(seen[:2], MOUNTING)
    with pytest.raises(CalibrationError, match="hardly see the same"):
        register(seen, RigidTransform.from_yaw(0.0, [200.0, 0.0, 0.0]))
    thin = CloudPair(seen[0].target, seen[0].source[:20])
    with pytest.raises(CalibrationError, match="too thin"):
        register([*seen, thin], MOUNTING)
