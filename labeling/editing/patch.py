"""The exact difference between two versions of a track, and putting it back.

Values are carried, never recomputed: a patch restores the very bytes.
"""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from calibration.errors import EditError
from labeling.editing.edits import TrackPatch
from labeling.track import Maker, Track
from labeling.track_record import TrackRecord


def difference(track_id: str, before: Track | None, after: Track | None) -> TrackPatch:
    """The patch that turns `before` into `after`; None is a track that does not exist."""
    if after is None:
        return TrackPatch(track_id, delete=True)
    if before is None:
        return TrackPatch(track_id, whole=TrackRecord.of(after))
    old, new = knot_bytes(before), knot_bytes(after)
    return TrackPatch(
        track_id,
        class_name=after.class_name if after.class_name != before.class_name else None,
        size_m=after.size_m if after.size_m != before.size_m else None,
        set_knots=tuple(knot for knot in after.knots if old.get(knot.time_ns) != new[knot.time_ns]),
        removed_knots=tuple(time for time in old if time not in new),
        presence=after.presence if after.presence != before.presence else None,
        states=after.states if after.states != before.states else None,
        attributes=dict(after.attributes) if after.attributes != before.attributes else None,
    )


def same(before: Track | None, after: Track | None) -> bool:
    """Whether two versions are the same to the last bit."""
    if before is None or after is None:
        return before is after
    return _facts(before) == _facts(after)


def _facts(track: Track) -> tuple[object, ...]:
    columns = (track.times_ns.tobytes(), track.positions_m.tobytes(), track.rotations_wxyz.tobytes(), track.makers)
    return (track.class_name, track.size_m, track.presence, track.states, track.attributes, *columns)


def knot_bytes(track: Track) -> dict[int, tuple[Maker, bytes]]:
    """Knots by time, as bytes: to == the two zeros are one, and a zero would come back with the other sign."""
    numbers = np.concatenate([track.positions_m, track.rotations_wxyz], axis=1)
    rows = zip(track.times_ns.tolist(), track.makers, numbers, strict=True)
    return {time: (maker, row.tobytes()) for time, maker, row in rows}


def patched(patch: TrackPatch, track: Track | None) -> Track | None:
    """The track with the patch applied. Raises EditError where there is nothing to patch."""
    if patch.delete:
        return None
    if patch.whole is not None:
        if patch.whole.id != patch.track_id:
            raise EditError("a patch holds a track of another identity", where=patch.track_id)
        return patch.whole.track()
    if track is None:
        raise EditError("the track to restore does not exist any more", where=patch.track_id)
    if patch.set_knots or patch.removed_knots:
        knots = {knot.time_ns: knot for knot in track.knots}
        knots |= {knot.time_ns: knot for knot in patch.set_knots}
        track = track.with_knots(knot for time, knot in knots.items() if time not in patch.removed_knots)
    return replace(
        track,
        class_name=track.class_name if patch.class_name is None else patch.class_name,
        size_m=track.size_m if patch.size_m is None else patch.size_m,
        presence=track.presence if patch.presence is None else patch.presence,
        states=track.states if patch.states is None else patch.states,
        attributes=track.attributes if patch.attributes is None else tuple(sorted(patch.attributes.items())),
    )
