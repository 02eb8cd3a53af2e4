"""An Argoverse 2 log, as it lies on disk."""

from __future__ import annotations

import shutil
from pathlib import Path

import numpy as np
import pytest
from pyarrow import feather

from calibration.errors import FormatError
from fusion.cloud import fused_cloud
from fusion.readers import read_source
from labeling.formats import LABEL_FORMATS
from labeling.formats.report import ExportReport
from labeling.project import Project

STAMPS = (315966265259836000, 315966265360032000)


def test_everything_is_imported(argoverse2_project: Project) -> None:
    with argoverse2_project.recording("log") as recording:
        assert len(recording.frames) == 156
        assert recording.count("up_lidar") == recording.count("down_lidar") == 2
        frame = int(np.searchsorted(recording.frames.times_ns, STAMPS[0]))
        assert len(fused_cloud(recording, frame)) == 99_229
        assert len(fused_cloud(recording, 0)) == 0
        assert np.linalg.norm(recording.ego_motion.at(STAMPS[0]).translation) < 1000  # city coordinates are 5 km away
        assert len(recording.rig.sensors) == 11


def export(project: Project, path: Path) -> ExportReport:
    labels = project.labels()
    with project.recording("log") as recording:
        report = LABEL_FORMATS["argoverse2"].write(recording, labels.tracks("log"), path)
    labels.close()
    return report


def test_out_is_what_went_in(argoverse2: Path, argoverse2_project: Project, tmp_path: Path) -> None:
    report = export(argoverse2_project, tmp_path / "annotations.feather")
    assert report.losses == ("num_interior_pts of 11202 cuboids in frames without a sweep: written as 0",)
    theirs, ours = (
        feather.read_table(path).sort_by([("timestamp_ns", "ascending"), ("track_uuid", "ascending")])
        for path in (argoverse2 / "annotations.feather", tmp_path / "annotations.feather")
    )
    assert ours.column_names == theirs.column_names
    assert [str(t).replace("large_", "") for t in theirs.schema.types] == [str(t) for t in ours.schema.types]
    for name in ("timestamp_ns", "track_uuid", "category"):
        assert ours[name].to_pylist() == theirs[name].to_pylist()
    for name in ("length_m", "width_m", "height_m", "qw", "qx", "qy", "qz", "tx_m", "ty_m", "tz_m"):
        np.testing.assert_allclose(ours[name].to_numpy(), theirs[name].to_numpy(), rtol=0, atol=1e-9)
    with_sweep = np.isin(ours["timestamp_ns"].to_numpy(), STAMPS)
    difference = ours["num_interior_pts"].to_numpy() - theirs["num_interior_pts"].to_numpy()
    assert with_sweep.sum() == 162
    assert np.abs(difference[with_sweep]).max() <= 2


def test_back_in_is_the_same_tracks(argoverse2_project: Project, tmp_path: Path) -> None:
    export(argoverse2_project, tmp_path / "annotations.feather")
    labels = argoverse2_project.labels()
    before = labels.tracks("log")
    labels.close()
    with argoverse2_project.recording("log") as recording:
        again = LABEL_FORMATS["argoverse2"].read(
            recording, tmp_path / "annotations.feather", argoverse2_project.ontology()
        )
    assert {track.id for track in again} == set(before)
    for track in again:
        assert np.array_equal(track.times_ns, before[track.id].times_ns)
        np.testing.assert_allclose(track.positions_m, before[track.id].positions_m, atol=1e-9)
        assert track.presence == before[track.id].presence


def _copy(argoverse2: Path, to: Path) -> Path:
    shutil.copytree(argoverse2, to)
    for file in to.rglob("*"):
        file.chmod(0o755 if file.is_dir() else 0o644)
    return to


def test_a_truncated_feather_says_so(argoverse2: Path, tmp_path: Path) -> None:
    folder = _copy(argoverse2, tmp_path / "log")
    file = folder / "annotations.feather"
    file.write_bytes(file.read_bytes()[:5000])
    with pytest.raises(FormatError, match=r"not a readable feather file, it may be truncated; download it again: .*an"):
        read_source(folder)


def test_a_log_without_poses_says_so(argoverse2: Path, tmp_path: Path) -> None:
    folder = _copy(argoverse2, tmp_path / "log")
    file = folder / "city_SE3_egovehicle.feather"
    feather.write_feather(feather.read_table(file).slice(0, 0), file)
    with pytest.raises(FormatError, match="a recording without poses cannot be placed in the world"):
        read_source(folder)


def test_without_any_sweep_cuboids_hold_in_the_middle_of_their_frames(argoverse2: Path, tmp_path: Path) -> None:
    from labeling.importing import import_source

    folder = _copy(argoverse2, tmp_path / "log")
    for file in (folder / "sensors" / "lidar").glob("*.feather"):
        file.unlink()
    project = Project.create(tmp_path / "project")
    assert import_source(project, read_source(folder), "log").tracks == 114
