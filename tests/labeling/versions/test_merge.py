"""Merging two people's work: nothing is lost, and order does not matter where the two did not meet."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from calibration.errors import EditError
from labeling.editing.apply import apply
from labeling.editing.edits import Edit, SetClass, SetKnot, SetState
from labeling.editing.patch import same
from labeling.track import Knot, Maker, Presence, State, Track
from labeling.versions import differences, merge
from tests.labeling.strategies import EPOCH_NS, TICK_NS, all_edits, tracks

Labels = dict[str, Track]


def equal(first: Labels, second: Labels) -> bool:
    return first.keys() == second.keys() and all(same(first[each], second[each]) for each in first)


def edited(labels: Labels, edits: list[Edit]) -> Labels:
    """With those of the edits that make sense."""
    for edit in edits:
        try:
            change = apply(edit, labels)
        except EditError:
            continue
        labels = {k: v for k, v in {**labels, **change.tracks}.items() if v is not None}
    return labels


both = st.tuples(tracks("a"), tracks("b")).map(lambda pair: {"a": pair[0], "b": pair[1]})
works = st.lists(all_edits(), max_size=4)


@given(both, works)
def test_what_both_did_alike_is_what_they_did(base: Labels, work: list[Edit]) -> None:
    done = edited(base, work)
    for found in (merge(base, done, done), merge(base, done, base), merge(base, base, done)):
        assert equal(found.tracks, done)
        assert not found.conflicts


@given(both, works, works)
def test_work_on_different_tracks_commutes(base: Labels, first: list[Edit], second: list[Edit]) -> None:
    ours = {**base, "a": edited({"a": base["a"]}, first).get("a", base["a"])}
    theirs = {**base, "b": edited({"b": base["b"]}, second).get("b", base["b"])}
    one, other = merge(base, ours, theirs), merge(base, theirs, ours)
    assert equal(one.tracks, {"a": ours["a"], "b": theirs["b"]})
    assert equal(one.tracks, other.tracks)
    assert not one.conflicts
    assert not other.conflicts


@given(both, works, works)
def test_merging_without_a_conflict_does_not_depend_on_who_is_first(
    base: Labels, first: list[Edit], second: list[Edit]
) -> None:
    ours, theirs = edited(base, first), edited(base, second)
    one, other = merge(base, ours, theirs), merge(base, theirs, ours)
    assert bool(one.conflicts) == bool(other.conflicts)
    if not one.conflicts:
        assert equal(one.tracks, other.tracks)


def facts(track: Track | None) -> set[object]:
    """Everything a version says, in pieces that can be looked for."""
    if track is None:
        return {"deleted"}
    said: set[object] = {("class", track.class_name), ("size", track.size_m)}
    said |= {("attribute", *pair) for pair in track.attributes}
    said |= {
        ("knot", knot.time_ns, knot.maker, np.array([*knot.position_m, *knot.rotation_wxyz]).tobytes())
        for knot in track.knots
    }
    edges = range(EPOCH_NS - TICK_NS, EPOCH_NS + 14 * TICK_NS, TICK_NS // 2)
    said |= {("presence", time_ns, track.presence_at(time_ns)) for time_ns in edges}
    for state in track.states:
        said |= {("state", state.name, state.value, t) for t in edges if state.start_ns <= t <= state.end_ns}
    return said


@given(both, works, works)
def test_what_anybody_changed_is_kept_or_can_be_taken(base: Labels, first: list[Edit], second: list[Edit]) -> None:
    """Each new fact of either is in the merged labels, or comes into them when the conflicts are taken."""
    ours, theirs = edited(base, first), edited(base, second)
    found = merge(base, ours, theirs)
    merged, said = found.tracks, []
    for conflict in found.conflicts:  # each alone, and those of one track one after the other
        said.append({**merged, **apply(conflict.take[0], merged).tracks})
    for track_id in {*base, *ours, *theirs}:
        known = facts(merged.get(track_id)).union(*(facts(each.get(track_id)) for each in said))
        taken = merged
        for conflict in found.conflicts:
            if conflict.track_id == track_id:
                taken = {**taken, **apply(conflict.take[0], {k: v for k, v in taken.items() if v}).tracks}
        known |= facts(taken.get(track_id))
        for version in (ours, theirs):
            assert facts(version.get(track_id)) - facts(base.get(track_id)) <= known


def car(track_id: str = "car", x: float = 0.0) -> Track:
    knots = [Knot(EPOCH_NS + k * TICK_NS, (x + k, 0.0, 0.0), (1.0, 0.0, 0.0, 0.0), Maker.SOLVER) for k in range(10)]
    presence = [Presence(knots[0].time_ns, knots[-1].time_ns)]
    return Track.from_knots(track_id, "car", (4.0, 2.0, 1.5), knots, presence)


def moved(track: Track, at: int, y: float, maker: Maker = Maker.HUMAN) -> Track:
    knot = Knot(EPOCH_NS + at * TICK_NS, (float(at), y, 0.0), (1.0, 0.0, 0.0, 0.0), maker)
    return track.with_knots({**{each.time_ns: each for each in track.knots}, knot.time_ns: knot}.values())


def test_two_people_on_one_track_meet_only_where_they_touch_the_same() -> None:
    base = {"car": car()}
    ours = {"car": replace(moved(moved(car(), 2, 1.0), 5, 1.0), class_name="van")}
    theirs = {"car": replace(moved(moved(car(), 7, 2.0), 5, 2.0), attributes=(("doors", "open"),))}
    found = merge(base, ours, theirs)
    merged = found.tracks["car"]
    assert [float(y) for y in merged.positions_m[[2, 5, 7], 1]] == [1.0, 1.0, 2.0]
    assert (merged.class_name, merged.attributes) == ("van", (("doors", "open"),))
    (conflict,) = found.conflicts
    assert (conflict.what, conflict.start_ns, conflict.end_ns) == (
        "poses",
        EPOCH_NS + 5 * TICK_NS,
        EPOCH_NS + 5 * TICK_NS,
    )
    assert conflict.text == "poses: kept 1 pose; the other has others, up to 1.00 m away"
    (taken,) = apply(conflict.take[0], found.tracks).tracks.values()
    assert taken is not None
    assert float(taken.positions_m[5, 1]) == 2.0


def test_a_persons_pose_stands_before_a_machines() -> None:
    base = {"car": car()}
    ours, theirs = {"car": moved(car(), 4, 1.0, Maker.SOLVER)}, {"car": moved(car(), 4, 2.0)}
    for found in (merge(base, ours, theirs), merge(base, theirs, ours)):
        assert float(found.tracks["car"].positions_m[4, 1]) == 2.0
        assert len(found.conflicts) == 1


def test_a_change_stands_before_a_deletion() -> None:
    base, ours = {"car": car()}, {"car": moved(car(), 4, 1.0)}
    for found in (merge(base, ours, {}), merge(base, {}, ours)):
        assert equal(found.tracks, ours)
        assert [each.what for each in found.conflicts] == ["track"]
        assert apply(found.conflicts[0].take[0], found.tracks).tracks == {"car": None}


def test_an_object_that_both_found_is_there_once() -> None:
    found = merge({}, {"mine": car("mine")}, {"yours": car("yours", 0.2), "far": car("far", 50.0)})
    assert sorted(found.tracks) == ["far", "mine"]
    (conflict,) = found.conflicts
    after = apply(conflict.take[0], found.tracks).tracks
    assert {each for each, track in after.items() if track is not None} == {"yours"}


def test_edits_that_do_not_meet_need_no_judge() -> None:
    """Different moments of one state, a class, a pose: the two works together are the merged labels."""
    base = {"car": car()}
    first: list[Edit] = [
        SetClass("car", "van"),
        SetState("car", State("turning", "left", EPOCH_NS, EPOCH_NS + TICK_NS)),
    ]
    later = State("turning", "right", EPOCH_NS + 3 * TICK_NS, EPOCH_NS + 4 * TICK_NS)
    second: list[Edit] = [SetState("car", later), SetKnot("car", Knot(EPOCH_NS + 5, (0, 1, 0), (1, 0, 0, 0)))]
    found = merge(base, edited(base, first), edited(base, second))
    assert not found.conflicts
    assert equal(found.tracks, edited(base, [*first, *second]))
    assert differences(found.tracks, edited(base, [*second, *first])) == []
