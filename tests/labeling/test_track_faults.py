"""Faults in tracks: what the frames show is what the ledger says, and the rest of a track stays."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from dataclasses import replace

import numpy as np
import pytest

from calibration import quaternion
from fusion import CuboidTable
from fusion.cloud import fused_cloud
from fusion.faults import Ledger, Planted
from fusion.recording import Recording
from labeling.faults import LABEL_FAULTS, TRACK_FAULTS, plant_in_table, plant_in_tracks, rows_of_tracks
from labeling.formats import LABEL_FORMATS
from labeling.project import Project
from labeling.track import Maker, PresenceKind, State, Track
from labeling.track_record import track_to_json
from tests.conftest import ROOT
from tests.labeling.test_label_faults import of, span

IN_PLACE = ("yaw_flip", "drift", "frame_offset", "floating", "wide_box", "wrong_class", "wrong_state")


@pytest.fixture(scope="module")
def street() -> Iterator[tuple[Recording, list[Track]]]:
    """The shipped sample, with occlusions; some states and human knots are added."""
    path = ROOT / "sample_data" / "street.tracks.json"
    with Recording.open(ROOT / "sample_data" / "street.h5") as recording:
        tracks = LABEL_FORMATS["boxwright"].read(recording, path, None)
        yield recording, [_richer(track, number) for number, track in enumerate(tracks)]


def _richer(track: Track, number: int) -> Track:
    start, end = track.presence[0].start_ns, track.presence[-1].end_ns
    middle = (start + end) // 2
    states = (State("motion", "slow", start, middle), State("motion", "fast", middle + 1, end))
    sparse = track.with_knots(track.knots[::6]) if number % 3 == 0 else track
    makers = tuple(Maker.HUMAN if index % 5 == 0 else maker for index, maker in enumerate(sparse.makers))
    attributes = (("color", "red" if number % 2 else "blue"),)
    return replace(sparse, makers=makers, states=states, attributes=attributes)


def same(one: Track, other: Track) -> bool:
    return track_to_json(one) == track_to_json(other)


def by_id(tracks: list[Track]) -> dict[str, Track]:
    assert len({track.id for track in tracks}) == len(tracks)
    return {track.id: track for track in tracks}


@pytest.mark.parametrize("seed", range(20))
def test_tracks_without_a_fault_are_the_same_objects(street: tuple[Recording, list[Track]], seed: int) -> None:
    recording, tracks = street
    result, ledger = plant_in_tracks(tracks, recording, share=0.5, seed=seed)
    touched = {each for entry in ledger.entries for each in entry.what}
    assert [track for track in result if track.id not in touched] == [t for t in tracks if t.id not in touched]
    assert touched
    check_tracks(recording, tracks, result, ledger)


def check_tracks(recording: Recording, tracks: list[Track], result: list[Track], ledger: Ledger) -> None:
    """What the frames show of the tracks is what the same faults make of the rows that the frames showed."""
    right, wrong = rows_of_tracks(tracks, recording), rows_of_tracks(result, recording)
    old, new = by_id(tracks), by_id(result)
    for entry in ledger.entries:
        victim = entry.what[0]
        if entry.kind == "missing_object":
            assert victim not in new
            continue
        shown = of(wrong, entry.what[-1])
        if entry.kind in ("early_end", "late_start"):
            assert of(right, victim).keys() - shown.keys() == set(span(entry)) & of(right, victim).keys()
            continue
        assert {entry.frames[0], entry.frames[1]} <= shown.keys()
        if entry.kind in IN_PLACE:
            # Presence stays as it is: it may end so near to a frame's moment that another pose is just within.
            assert shown.keys() >= of(right, victim).keys()
            assert len(shown) <= len(of(right, victim)) + 1
            check_in_place(entry, old[victim], new[victim], right, wrong)
        if entry.kind == "id_change":
            assert of(wrong, victim).keys() | shown.keys() == of(right, victim).keys()
            assert new[entry.what[1]].attributes == old[victim].attributes
        if entry.kind == "identity_swap":
            for name, other in (entry.what, entry.what[::-1]):
                there = wrong.world_from_object.translation[of(wrong, name)[entry.frames[1]]]
                moved = there - right.world_from_object.translation[of(right, other)[entry.frames[1]]]
                assert np.linalg.norm(moved) < 1e-6
                assert (new[name].size_m, new[name].attributes) == (old[name].size_m, old[name].attributes)


def check_in_place(entry: Planted, old: Track, new: Track, right: CuboidTable, wrong: CuboidTable) -> None:
    before, after = of(right, old.id), of(wrong, old.id)
    for frame in before:
        error = right.world_from_object[before[frame]].inverse() * wrong.world_from_object[after[frame]]
        moved, turn = np.linalg.norm(error.translation), np.linalg.norm(quaternion.to_rotation_vector(error.rotation))
        flipped = entry.kind == "yaw_flip" and frame in span(entry)
        assert turn == pytest.approx(np.pi if flipped else 0.0, abs=1e-6) or entry.kind == "frame_offset"
        expected = {
            "drift": 0.02 * max(frame - entry.frames[0] + 1, 0),
            "floating": abs(float(entry.amount.get("lift_m", 0))),
        }
        if entry.kind != "frame_offset":
            assert moved == pytest.approx(expected.get(entry.kind, 0.0), abs=1e-6)
    assert new.presence == old.presence
    assert (new.states == old.states and new.attributes == old.attributes) == (entry.kind != "wrong_state")
    if entry.kind in ("wide_box", "wrong_class", "wrong_state"):
        assert same(
            old,
            replace(new, size_m=old.size_m, class_name=old.class_name, states=old.states, attributes=old.attributes),
        )
        assert new.size_m[1] / old.size_m[1] == pytest.approx(entry.amount.get("width_factor", 1.0))
        assert (new.class_name != old.class_name) == (entry.kind == "wrong_class")


def test_states_keep_their_intervals(street: tuple[Recording, list[Track]]) -> None:
    recording, tracks = street
    found = Counter()
    for seed in range(12):
        result, ledger = plant_in_tracks(tracks, recording, {"wrong_state": 1}, seed=seed)
        (entry,) = ledger.entries
        old, new = by_id(tracks)[entry.what[0]], by_id(result)[entry.what[0]]
        found[entry.amount["name"]] += 1
        if entry.amount["name"] == "color":
            assert new.attributes == (("color", entry.amount["wrong"]),)
            assert new.states == old.states
        else:
            changed = [b for a, b in zip(old.states, new.states, strict=True) if a != b]
            assert [each.value for each in changed] == [entry.amount["wrong"]]
            assert [(s.name, s.start_ns, s.end_ns) for s in new.states] == [
                (s.name, s.start_ns, s.end_ns) for s in old.states
            ]
    assert set(found) == {"color", "motion"}


def test_a_track_that_is_cut_is_absent_where_it_was(street: tuple[Recording, list[Track]]) -> None:
    recording, tracks = street
    result, ledger = plant_in_tracks(tracks, recording, {"early_end": 3, "late_start": 3})
    for entry in ledger.entries:
        track = by_id(result)[entry.what[0]]
        assert entry.times_ns is not None
        assert {track.presence_at(time_ns) for time_ns in entry.times_ns} == {PresenceKind.ABSENT}
        assert {state.name for state in track.states} == {"motion"}


def test_a_track_has_one_size_and_it_is_said(street: tuple[Recording, list[Track]]) -> None:
    recording, tracks = street
    result, ledger = plant_in_tracks(tracks, recording, {"size_creep": 2})
    assert result == tracks
    (skipped,) = ledger.skipped
    assert (skipped.kind, skipped.wanted, skipped.planted) == ("size_creep", 2, 0)
    assert skipped.reason == "a track has one size in all frames; plant it in a table"
    assert plant_in_tracks([], recording, share=0.0)[0] == []


# --- real data --------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("seed", range(3))
def test_every_kind_in_pandaset(pandaset_project: Project, seed: int) -> None:
    labels = pandaset_project.labels()
    tracks = list(labels.tracks("drive").values())
    labels.close()
    with pandaset_project.recording("drive") as recording:
        result, ledger = plant_in_tracks(tracks, recording, share=0.3, seed=seed)
        assert ledger.skipped == ()
        assert len(ledger.entries) == 28  # of 93 tracks
        assert {entry.kind for entry in ledger.entries} == set(TRACK_FAULTS)
        touched = {each for entry in ledger.entries for each in entry.what}
        assert [t for t in result if t.id not in touched] == [t for t in tracks if t.id not in touched]
        check_tracks(recording, tracks, result, ledger)
        for entry in ledger.of_kind("phantom"):
            phantom = by_id(result)[entry.what[0]]
            for frame in (0, 11, 23):
                cloud = fused_cloud(recording, frame).points_in_world
                time_ns = int(phantom.times_ns[frame])
                box = phantom.cuboid_at(time_ns)
                above = cloud[box.contains(cloud)][:, 2] > box.corners_in_world[0, 2] + 0.3
                assert above.sum() <= 5
        table, in_table = plant_in_table(rows_of_tracks(tracks, recording), share=0.3, seed=seed)
        assert {entry.kind for entry in in_table.entries} == set(LABEL_FAULTS)
        assert len(table) > 2000
