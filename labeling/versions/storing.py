"""Making labels what a version, a merge or a layer's beginning says, by one edit."""

from __future__ import annotations

from collections.abc import Mapping

from labeling.editing.edits import ApplyPatches
from labeling.editing.patch import difference, same
from labeling.editing.service import LabelService
from labeling.track import Track


def store_tracks(labels: LabelService, key: str, tracks: Mapping[str, Track], *, actor: str = "local") -> int:
    """Make the labels of a recording or layer exactly those tracks; how many of them that changes."""
    now = labels.tracks(key)
    changed = [each for each in sorted({*now, *tracks}) if not same(now.get(each), tracks.get(each))]
    if changed:
        patches = tuple(difference(each, now.get(each), tracks.get(each)) for each in changed)
        labels.apply_edit(key, ApplyPatches(patches), actor=actor)
    return len(changed)
