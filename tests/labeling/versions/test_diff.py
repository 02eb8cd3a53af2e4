"""What differs between two versions, told as a person would tell it."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given

from labeling.editing.apply import apply
from labeling.editing.edits import (
    Edit,
    Join,
    Move,
    Resize,
    Rotate,
    SetAttribute,
    SetClass,
    SetPresence,
    SetState,
    Split,
    Swap,
)
from labeling.editing.patch import same
from labeling.track import PresenceKind, State, Track
from labeling.versions import ChangeKind, Difference, differences
from tests.labeling.strategies import EPOCH_NS, TICK_NS, tracks
from tests.labeling.versions.test_merge import both, car, edited, works

AT = EPOCH_NS + 4 * TICK_NS


def after(*edits: Edit, base: dict[str, Track] | None = None) -> list[Difference]:
    labels = base or {"car": car()}
    done = labels
    for edit in edits:
        done = {k: v for k, v in {**done, **apply(edit, done).tracks}.items() if v is not None}
    return differences(labels, done)


@given(both, works)
def test_nothing_differs_if_and_only_if_both_are_the_same(base: dict[str, Track], work: list[Edit]) -> None:
    done = edited(base, work)
    unchanged = base.keys() == done.keys() and all(same(base[each], done[each]) for each in base)
    assert (differences(base, done) == []) == unchanged


@given(tracks("a"))
def test_a_track_that_comes_or_goes(track: Track) -> None:
    assert [each.kind for each in differences({}, {"a": track})] == [ChangeKind.ADDED]
    assert [each.kind for each in differences({"a": track}, {})] == [ChangeKind.REMOVED]


def test_a_move_says_when_and_how_far() -> None:
    (moved,) = after(Move("car", AT, (0.0, 0.3, 0.4)))
    assert (moved.kind, moved.start_ns, moved.end_ns) == (ChangeKind.MOVED, AT, AT)
    assert moved.amount == pytest.approx(0.5)


def test_a_turn_a_size_a_class_and_what_is_said_of_a_track() -> None:
    (turned,) = after(Rotate("car", AT, (0.0, 0.0, np.pi), whole=True))
    assert (turned.kind, turned.amount) == (ChangeKind.TURNED, pytest.approx(np.pi))
    (resized,) = after(Resize("car", (4.5, 2.0, 1.4)))
    assert (resized.kind, resized.amount, resized.detail) == (
        ChangeKind.RESIZED,
        pytest.approx(0.5),
        "4.00 x 2.00 x 1.50 -> 4.50 x 2.00 x 1.40",
    )
    said = after(
        SetClass("car", "van"),
        SetAttribute("car", "doors", "open"),
        SetState("car", State("turning", "left", AT, AT + 9)),
        SetPresence("car", AT, AT + 9, PresenceKind.OCCLUDED),
    )
    assert [(each.kind.value, each.detail) for each in said] == [
        ("class", "car -> van"),
        ("attribute", "doors: none -> open"),
        ("presence", "presence: observed -> occluded"),
        ("state", "turning: none -> left"),
    ]
    assert [(each.start_ns, each.end_ns) for each in said[2:]] == [(AT, AT + 9)] * 2


def test_identity_is_told_as_identity_and_not_as_a_jump() -> None:
    base = {"car": car(), "van": replace(car("van", 30.0), class_name="van")}
    split = after(Split("car", AT, "new"), base=base)
    assert [(each.kind, each.track_id, each.other_id) for each in split if each.kind is ChangeKind.REIDENTIFIED] == [
        (ChangeKind.REIDENTIFIED, "new", "car")
    ]
    assert not {ChangeKind.ADDED, ChangeKind.REMOVED, ChangeKind.MOVED} & {each.kind for each in split}
    swap = after(Swap("car", "van", AT), base=base)
    assert {(each.track_id, each.other_id, each.start_ns) for each in swap if each.other_id} == {
        ("car", "van", AT),
        ("van", "car", AT),
    }
    assert ChangeKind.MOVED not in {each.kind for each in swap}
    parts = {k: v for k, v in apply(Split("car", AT, "new"), base).tracks.items() if v is not None}
    (joined,) = [each for each in after(Join("car", "new"), base=parts) if each.other_id]
    assert (joined.track_id, joined.other_id) == ("car", "new")
