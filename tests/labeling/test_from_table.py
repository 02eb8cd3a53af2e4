"""A dataset's rows become tracks: gaps are absences, what changes is a state."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from calibration import RigidTransform
from fusion import CuboidTable
from labeling.from_table import extended_ontology, tracks_from_table
from labeling.ontology import default_ontology
from labeling.track import Maker, Presence, PresenceKind, State

Rows = list[tuple[str, int, dict[str, str]]]


def table(rows: Rows, sizes: list[float] | None = None) -> CuboidTable:
    """Rows of (identity, frame, attributes); frame f is at time 100 f + 7."""
    frames = np.array([frame for _, frame, _ in rows], dtype=np.int64)
    xs = frames.astype(float)
    return CuboidTable(
        track_ids=tuple(track_id for track_id, _, _ in rows),
        classes=("car",) * len(rows),
        times_ns=frames * 100 + 7,
        frames=frames,
        world_from_object=RigidTransform.from_yaw(0.1 * xs, np.stack([xs, 2 * xs, 0 * xs], axis=1)),
        sizes_m=np.array([[size, 2.0, 1.5] for size in sizes or [4.0] * len(rows)]),
        attributes=tuple(attributes for _, _, attributes in rows),
    )


def test_every_row_is_a_knot_and_nothing_is_smoothed() -> None:
    rows: Rows = [("b", 3, {}), ("a", 2, {}), ("b", 1, {}), ("a", 1, {})]
    source = table(rows)
    second, first = tracks_from_table(source, Maker.MODEL)
    assert (second.id, first.id) == ("b", "a")
    assert first.times_ns.tolist() == [107, 207]
    assert first.positions_m.tolist() == [[1, 2, 0], [2, 4, 0]]
    assert np.array_equal(first.rotations_wxyz[0], source.world_from_object.rotation[3])
    assert set(first.makers) == {Maker.MODEL}


def test_the_size_is_the_one_that_most_rows_have() -> None:
    (track,) = tracks_from_table(table([("a", f, {}) for f in range(3)], sizes=[4.0, 9.0, 4.2]))
    assert track.size_m == (4.2, 2.0, 1.5)


def test_frames_without_a_row_are_absent() -> None:
    (track,) = tracks_from_table(table([("a", f, {}) for f in (0, 1, 2, 5, 7, 8)]))
    assert track.presence == (Presence(7, 207), Presence(507, 507), Presence(707, 807))
    assert track.presence_at(300) is PresenceKind.ABSENT


def test_visibility_is_presence_and_changes_half_way() -> None:
    kinds = ["observed", "observed", "occluded", "occluded", "observed"]
    rows: Rows = [("a", f, {"visibility": kind}) for f, kind in enumerate(kinds)]
    rows += [("a", 7, {"visibility": "occluded"})]
    (track,) = tracks_from_table(table(rows))
    assert track.presence == (
        Presence(7, 157),
        Presence(158, 357, PresenceKind.OCCLUDED),
        Presence(358, 407),
        Presence(707, 707, PresenceKind.OCCLUDED),
    )
    assert track.attributes == track.states == ()


def test_what_stays_is_an_attribute_and_what_changes_a_state() -> None:
    lights = ["on", "on", "off", None, "off"]
    rows: Rows = [
        ("a", f, {"color": "red"} | ({} if light is None else {"lights": light}) | ({"door": "open"} if f == 2 else {}))
        for f, light in enumerate(lights)
    ]
    (track,) = tracks_from_table(table(rows))
    assert track.attributes == (("color", "red"),)
    assert track.states == (
        State("lights", "on", 7, 107),
        State("door", "open", 207, 207),
        State("lights", "off", 207, 207),
        State("lights", "off", 407, 407),
    )


def test_rows_without_times_are_the_callers_mistake() -> None:
    with pytest.raises(ValueError, match="no times yet"):
        tracks_from_table(replace(table([("a", 0, {})]), times_ns=None))


def test_classes_that_a_dataset_brings_join_the_ontology() -> None:
    sizes = [2.0, 2.111, 2.9]
    tracks = tracks_from_table(table([(f"t{i}", 0, {}) for i in range(3)], sizes))
    tracks = [replace(track, class_name="Straßenkehrer", size_m=(*track.size_m[:2], 0.001)) for track in tracks]
    before = default_ontology().with_class("tram", (20.0, 2.5, 3.5))
    after = extended_ontology(before, tracks)
    assert after.names == (*before.names, "Straßenkehrer")
    assert after.of("Straßenkehrer").size_m == (2.11, 2.0, 0.05)
    assert extended_ontology(after, tracks) == after
    assert extended_ontology(before, []) is before


def test_a_datasets_classes_replace_defaults_that_nobody_has_touched() -> None:
    (track,) = tracks_from_table(table([("a", 0, {})]))
    assert extended_ontology(default_ontology(), [track]) == default_ontology()
    tram = replace(track, class_name="tram")
    assert extended_ontology(default_ontology(), [track, tram]).names == ("car", "tram")
