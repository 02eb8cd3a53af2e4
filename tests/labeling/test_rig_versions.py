"""An adopted rig is what everybody sees, until it is taken back; the recording keeps its own."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from calibration import Rig, RigidTransform
from calibration.errors import CalibrationError, ConflictError, EditError
from fusion.cloud import fused_cloud
from fusion.recording import Recording
from fusion.samples import PointFrame
from labeling.editing.edits import AdoptRig, DeleteTrack
from labeling.importing import import_source
from labeling.project import Project
from tests.conftest import tiny_source

TURN = RigidTransform.exp(np.array([0.1, -0.2, 0.05, 0.0, 0.03, 0.02]))


def turned(rig: Rig, sensor: str) -> Rig:
    """The rig with one sensor sitting otherwise."""
    sensors = (
        replace(each, ego_from_sensor=each.ego_from_sensor * TURN) if each.name == sensor else each for each in rig
    )
    return Rig(tuple(sensors))


def adopt(project: Project, rig: Rig | None, actor: str = "ann") -> None:
    labels = project.labels()
    labels.apply_edit("tiny", AdoptRig(None if rig is None else rig.to_record(), "a test"), actor=actor)
    labels.close()


def project_with(tmp_path: Path, frame: PointFrame, *, own_poses: bool = False) -> Project:
    source = tiny_source()
    lidar, camera = source.streams
    if own_poses:
        mounted = source.rig["front"].ego_from_sensor
        poses = source.ego_motion.at(camera.timeline.times_ns) * mounted
        camera = replace(camera, world_from_sensor=poses)
    project = Project.create(tmp_path / "project")
    import_source(project, replace(source, streams=(replace(lidar, point_frame=frame), camera)), "tiny")
    return project


def test_an_adopted_rig_is_what_a_recording_has_until_it_is_taken_back(tiny_project: Project) -> None:
    with tiny_project.recording("tiny") as recording:
        own, better = recording.rig, turned(recording.rig, "front")
    adopt(tiny_project, better)
    with tiny_project.recording("tiny") as recording:
        assert recording.rig.to_record() == better.to_record()
        assert recording.own_rig.to_record() == own.to_record()
        assert recording.rig_digest
    labels = tiny_project.labels()
    labels.undo("tiny", actor="ann")
    with tiny_project.recording("tiny") as recording:
        assert recording.rig.to_record() == own.to_record()
        assert recording.rig_digest == ""
    labels.redo("tiny", actor="ann")
    labels.close()
    with tiny_project.recording("tiny") as recording:
        assert recording.rig.to_record() == better.to_record()


def test_versions_say_who_why_and_what_was_labelled_under_them(tiny_project: Project) -> None:
    with tiny_project.recording("tiny") as recording:
        better = turned(recording.rig, "front")
    adopt(tiny_project, better)
    labels = tiny_project.labels()
    before = labels.rig_versions("tiny")
    labels.apply_edit("tiny", DeleteTrack("moving"))
    first, second = labels.rig_versions("tiny")
    labels.close()
    assert (first.number, first.rig, first.current) == (0, None, False)
    assert second.rig is not None
    assert (second.who, second.how, second.current) == ("ann", "a test", True)
    assert second.at_ns > 0
    assert (before[1].label_edits, second.label_edits) == (0, 1)


@pytest.mark.parametrize("own_poses", [False, True])
def test_poses_of_photos_follow_the_rig(tmp_path: Path, own_poses: bool) -> None:
    project = project_with(tmp_path, PointFrame.SENSOR, own_poses=own_poses)
    with project.recording("tiny") as recording:
        before, rig = recording.world_from_sensor("front", 2), recording.rig
    adopt(project, turned(rig, "front"))
    with project.recording("tiny") as recording:
        assert recording.world_from_sensor("front", 2).almost_equal(before * TURN)


@pytest.mark.parametrize("frame", [PointFrame.SENSOR, PointFrame.EGO])
def test_points_in_the_frame_of_the_sensor_or_ego_follow_the_rig(tmp_path: Path, frame: PointFrame) -> None:
    project = project_with(tmp_path, frame)
    with project.recording("tiny") as recording:
        before, rig, ego = fused_cloud(recording, 0), recording.rig, recording.ego_motion
    adopt(project, turned(rig, "lidar"))
    with project.recording("tiny") as recording:
        after = fused_cloud(recording, 0)
    # The ego drives along x without turning: each point moves by what its place in the ego frame moves by.
    times = before.times_ns if frame is PointFrame.SENSOR else np.full(len(before), recording.times_ns("lidar")[0])
    origin = ego.at(times).translation
    mounting = rig["lidar"].ego_from_sensor
    moved = (mounting * TURN * mounting.inverse()).apply(before.points_in_world - origin) + origin
    np.testing.assert_allclose(after.points_in_world, moved, atol=2e-5)


def test_a_lidar_whose_points_lie_in_the_world_cannot_be_moved_but_a_camera_can(tmp_path: Path) -> None:
    project = project_with(tmp_path, PointFrame.WORLD)
    with project.recording("tiny") as recording:
        rig = recording.rig
    with pytest.raises(CalibrationError, match="stored in the world"):
        adopt(project, turned(rig, "lidar"))
    adopt(project, turned(rig, "front"))
    with project.recording("tiny") as recording:
        assert recording.rig_digest


def test_a_rig_that_does_not_fit_is_refused_and_nothing_is_written(tiny_project: Project) -> None:
    with tiny_project.recording("tiny") as recording:
        rig = recording.rig
    with pytest.raises(CalibrationError, match="does not have the recording's sensors"):
        adopt(tiny_project, Rig((rig["lidar"],)))
    labels = tiny_project.labels()
    with pytest.raises(CalibrationError, match="malformed"):
        labels.apply_edit("tiny", AdoptRig({"sensors": [{"name": "lidar"}]}, "broken"))
    assert len(labels.rig_versions("tiny")) == 1
    with pytest.raises(EditError, match="nothing to undo"):
        labels.undo("tiny", actor="ann")
    labels.close()


def test_nobody_takes_back_a_rig_over_another_persons(tiny_project: Project) -> None:
    with tiny_project.recording("tiny") as recording:
        better = turned(recording.rig, "front")
    adopt(tiny_project, better, "ann")
    adopt(tiny_project, None, "bob")
    labels = tiny_project.labels()
    with pytest.raises(ConflictError):
        labels.undo("tiny", actor="ann")
    labels.close()


def test_a_recording_outside_a_project_takes_a_rig_too(tiny_project: Project) -> None:
    with Recording.open(tiny_project.recording_path("tiny")) as recording:
        better = turned(recording.rig, "front")
        recording.set_rig(better)
        assert recording.rig is better
