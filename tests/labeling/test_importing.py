"""Imports happen once and whole; nobody's undo takes them away; names stay in the project's folder."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from calibration.errors import EditError, InputError, RecordingError, UsageError
from labeling.editing import edits
from labeling.formats import LABEL_FORMATS
from labeling.importing import import_labels, import_source
from labeling.project import Project
from labeling.track_record import tracks_to_json
from tests.conftest import tiny_source
from tests.labeling.test_edits import at, one

OURS = LABEL_FORMATS["boxwright"]


def test_what_came_in_is_said(tmp_path: Path) -> None:
    project = Project.create(tmp_path / "p")
    result = import_source(project, tiny_source())
    assert (result.name, result.frames, result.tracks, result.rows) == ("tiny", 6, 2, 12)
    assert result.samples == {"lidar": 6, "front": 6}
    assert project.recording_names() == ("tiny",)
    labels = project.labels()
    assert set(labels.tracks("tiny")) == {"moving", "standing"}
    assert labels.tracks("other") == {}
    labels.close()


def test_a_second_import_of_a_name_is_refused(tiny_project: Project) -> None:
    before = tiny_project.recording_path("tiny").read_bytes()
    with pytest.raises(UsageError) as caught:
        import_source(tiny_project, tiny_source(3), "tiny")
    assert str(caught.value) == (
        f"there is a recording 'tiny' already; choose another with --name: {tiny_project.root}"
    )
    assert tiny_project.recording_path("tiny").read_bytes() == before
    import_source(tiny_project, tiny_source(3), "tiny-2")
    assert tiny_project.recording_names() == ("tiny", "tiny-2")


def test_labels_that_do_not_come_in_leave_no_recording(tmp_path: Path) -> None:
    project = Project.create(tmp_path / "p")
    source = tiny_source()
    table = source.cuboids()
    assert table is not None
    sizes = np.array(table.sizes_m)
    sizes[:, 0] = 0.0
    broken = replace(source, cuboids=lambda: replace(table, sizes_m=sizes))
    with pytest.raises(EditError, match="a size must be positive metres"):
        import_source(project, broken, "drive")
    assert project.recording_names() == ()
    assert list(project.root.glob("recordings/*")) == []
    import_source(project, source, "drive")  # and the next try starts clean
    assert project.recording_names() == ("drive",)


def test_a_class_without_a_name_does_not_lock_the_project(tmp_path: Path) -> None:
    project = Project.create(tmp_path / "p")
    source = tiny_source()
    table = source.cuboids()
    assert table is not None
    broken = replace(source, cuboids=lambda: replace(table, classes=("",) * len(table)))
    with pytest.raises(EditError, match="an identity and a class have 1 to 200 characters"):
        import_source(project, broken, "drive")
    assert "" not in project.ontology().names


def test_labels_imported_again_replace_those_of_the_same_identity(tiny_project: Project, tmp_path: Path) -> None:
    path = tmp_path / "labels.json"
    moving, new = replace(one(0, 1, 2, id="moving"), class_name="tram"), one(0, id="new")
    path.write_bytes(tracks_to_json([moving, new]))
    assert len(import_labels(tiny_project, "tiny", path, OURS)) == 2
    import_labels(tiny_project, "tiny", path, OURS)
    labels = tiny_project.labels()
    found = labels.versions("tiny")[1]
    labels.close()
    assert set(found) == {"moving", "standing", "new"}
    assert found["moving"].track is not None
    assert found["moving"].track.times_ns.tolist() == moving.times_ns.tolist()
    assert [found[each].revision for each in ("moving", "standing", "new")] == [3, 1, 2]
    assert "tram" in tiny_project.ontology().names


def test_one_identity_twice_in_a_file_is_refused(tiny_project: Project, tmp_path: Path) -> None:
    path = tmp_path / "labels.json"
    path.write_bytes(tracks_to_json([one(0, id="x"), one(1, id="x")]))
    with pytest.raises(EditError, match=r"^two patches are about one track: x$"):
        import_labels(tiny_project, "tiny", path, OURS)
    with pytest.raises(RecordingError):
        import_labels(tiny_project, "nowhere", path, OURS)


def test_nobodys_undo_takes_the_imported_away(tiny_project: Project) -> None:
    labels = tiny_project.labels()
    assert labels.can("tiny", "ann") == (False, False)
    labels.apply_edit("tiny", edits.Move("moving", at(0), (1, 0, 0)), actor="ann")
    labels.undo("tiny", actor="ann")
    with pytest.raises(EditError, match="nothing to undo"):
        labels.undo("tiny", actor="ann")
    assert set(labels.tracks("tiny")) == {"moving", "standing"}
    labels.close()


@pytest.mark.parametrize("name", ["../x", "/etc/x", "", ".", "..", ".hidden", "a/b", "a\\b", "a\n", "a\x00", "-x", "ä"])
def test_a_name_cannot_leave_the_folder(tiny_project: Project, name: str) -> None:
    with pytest.raises(UsageError) as caught:
        tiny_project.recording_path(name)
    assert str(caught.value) == f"a recording cannot be called {name!r}; use letters, digits, dots, dashes"
    with pytest.raises(UsageError):
        tiny_project.recording(name)
    if name:
        with pytest.raises(UsageError):
            import_source(tiny_project, tiny_source(2), name)


def test_a_folder_that_is_no_project(tmp_path: Path) -> None:
    with pytest.raises(InputError) as caught:
        Project.open(tmp_path)
    assert str(caught.value) == f"not a Boxwright project; make one with `boxwright init DIR`: {tmp_path}"
    (tmp_path / "file").touch()
    with pytest.raises(InputError, match=r"^cannot write the project folder \(.*\); choose a writable folder: "):
        Project.create(tmp_path / "file" / "p")


def test_making_a_project_again_keeps_what_it_has(tiny_project: Project) -> None:
    tiny_project.save_ontology(tiny_project.ontology().with_class("tram", (20.0, 2.5, 3.5)))
    again = Project.create(tiny_project.root)
    assert "tram" in again.ontology().names
    assert again.recording_names() == ("tiny",)
