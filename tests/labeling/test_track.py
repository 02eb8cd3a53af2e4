"""What a track may be, and its canonical text."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import replace
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import ValidationError

from calibration.errors import EditError
from labeling.track import Knot, Maker, Presence, PresenceKind, State, Track
from labeling.track_record import track_from_json, track_to_json, tracks_from_json, tracks_to_json
from tests.labeling.strategies import EPOCH_NS, INT64, tracks

UPRIGHT = (1.0, 0.0, 0.0, 0.0)
EDGES = st.sampled_from([-(2**63), -(2**63) + 1, 2**63 - 1, 2**63 - 2])


def simple(**changes: Any) -> Track:
    track = Track("a", "car", (4.0, 2.0, 1.5), [0, 10], np.zeros((2, 3)), [UPRIGHT] * 2, (Maker.HUMAN,) * 2)  # type: ignore[arg-type]
    return replace(track, **changes)


REFUSED: dict[str, Callable[[], Track]] = {
    "a track needs knots, each with a time, a position, a rotation and a maker: a": lambda: simple(
        times_ns=[], positions_m=np.zeros((0, 3)), rotations_wxyz=np.zeros((0, 4)), makers=()
    ),
    "two knots of a track have one time: a": lambda: simple(times_ns=[5, 5]),
    "the knots of a track lie more than 146 years apart: a": lambda: simple(times_ns=[-(2**63), 2**63 - 1]),
    "a knot has a number that is not finite: a": lambda: simple(positions_m=[[0, 0, np.nan], [0, 0, 0]]),
    "a knot lies more than 1e+09 m from the origin: a": lambda: simple(positions_m=[[0, 0, 1e300], [0, 0, 0]]),
    "a knot's rotation is not a unit quaternion: a": lambda: simple(rotations_wxyz=[UPRIGHT, (1.0, 0.01, 0, 0)]),
    "a size must be positive metres, not (4.0, 0.0, 1.5): a": lambda: simple(size_m=(4.0, 0.0, 1.5)),
    "a size must be positive metres, not (4.0, nan, 1.5): a": lambda: simple(size_m=(4.0, float("nan"), 1.5)),
    "an interval ends before it starts: a": lambda: simple(presence=(Presence(5, 4),)),
    "absent is where there is no interval, not an interval: a": lambda: simple(
        presence=(Presence(4, 5, PresenceKind.ABSENT),)
    ),
    "two intervals of presence, or of one state, overlap: a": lambda: simple(
        presence=(Presence(0, 5), Presence(5, 9, PresenceKind.OCCLUDED))
    ),
    "an identity and a class have 1 to 200 characters: a": lambda: simple(class_name=""),
    "a track needs at least one knot; delete the track instead: a": lambda: simple().with_knots([]),
}


@pytest.mark.parametrize("message", REFUSED)
def test_what_is_no_track_is_refused_in_one_line(message: str) -> None:
    with pytest.raises(EditError, match=f"^{re.escape(message)}$"):
        REFUSED[message]()


def test_wrong_shapes_and_orders_are_refused() -> None:
    for changes in (
        {"positions_m": np.zeros((2, 2))},
        {"rotations_wxyz": np.zeros((1, 4))},
        {"makers": (Maker.HUMAN,)},
        {"times_ns": [10, 0]},
        {"states": (State("s", "x", 0, 5), State("s", "y", 4, 9))},
        {"id": "x" * 201},
    ):
        with pytest.raises(EditError):
            simple(**changes)
    assert len(simple(states=(State("s", "x", 0, 5), State("t", "y", 4, 9), State("s", "x", 6, 9))).states) == 3


def test_arrays_cannot_be_changed_behind_a_tracks_back() -> None:
    mine = np.array([0, 10])
    track = simple(times_ns=mine)
    mine[0] = 7
    assert track.times_ns[0] == 0
    for array in (track.times_ns, track.positions_m, track.rotations_wxyz):
        with pytest.raises(ValueError, match="read-only"):
            array[0] = 1


@given(tracks(), st.randoms())
def test_knots_may_come_in_any_order(track: Track, random: Any) -> None:
    shuffled = list(track.knots)
    random.shuffle(shuffled)
    again = Track.from_knots("a", "car", track.size_m, shuffled, track.presence)
    assert repr(again.knots) == repr(track.knots)  # repr tells -0.0 from 0.0


def test_two_knots_at_one_time_are_refused() -> None:
    with pytest.raises(EditError, match="two knots of a track have one time"):
        Track.from_knots("a", "car", (4, 2, 1), [Knot(5, (0, 0, 0), UPRIGHT), Knot(5, (1, 0, 0), UPRIGHT)])


def test_presence_includes_both_ends_and_nothing_else() -> None:
    track = simple(presence=(Presence(0, 5), Presence(6, 8, PresenceKind.OCCLUDED), Presence(10, 10)))
    expected = ["absent"] + ["observed"] * 6 + ["occluded"] * 3 + ["absent", "observed", "absent"]
    assert [track.presence_at(t).value for t in range(-1, 12)] == expected
    assert simple().presence_at(5) is PresenceKind.ABSENT


def test_knot_index_is_of_exactly_that_time() -> None:
    track = simple(times_ns=[EPOCH_NS, EPOCH_NS + 1])
    assert [track.knot_index(EPOCH_NS + d) for d in (-1, 0, 1, 2)] == [None, 0, 1, None]


def test_speed_is_of_half_seconds_not_of_jitter() -> None:
    times = np.arange(20) * 100_000_000
    jitter = np.where(np.arange(20) % 2, 0.1, 0.0)
    poses = np.stack([jitter, 0 * jitter, 0 * jitter], axis=1)
    parked = Track("a", "car", (4, 2, 1), times, poses, [UPRIGHT] * 20, (Maker.IMPORT,) * 20)  # type: ignore[arg-type]
    assert parked.speed_mps() < 0.5
    drive = replace(parked, positions_m=poses + np.stack([times * 1e-8, 0 * times, 0 * times], axis=1))
    assert drive.speed_mps() == pytest.approx(10.0, rel=0.05)
    assert parked.with_knots(parked.knots[:1]).speed_mps() == 0.0


@given(st.one_of(tracks(), tracks(times=EDGES.filter(lambda t: t > 0)), tracks(times=EDGES.filter(lambda t: t < 0))))
def test_the_text_of_a_track_is_canonical(track: Track) -> None:
    text = track_to_json(track)
    again = track_from_json(text)
    assert track_to_json(again) == text
    assert again.positions_m.tobytes() == track.positions_m.tobytes()
    assert again.rotations_wxyz.tobytes() == track.rotations_wxyz.tobytes()
    assert np.array_equal(again.times_ns, track.times_ns)
    assert (again.makers, again.presence, again.states) == (track.makers, track.presence, track.states)
    assert (again.size_m, again.attributes) == (track.size_m, track.attributes)


@given(INT64)
def test_any_int64_survives_as_text(time_ns: int) -> None:
    track = Track.from_knots("a", "car", (4, 2, 1), [Knot(time_ns, (0, 0, 0), UPRIGHT)], [Presence(time_ns, time_ns)])
    text = track_to_json(track)
    assert f'"time_ns":"{time_ns}"'.encode() in text
    assert track_from_json(text).times_ns[0] == time_ns


def test_the_order_of_attributes_is_no_difference() -> None:
    one, other = simple(attributes=(("b", "1"), ("a", "2"))), simple(attributes=(("a", "2"), ("b", "1")))
    assert track_to_json(one) == track_to_json(other)


@given(st.lists(tracks(), max_size=3))
def test_a_list_of_tracks_comes_back(some: list[Track]) -> None:
    again = tracks_from_json(tracks_to_json(some))
    assert [track_to_json(track) for track in again] == [track_to_json(track) for track in some]


@pytest.mark.parametrize(
    ("old", "new"),
    [
        (b'"class_name"', b'"class_nam"'),
        (b'"attributes":{}', b'"attributes":{},"foo":1'),
        (b'"maker":"human"', b'"maker":"nobody"'),
        (b'"time_ns":"0"', b'"time_ns":"9223372036854775808"'),
        (b'"time_ns":"0"', b'"time_ns":0.5'),
        (b'"position_m":[0.0', b'"position_m":[NaN'),
        (b'"position_m":[0.0', b'"position_m":[1e300'),
        (b'"rotation_wxyz":[1.0', b'"rotation_wxyz":[Infinity'),
        (b'"size_m":[4.0', b'"size_m":[0.0'),
    ],
)
def test_foreign_text_is_refused(old: bytes, new: bytes) -> None:
    text = track_to_json(simple())
    assert old in text
    with pytest.raises(ValidationError):
        track_from_json(text.replace(old, new))
