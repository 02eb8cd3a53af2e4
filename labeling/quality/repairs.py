"""Repairs as edits. None of them moves, turns or removes a human's knot: where one stands in the way, there is none."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

import numpy as np

from calibration import RigidTransform
from calibration.quaternion import FloatArray
from fusion.timeline import Int64Array
from labeling.editing import edits
from labeling.editing.edits import TrackEdit
from labeling.editing.patch import difference
from labeling.quality.rows import TrackRows
from labeling.track import Knot, Maker, Presence, PresenceKind, Track

Repair = tuple[TrackEdit, ...]
Tracks = Mapping[str, Track]
_HALF_TURN = RigidTransform(np.array([0.0, 0.0, 0.0, 1.0]), np.zeros(3))
_TOUCHES_NS = 1_000_000


def swapped(tracks: Tracks, one: str, other: str, time_ns: int) -> Repair:
    """The two exchange what they are from a time on."""
    if not {one, other} <= set(tracks) or any(_human(tracks[each], time_ns) for each in (one, other)):
        return ()
    return (edits.Swap(one, other, time_ns),)


def joined(tracks: Tracks, one: str, other: str) -> Repair:
    """The second goes on as the first."""
    return (edits.Join(one, other),) if {one, other} <= set(tracks) else ()


def deleted(tracks: Tracks, track_id: str) -> Repair:
    """The track goes, unless a person has set a pose of it."""
    if track_id not in tracks or _human(tracks[track_id]):
        return ()
    return (edits.DeleteTrack(track_id),)


def renamed(tracks: Tracks, track_id: str, class_name: str) -> Repair:
    """Another class."""
    return (edits.SetClass(track_id, class_name),) if track_id in tracks else ()


def resized(tracks: Tracks, track_id: str, size_m: FloatArray) -> Repair:
    """Another size about the same middle."""
    if track_id not in tracks or np.allclose(tracks[track_id].size_m, size_m, atol=5e-3):
        return ()
    length, width, height = (float(each) for each in size_m)
    return (edits.Resize(track_id, (length, width, height)),)


def turned_back(tracks: Tracks, track_id: str, times_ns: Int64Array) -> Repair:
    """The knots at these times turn by half a turn."""
    track = tracks.get(track_id)
    if track is None:
        return ()
    moments = set(times_ns.tolist())
    knots = [
        Knot.of(knot.time_ns, knot.world_from_object * _HALF_TURN, _machine(knot)) if knot.time_ns in moments else knot
        for knot in track.knots
    ]
    return _changed(track, knots)


def shifted(tracks: Tracks, track_id: str, times_ns: Int64Array, shifts_m: FloatArray) -> Repair:
    """Knots move by (K, 2) metres in the world, given at times (K,); in between straight, before and after none."""
    track = tracks.get(track_id)
    if track is None:
        return ()
    moves = [np.interp(track.times_ns, times_ns, shifts_m[:, axis], left=0.0, right=0.0) for axis in (0, 1)]
    knots = [
        replace(
            knot,
            position_m=(knot.position_m[0] + float(dx), knot.position_m[1] + float(dy), knot.position_m[2]),
            maker=_machine(knot),
        )
        if abs(dx) + abs(dy) > 1e-6
        else knot
        for knot, dx, dy in zip(track.knots, *moves, strict=True)
    ]
    return _changed(track, knots)


def straightened(tracks: Tracks, rows: TrackRows, first: int) -> Repair:
    """What crept away goes back to where it was in the row before it began."""
    start = rows.positions_m[max(first - 1, 0), :2]
    return shifted(tracks, rows.id, rows.times_ns[first:], start - rows.positions_m[first:, :2])


def retimed(tracks: Tracks, track_id: str, late_s: float) -> Repair:
    """Every knot takes the pose that the track has so much later."""
    track = tracks.get(track_id)
    if track is None or _human(track):
        return ()
    moments = track.times_ns + int(late_s * 1e9)
    poses = track.at(moments)
    knots = [Knot.of(knot.time_ns, poses[row], _machine(knot)) for row, knot in enumerate(track.knots)]
    return _changed(track, knots)


def lifted(tracks: Tracks, track_id: str, lift_m: float) -> Repair:
    """The whole track up or down."""
    track = tracks.get(track_id)
    if track is None or _human(track):
        return ()
    return (edits.Move(track_id, int(track.times_ns[0]), (0.0, 0.0, lift_m), whole=True),)


def extended(tracks: Tracks, track_id: str, times_ns: Int64Array, poses: RigidTransform) -> Repair:
    """More knots of the solver, poses (K,) at times (K,), and presence that reaches over them."""
    track = tracks.get(track_id)
    if track is None or not len(times_ns):
        return ()
    added = [Knot.of(int(time_ns), poses[row], Maker.SOLVER) for row, time_ns in enumerate(times_ns)]
    first, last = int(times_ns.min()), int(times_ns.max())
    grown = track.with_knots((*track.knots, *added))
    presence = list(track.presence)
    if presence and first > presence[-1].start_ns:
        presence[-1] = Presence(presence[-1].start_ns, max(last, presence[-1].end_ns), PresenceKind.OBSERVED)
    elif presence:
        presence[0] = Presence(first, presence[0].end_ns, PresenceKind.OBSERVED)
    return (edits.ApplyPatches((difference(track.id, track, replace(grown, presence=tuple(presence))),)),)


def _changed(track: Track, knots: list[Knot]) -> Repair:
    """The difference, if it moves no human knot and is one."""
    kept = {knot for knot in track.knots if knot.maker is Maker.HUMAN}
    after = track.with_knots(knots)
    if not kept <= set(after.knots) or after.knots == track.knots:
        return ()
    return (edits.ApplyPatches((difference(track.id, track, after),)),)


def _human(track: Track, from_ns: int | None = None) -> bool:
    """Whether a person has set a pose, from a time on."""
    return any(
        maker is Maker.HUMAN and (from_ns is None or time_ns >= from_ns)
        for maker, time_ns in zip(track.makers, track.times_ns.tolist(), strict=True)
    )


def _machine(knot: Knot) -> Maker:
    return Maker.HUMAN if knot.maker is Maker.HUMAN else Maker.SOLVER
