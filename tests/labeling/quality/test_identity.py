"""Identities: what was broken is proposed to be mended, and nothing that is whole is broken."""

from __future__ import annotations

import numpy as np

from benchmarks.identity import is_right, make_scene
from labeling.editing.edits import Join, SetPresence, Swap
from labeling.quality.identity import ProposalKind, identity_ledger, identity_proposals
from labeling.track import PresenceKind


def test_proposals_that_are_sure_are_right() -> None:
    rng = np.random.default_rng(11)
    taken = right = broken = 0
    for number in range(20):
        scene = make_scene(rng, number)
        sure = [each for each in identity_proposals(scene.tracks) if each.is_automatic]
        taken += len(sure)
        right += sum(is_right(each, scene) for each in sure)
        broken += len(scene.joins) + len(scene.swaps)
    assert right >= 0.95 * taken
    assert right >= 0.9 * broken


def test_a_join_leaves_the_gap_occluded() -> None:
    scene = make_scene(np.random.default_rng(3), 0)
    (proposal, *_) = [each for each in identity_proposals(scene.tracks) if each.kind is ProposalKind.JOIN]
    join, presence = proposal.repair
    assert isinstance(join, Join)
    assert isinstance(presence, SetPresence)
    assert presence.presence is PresenceKind.OCCLUDED
    assert presence.start_ns <= presence.end_ns < proposal.time_ns


def test_the_ledger_has_a_page_for_every_track() -> None:
    scene = make_scene(np.random.default_rng(4), 1)
    ledger = identity_ledger(scene.tracks)
    assert set(ledger) == {track.id for track in scene.tracks}
    (one, other) = sorted(next(iter(scene.swaps)))
    assert other in [track_id for track_id, _ in ledger[one].crossings]
    assert isinstance(ledger[one].proposals[0].repair[0], Swap)


def test_colours_tell_twins_apart() -> None:
    """Two things hidden at once, come back where either could have gone: only their colour says which is which."""
    scene = make_scene(np.random.default_rng(5), 0)
    plain = {each.tracks: each.chance for each in identity_proposals(scene.tracks) if each.kind is ProposalKind.JOIN}
    red, blue = np.array([200.0, 30.0, 30.0]), np.array([30.0, 30.0, 200.0])
    names = {name for pair in scene.joins for name in pair}
    colors = {name: red if name.startswith("thing-0") else blue for name in names}
    told = identity_proposals(scene.tracks, colors)
    for each in told:
        if each.tracks in scene.joins:
            assert each.chance >= plain[each.tracks] - 1e-9
