"""The exact difference between two versions of a track, and putting it back.

Values are carried, never recomputed: a patch restores the very bytes.
"""

from __future__ import annotations

from dataclasses import replace

from calibration.errors import EditError
from labeling.editing.edits import TrackPatch
from labeling.track import Track
from labeling.track_record import TrackRecord


def difference(track_id: str, before: Track | None, after: Track | None) -> TrackPatch:
    """The patch that turns `before` into `after`; None is a track that does not exist."""
    if after is None:
        return TrackPatch(track_id, delete=True)
    if before is None:
        return TrackPatch(track_id, whole=TrackRecord.of(after))
    old, new = {k.time_ns: k for k in before.knots}, {k.time_ns: k for k in after.knots}
    return TrackPatch(
        track_id,
        class_name=after.class_name if after.class_name != before.class_name else None,
        size_m=after.size_m if after.size_m != before.size_m else None,
        set_knots=tuple(knot for time, knot in new.items() if old.get(time) != knot),
        removed_knots=tuple(time for time in old if time not in new),
        presence=after.presence if after.presence != before.presence else None,
        states=after.states if after.states != before.states else None,
        attributes=dict(after.attributes) if after.attributes != before.attributes else None,
    )


def patched(patch: TrackPatch, track: Track | None) -> Track | None:
    """The track with the patch applied. Raises EditError where there is nothing to patch."""
    if patch.delete:
        return None
    if patch.whole is not None:
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
