"""Edits: one step forward and exactly the same step back."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

import numpy as np
import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st
from pydantic import ValidationError

from calibration import RigidTransform
from calibration.errors import EditError
from labeling.cuboid import CORNER_SIGNS
from labeling.editing import edits
from labeling.editing.apply import apply
from labeling.editing.edits import EDIT, ApplyPatches, Edit, TrackPatch, touched_ids
from labeling.track import Knot, Maker, Presence, PresenceKind, Track
from labeling.track_record import TrackRecord, track_to_json
from tests.labeling.strategies import (
    EDIT_KINDS,
    EPOCH_NS,
    edits_of,
    lengths,
    near_times,
    sides,
    tracks,
    vectors,
)

IDENTITY = (1.0, 0.0, 0.0, 0.0)

UPRIGHT = (1.0, 0.0, 0.0, 0.0)
Tracks = Mapping[str, Track]
pairs = st.builds(lambda a, b: {"a": a, "b": b}, tracks("a"), tracks("b"))


def texts(some: Mapping[str, Track]) -> dict[str, bytes]:
    return {each: track_to_json(track) for each, track in some.items()}


def after(edit: Edit, before: Tracks) -> dict[str, Track]:
    """Every track after the edit."""
    touched = {each: before[each] for each in touched_ids(edit) if each in before}
    changed = dict(before) | apply(edit, touched).tracks
    return {each: track for each, track in changed.items() if track is not None}


def applied(edit: Edit, before: Tracks) -> dict[str, Track]:
    """As `after`; a drawn edit that makes no sense for these tracks is not a case."""
    try:
        return after(edit, before)
    except EditError:
        assume(False)
        raise


def one(*seconds: float, presence: tuple[Presence, ...] = (), id: str = "a") -> Track:
    knots = [Knot(at(s), (10.0 * s, 0.0, 0.0), UPRIGHT, Maker.IMPORT) for s in seconds]
    return Track.from_knots(id, "car", (4.0, 2.0, 1.5), knots, presence)


def at(seconds: float) -> int:
    return EPOCH_NS + round(seconds * 1e9)


@pytest.mark.parametrize("kind", EDIT_KINDS)
def test_the_inverse_restores_the_very_bytes(kind: str) -> None:
    @settings(max_examples=25)
    @given(pairs, edits_of(kind))
    def check(before: dict[str, Track], edit: Edit) -> None:
        original = texts(before)
        try:
            change = apply(edit, before)
        except EditError:
            return
        assert texts(before) == original  # pure
        assert set(change.tracks) <= set(touched_ids(edit))
        changed = after(edit, before)
        assert set(touched_ids(change.inverse)) == set(change.tracks)
        assert texts(after(change.inverse, changed)) == original
        again = apply(change.inverse, changed).inverse
        assert texts(after(again, after(change.inverse, changed))) == texts(changed)
        sensible.append(edit)

    sensible: list[Edit] = []
    check()
    assert sensible


@pytest.mark.parametrize("kind", EDIT_KINDS)
def test_an_edit_survives_its_text(kind: str) -> None:
    @settings(max_examples=12)
    @given(edits_of(kind), pairs)
    def check(edit: Edit, before: dict[str, Track]) -> None:
        text = EDIT.dump_json(edit)
        again = EDIT.validate_json(text)
        assert type(again) is type(edit)
        assert EDIT.dump_json(again) == text
        try:
            expected = texts(after(edit, before))
        except EditError:
            return
        assert texts(after(again, before)) == expected

    check()


def test_zeros_keep_their_sign_through_undo() -> None:
    negative = Track.from_knots("a", "car", (4, 2, 1), [Knot(5, (-0.0, 1.0, 1.0), (1.0, -0.0, 0.0, 0.0))])
    edit = edits.SetKnot("a", Knot(5, (0.0, 1.0, 1.0), UPRIGHT))
    change = apply(edit, {"a": negative})
    assert texts(after(change.inverse, {"a": change.tracks["a"]})) == texts({"a": negative})  # type: ignore[dict-item]


@given(tracks(), near_times, vectors, st.booleans())
def test_a_move_goes_along_the_objects_own_axes(track: Track, time_ns: int, offset: tuple, whole: bool) -> None:
    moved = after(edits.Move("a", time_ns, offset, whole), {"a": track})["a"]
    asked = track.times_ns if whole else np.array([time_ns])
    steps = track.at(asked).inverse().rotate(moved.at(asked).translation - track.at(asked).translation)
    np.testing.assert_allclose(steps, np.broadcast_to(offset, steps.shape), atol=1e-9 * 1e5)
    others = ~np.isin(moved.times_ns, asked)
    assert np.array_equal(moved.positions_m[others], track.positions_m[~np.isin(track.times_ns, asked)])
    assert whole == (len(others) == len(track) and not others.any() and moved.makers == track.makers) or len(track) == 1


@given(tracks(), near_times, vectors)
def test_a_turn_is_about_the_objects_own_axes_and_centre(track: Track, time_ns: int, rotation: tuple) -> None:
    step = RigidTransform.exp(np.array([0.0, 0.0, 0.0, *rotation]))
    here = after(edits.Rotate("a", time_ns, rotation), {"a": track})["a"]
    assert here.at(time_ns).almost_equal(track.at(time_ns) * step, atol_m=1e-9, atol_rad=1e-6)
    assert here.knot(here.knot_index(time_ns) or 0).maker is Maker.HUMAN
    whole = after(edits.Rotate("a", time_ns, rotation, whole=True), {"a": track})["a"]
    assert np.array_equal(whole.times_ns, track.times_ns)
    assert np.array_equal(whole.positions_m, track.positions_m)
    assert whole.at(track.times_ns).almost_equal(track.at(track.times_ns) * step, atol_m=1e-9, atol_rad=1e-6)
    assert whole.makers == track.makers


def anchored(track: Track, anchor: tuple[int, int, int], times_ns: np.ndarray) -> np.ndarray:
    return track.at(times_ns).rotate(0.5 * np.array(anchor) * np.array(track.size_m)) + track.at(times_ns).translation


@settings(max_examples=50)
@given(tracks(), st.tuples(lengths, lengths, lengths), st.tuples(sides, sides, sides))
def test_a_resize_holds_its_side_at_every_knot(track: Track, size: tuple, anchor: tuple) -> None:
    resized = after(edits.Resize("a", size, anchor), {"a": track})["a"]
    assert resized.size_m == size
    np.testing.assert_allclose(
        anchored(resized, anchor, track.times_ns), anchored(track, anchor, track.times_ns), atol=1e-9 * 1e3
    )


@settings(max_examples=50)
@given(tracks(), st.tuples(lengths, lengths, lengths), st.tuples(sides, sides, sides), st.lists(near_times, min_size=1))
def test_a_resize_of_what_does_not_turn_holds_its_side_always(
    track: Track, size: tuple, anchor: tuple, times: list[int]
) -> None:
    track = replace(track, rotations_wxyz=np.tile(track.rotations_wxyz[0], (len(track), 1)))
    resized = after(edits.Resize("a", size, anchor), {"a": track})["a"]
    asked = np.array(times)
    scale = max(1.0, float(np.abs(track.at(asked).translation).max()))
    np.testing.assert_allclose(
        anchored(resized, anchor, asked), anchored(track, anchor, asked), atol=1e-9 * scale * 100
    )


def test_a_resize_of_a_turning_car_holds_its_side_to_a_millimetre() -> None:
    """A turn of 30 degrees a second, labelled ten times a second; the bumper is held between knots too."""
    seconds = np.arange(0, 3, 0.1)
    yaw = np.radians(30) * seconds
    poses = RigidTransform.from_yaw(yaw, np.stack([15 * np.sin(yaw), -15 * np.cos(yaw), 0 * yaw], axis=1))
    knots = [Knot.of(at(s), poses[i]) for i, s in enumerate(seconds)]
    track = Track.from_knots("a", "car", (4.0, 2.0, 1.5), knots)
    resized = after(edits.Resize("a", (5.0, 2.2, 1.5), (1, -1, -1)), {"a": track})["a"]
    between = np.array([at(s) for s in np.linspace(0, 2.9, 300)])
    gaps = np.linalg.norm(anchored(resized, (1, -1, -1), between) - anchored(track, (1, -1, -1), between), axis=1)
    print("side moves by at most mm:", gaps.max() * 1e3)
    assert gaps.max() < 1e-3


def test_a_resize_about_the_centre_leaves_the_trajectory_alone() -> None:
    track = one(0, 1, 2)
    resized = after(edits.Resize("a", (9.0, 9.0, 9.0)), {"a": track})["a"]
    assert resized.positions_m.tobytes() == track.positions_m.tobytes()
    corners = resized.cuboid_at(at(1)).corners_in_world
    np.testing.assert_allclose(corners, CORNER_SIGNS * 4.5 + [10, 0, 0], atol=1e-12)


@given(tracks(), st.builds(Knot, near_times, st.just((1.0, 2.0, 3.0)), st.just(UPRIGHT)))
def test_who_sets_a_knot_says_that_the_object_is_there(track: Track, knot: Knot) -> None:
    changed = after(edits.SetKnot("a", knot), {"a": track})["a"]
    assert changed.knot(changed.knot_index(knot.time_ns) or 0) == knot
    assert changed.presence_at(knot.time_ns) is not PresenceKind.ABSENT
    moments = sorted({e for p in (*track.presence, *changed.presence) for e in (p.start_ns, p.end_ns)})
    for moment in moments:  # nothing that was said is unsaid
        if track.presence_at(moment) is not PresenceKind.ABSENT:
            assert changed.presence_at(moment) is track.presence_at(moment)
    if track.presence:  # stretched without a hole
        assert len(changed.presence) <= len(track.presence) + 1
        ends = [e for p in track.presence for e in (p.start_ns, p.end_ns)]
        nearest = min(ends, key=lambda end: abs(end - knot.time_ns))
        assert changed.presence_at((nearest + knot.time_ns) // 2) is not PresenceKind.ABSENT


def test_removing_a_knot_does_not_remove_the_object() -> None:
    """cvat#1252: deleting one keyframe deleted the whole track."""
    track = one(0, 1, 2, presence=(Presence(at(0), at(2)),))
    without = after(edits.RemoveKnot("a", at(1)), {"a": track})["a"]
    assert without.times_ns.tolist() == [at(0), at(2)]
    assert without.presence == track.presence
    assert without.presence_at(at(1)) is PresenceKind.OBSERVED


def test_the_last_knot_stays() -> None:
    with pytest.raises(EditError, match=r"^a track needs at least one knot; delete the track instead: a$"):
        after(edits.RemoveKnot("a", at(0)), {"a": one(0)})


REFUSED: dict[str, Edit] = {
    "there is no such track, it may have been deleted: x": edits.DeleteTrack("x"),
    "there is a track of this identity already: a": edits.CreateTrack(TrackRecord.of(one(0))),
    f"the track has no knot at {at(0.5)} ns: a": edits.RemoveKnot("a", at(0.5)),
    "an interval ends before it starts: a": edits.SetPresence("a", 5, 4, PresenceKind.ABSENT),
    "there is a track of this identity already: b": edits.Split("a", at(0.5), "b"),
    "nothing of the track lies on one side of this time: a": edits.Split("a", at(-1), "c"),
    "a track cannot be joined with itself: a": edits.Join("a", "a"),
    "a track cannot be swapped with itself: a": edits.Swap("a", "a", at(1)),
    "nothing would be left of a track: b": edits.Swap("a", "b", at(-1)),
    "the track to restore does not exist any more: x": ApplyPatches((TrackPatch("x", class_name="van"),)),
    "two patches are about one track: a": ApplyPatches((TrackPatch("a"), TrackPatch("a"))),
    "a patch holds a track of another identity: c": ApplyPatches((TrackPatch("c", whole=TrackRecord.of(one(0))),)),
}


@pytest.mark.parametrize("message", REFUSED)
def test_what_makes_no_sense_is_refused_in_one_line(message: str) -> None:
    tracks = {"a": one(0, 1, id="a"), "b": one(0, 1, id="b")}
    if "left of" in message:
        tracks["a"] = one(-3, -2, id="a")
    with pytest.raises(EditError) as caught:
        after(REFUSED[message], tracks)
    assert str(caught.value) == message


VALID = '{"kind":"move","track_id":"a","time_ns":"5","offset_m":[0,0,1]}'


@pytest.mark.parametrize(
    "text",
    [
        VALID.replace('"move"', '"shove"'),
        VALID.replace("}", ',"speed":1}'),
        VALID.replace("[0,0,1]", "[0,0,NaN]"),
        VALID.replace("[0,0,1]", "[0,0,Infinity]"),
        VALID.replace("[0,0,1]", "[0,0,1e300]"),
        VALID.replace("[0,0,1]", "[0,0]"),
        VALID.replace('"a"', '""'),
        VALID.replace('"5"', '"9223372036854775808"'),
        VALID.replace('"5"', '"5.5"'),
        '{"kind":"set_knot","track_id":"a","knot":{"time_ns":"5","position_m":[NaN,0,0],"rotation_wxyz":[1,0,0,0]}}',
        '{"kind":"set_knot","track_id":"a","knot":{"time_ns":"5","position_m":[0,0,0],"rotation_wxyz":[1,0,0,NaN]}}',
        '{"kind":"set_knot","track_id":"a","knot":{"time_ns":"5","position_m":[0,0,0],"rotation_wxyz":[1,0,0,0],"x":1}}',
        '{"kind":"set_state","track_id":"a","state":{"name":"s","value":"x","start_ns":"1","end_ns":"2","x":1}}',
        '{"kind":"resize","track_id":"a","size_m":[1,NaN,1]}',
        '{"kind":"resize","track_id":"a","size_m":[1,1,1],"anchor":[2,0,0]}',
        '{"kind":"apply_patches","patches":[{"track_id":"a","class_name":""}]}',
        '{"kind":"apply_patches","patches":[{"track_id":"a","colour":"red"}]}',
    ],
)
def test_foreign_edits_are_refused_at_the_door(text: str) -> None:
    EDIT.validate_json(VALID)
    with pytest.raises(ValidationError):
        EDIT.validate_json(text)


def test_a_machine_does_not_move_a_humans_knot() -> None:
    knots = [Knot(0, (0.0, 0.0, 0.0), IDENTITY, Maker.HUMAN), Knot(10**9, (5.0, 0.0, 0.0), IDENTITY, Maker.SOLVER)]
    tracks = {"a": Track.from_knots("a", "car", (4, 2, 1.5), knots, [Presence(0, 10**9)])}
    for maker in (Maker.SOLVER, Maker.MODEL, Maker.IMPORT):
        with pytest.raises(EditError, match="a machine may not move a human's knot: a"):
            apply(edits.SetKnot("a", Knot(0, (1.0, 0.0, 0.0), IDENTITY, maker)), tracks)
    apply(edits.SetKnot("a", Knot(10**9, (6.0, 0.0, 0.0), IDENTITY, Maker.MODEL)), tracks)
    apply(edits.SetKnot("a", Knot(0, (1.0, 0.0, 0.0), IDENTITY, Maker.HUMAN)), tracks)


def test_joining_tracks_that_overlap_keeps_the_first_ones_way() -> None:
    first = [Knot(i * 10**8, (float(i), 0.0, 0.0), IDENTITY) for i in range(5)]
    second = [
        Knot(i * 10**8 + (1_000_000 if i < 4 else 50_000_000), (float(i), 0.1, 0.0), IDENTITY) for i in range(3, 9)
    ]
    tracks = {
        "a": Track.from_knots("a", "car", (4, 2, 1.5), first, [Presence(0, 4 * 10**8)]),
        "b": Track.from_knots("b", "car", (4, 2, 1.5), second, [Presence(3 * 10**8, 9 * 10**8)]),
    }
    joined = apply(edits.Join("a", "b"), tracks).tracks["a"]
    assert joined is not None
    way = joined.at(np.arange(0, 8 * 10**8, 10**7)).translation
    assert np.abs(way[:, 1]).max() < 0.2
