"""Rigid transforms are a group; everything else stands on that."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays
from pyquaternion import Quaternion
from scipy.spatial.transform import Rotation

from calibration import RigidTransform, quaternion

numbers = st.floats(-50, 50, allow_nan=False, width=64)
tiny = st.floats(-1e-7, 1e-7, allow_nan=False, width=64)


@st.composite
def transforms(draw: st.DrawFn, batch: tuple[int, ...] = ()) -> RigidTransform:
    """Anything: far, close to identity, single or batched; turns up to half a turn."""
    scale = draw(st.sampled_from([1e-9, 1e-5, 1.0]))
    turn = draw(arrays(np.float64, (*batch, 3), elements=st.floats(-1.8, 1.8, allow_nan=False, width=64)))
    shift = draw(arrays(np.float64, (*batch, 3), elements=numbers))
    return RigidTransform.exp(np.concatenate([shift, scale * turn], axis=-1))


batched = st.sampled_from([(), (1,), (3,), (2, 3)]).flatmap(lambda batch: transforms(batch))


@given(batched)
def test_inverse_undoes(a: RigidTransform) -> None:
    identity = RigidTransform(np.broadcast_to(quaternion.IDENTITY, a.rotation.shape), np.zeros_like(a.translation))
    assert (a * a.inverse()).almost_equal(identity, atol_m=1e-12, atol_rad=1e-12)
    assert (a.inverse() * a).almost_equal(identity, atol_m=1e-12, atol_rad=1e-12)


@given(transforms(), transforms(), transforms())
def test_composition_is_associative(a: RigidTransform, b: RigidTransform, c: RigidTransform) -> None:
    assert ((a * b) * c).almost_equal(a * (b * c), atol_m=1e-11, atol_rad=1e-11)


@given(transforms(), transforms(), arrays(np.float64, (4, 3), elements=numbers))
def test_composed_transform_applies_both(a: RigidTransform, b: RigidTransform, points: np.ndarray) -> None:
    np.testing.assert_allclose((a * b).apply(points), a.apply(b.apply(points)), atol=1e-11)


@given(batched)
def test_exp_inverts_log(a: RigidTransform) -> None:
    assert RigidTransform.exp(a.log()).almost_equal(a, atol_m=1e-10, atol_rad=1e-10)


@given(transforms(), transforms(), st.floats(0, 1))
def test_interpolation_hits_both_ends(a: RigidTransform, b: RigidTransform, fraction: float) -> None:
    assert a.interpolate(b, 0.0).almost_equal(a, atol_m=1e-12, atol_rad=1e-12)
    assert a.interpolate(b, 1.0).almost_equal(b, atol_m=1e-11, atol_rad=1e-11)
    turned = np.linalg.norm((a.inverse() * a.interpolate(b, fraction)).log()[3:])
    assert turned == pytest.approx(fraction * np.linalg.norm((a.inverse() * b).log()[3:]), abs=1e-9)


@given(transforms((5,)))
def test_agrees_with_the_quaternions_users_know(a: RigidTransform) -> None:
    for index in range(5):
        theirs = Quaternion(a.rotation[index])
        np.testing.assert_allclose(theirs.rotation_matrix, a[index].matrix[:3, :3], atol=1e-12)
    scipys = Rotation.from_quat(np.roll(a.rotation, -1, axis=-1))
    np.testing.assert_allclose(scipys.as_matrix(), a.matrix[:, :3, :3], atol=1e-12)


@given(batched)
def test_matrix_round_trip(a: RigidTransform) -> None:
    assert RigidTransform.from_matrix(a.matrix).almost_equal(a, atol_m=1e-12, atol_rad=1e-7)


def test_yaw_is_the_heading_of_x() -> None:
    a = RigidTransform.from_yaw([0.3, -2.0], [[1.0, 2.0, 3.0], [0, 0, 0]])
    np.testing.assert_allclose(a.yaw_rad, [0.3, -2.0])
    np.testing.assert_allclose(a.rotate([1.0, 0.0, 0.0])[0], [np.cos(0.3), np.sin(0.3), 0.0])


def test_a_unit_quaternion_is_kept_bit_for_bit() -> None:
    q = Rotation.random(200, rng=np.random.default_rng(1)).as_quat()
    again = RigidTransform(RigidTransform(q, np.zeros((200, 3))).rotation, np.zeros((200, 3)))
    assert np.array_equal(again.rotation, RigidTransform(q, np.zeros((200, 3))).rotation)


def test_arrays_are_read_only_and_owned() -> None:
    translation = np.zeros(3)
    a = RigidTransform(quaternion.IDENTITY, translation)
    translation[0] = 5.0
    assert a.translation[0] == 0.0
    with pytest.raises(ValueError, match="read-only"):
        a.translation[0] = 1.0


@pytest.mark.parametrize("rotation", [[0.0, 0.0, 0.0, 0.0], [np.nan, 0, 0, 1]])
def test_a_rotation_that_is_none_is_refused(rotation: list[float]) -> None:
    with pytest.raises(ValueError, match="finite and not zero"):
        RigidTransform(np.array(rotation), np.zeros(3))
