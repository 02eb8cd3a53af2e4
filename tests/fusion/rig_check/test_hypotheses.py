"""For every wrong reading of a mounting there is a hypothesis that undoes it exactly."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from hypothesis import Phase, given, settings
from hypothesis import strategies as st

from calibration import Rig, RigidTransform
from calibration.alignment import ImageEdges
from fusion.recording import Recording, write_recording
from fusion.rig_check import RigFault
from fusion.rig_check.evidence import FrameEdges, Shot
from fusion.rig_check.hypotheses import Hypothesis, axis_turns, camera_hypotheses
from tests.conftest import tiny_source

FAST = (Phase.explicit, Phase.generate)  # each example tries a hundred poses: shrinking takes minutes
UNIT = st.floats(-1.0, 1.0)
MOUNTINGS = st.tuples(
    st.tuples(UNIT, UNIT, UNIT, UNIT).filter(lambda q: np.linalg.norm(q) > 0.3), st.tuples(UNIT, UNIT, UNIT)
).map(lambda pair: RigidTransform(np.array(pair[0]) / np.linalg.norm(pair[0]), np.array(pair[1]) * 2.0))
LIDAR = RigidTransform.from_yaw(0.7, [1.0, 0.2, 1.9])


@pytest.fixture(scope="module")
def recording(tmp_path_factory: pytest.TempPathFactory) -> Recording:
    source = tiny_source()
    lidar, front = source.rig
    path: Path = tmp_path_factory.mktemp("hypotheses") / "tiny.h5"
    write_recording(replace(source, rig=Rig((replace(lidar, ego_from_sensor=LIDAR), front))), path)
    return Recording.open(path)


def shot_of(mounting: RigidTransform) -> Shot:
    nothing = np.zeros((16, 16), np.uint8)
    spectrum = np.zeros((1, 1), np.complex64)
    image = ImageEdges((spectrum, spectrum), (16, 16), (16, 16), 1.0, 4)
    world_from_ego = RigidTransform.from_yaw(0.3, [5.0, -2.0, 0.1])
    return Shot(0, 0, world_from_ego, world_from_ego * mounting, FrameEdges(0, {}, {}), image, nothing)


def undone(recording: Recording, wrong: RigidTransform, right: RigidTransform) -> list[Hypothesis]:
    shot = shot_of(wrong)
    truth = shot.world_from_ego * right
    found = camera_hypotheses(recording, "front", shot)
    return [each for each in found if each.pose(shot).almost_equal(truth, atol_m=2e-3, atol_rad=2e-3)]


def names(hypotheses: list[Hypothesis]) -> set[RigFault]:
    return {fault for each in hypotheses for fault in (each.fault, *each.also)}


@settings(max_examples=15, phases=FAST)
@given(right=MOUNTINGS)
def test_an_inversion_is_undone_relative_to_ego_and_lidar(recording: Recording, right: RigidTransform) -> None:
    for wrong in (right.inverse(), LIDAR * (LIDAR.inverse() * right).inverse()):
        if not wrong.almost_equal(right, atol_m=1e-2, atol_rad=1e-2):
            assert RigFault.INVERTED_EXTRINSIC in names(undone(recording, wrong, right))


@settings(max_examples=15, phases=FAST)
@given(right=MOUNTINGS, number=st.integers(0, 22))
def test_every_naming_of_axes_is_undone(recording: Recording, right: RigidTransform, number: int) -> None:
    _, turn = axis_turns()[number]
    assert RigFault.SWAPPED_AXES in names(undone(recording, right * turn, right))


@settings(max_examples=15, phases=FAST)
@given(right=MOUNTINGS, shift=st.sampled_from([1, -1]), of_inverse=st.booleans())
def test_an_order_of_quaternions_is_undone(
    recording: Recording, right: RigidTransform, shift: int, of_inverse: bool
) -> None:
    read = right.inverse() if of_inverse else right
    wrong = RigidTransform(np.roll(read.rotation, shift), read.translation)
    wrong = wrong.inverse() if of_inverse else wrong
    if not wrong.almost_equal(right, atol_m=1e-2, atol_rad=1e-2):
        assert RigFault.QUATERNION_ORDER in names(undone(recording, wrong, right))


def test_there_are_23_other_namings_of_axes() -> None:
    turns = [turn.matrix[:3, :3] for _, turn in axis_turns()]
    assert len(turns) == 23
    assert len({tuple(np.rint(each).astype(int).ravel()) for each in turns}) == 23


def test_nothing_is_tried_that_changes_nothing(recording: Recording) -> None:
    shot = shot_of(recording.rig["front"].ego_from_sensor)
    for each in camera_hypotheses(recording, "front", shot):
        moved = not each.pose(shot).almost_equal(shot.world_from_camera, atol_m=1e-3, atol_rad=1e-3)
        assert moved
