"""Names for points of the journal."""

from __future__ import annotations

import pytest

from calibration.errors import UsageError
from labeling.editing.edits import DeleteTrack, Move, SetClass
from labeling.editing.patch import same
from labeling.project import Project


def test_a_name_keeps_the_very_labels_that_it_was_given_to(tiny_project: Project) -> None:
    labels, versions = tiny_project.labels(), tiny_project.versions()
    first = labels.tracks("tiny")
    named = versions.name("tiny", "delivered", actor="anna", note="to the customer")
    labels.apply_edit("tiny", SetClass("moving", "van"))
    labels.apply_edit("tiny", Move("moving", int(first["moving"].times_ns[2]), (0.1, 0.2, 0.3)), actor="ben")
    labels.undo("tiny", actor="ben")
    labels.apply_edit("tiny", DeleteTrack("standing"))
    again = versions.tracks("tiny", "delivered")
    assert again.keys() == first.keys()
    assert all(same(again[each], first[each]) for each in first)
    assert set(versions.tracks("tiny")) == {"moving"}
    assert versions.names("tiny") == (named,)
    assert (named.who, named.note) == ("anna", "to the customer")
    assert labels.undo("tiny").versions[0].id == "standing"  # a name is no edit, and undo passes it by
    labels.close()
    versions.close()


def test_names_that_cannot_be(tiny_project: Project) -> None:
    versions = tiny_project.versions()
    versions.name("tiny", "one")
    with pytest.raises(UsageError, match="there is a version 'one' already"):
        versions.name("tiny", "one")
    with pytest.raises(UsageError, match="cannot be called 'current'"):
        versions.name("tiny", "current")
    with pytest.raises(UsageError, match="there is no version 'two'; there are one: tiny"):
        versions.tracks("tiny", "two")
    assert versions.tracks("tiny", "@anna") == {}
    versions.close()
