"""The solver for whoever labels: one recording's evidence kept, results through the edit door."""

from __future__ import annotations

from dataclasses import dataclass

from calibration.errors import EditError
from fusion.progress import Progress, silent
from fusion.recording import Recording
from labeling.automation.solver import Evidence, Solution, gather_evidence, solve
from labeling.editing.edits import ApplyPatches
from labeling.editing.patch import difference
from labeling.editing.service import LabelService, Outcome
from labeling.track import Maker, Track

ACTOR = "solver"


class TrackSolver:
    """Solves tracks of one recording; reads it once, when first asked, unless its evidence is given."""

    def __init__(self, recording: Recording, progress: Progress = silent, *, evidence: Evidence | None = None) -> None:
        self._recording, self._progress = recording, progress
        self._evidence = evidence

    @property
    def evidence(self) -> Evidence:
        """What the LiDARs saw, worked out when first asked for."""
        if self._evidence is None:
            self._evidence = gather_evidence(self._recording, self._progress)
        return self._evidence

    def solve(self, track: Track) -> Solution:
        """The whole trajectory from the track's human knots, or from all its knots if there is none."""
        return solve(self.evidence, track)


@dataclass(frozen=True, slots=True, eq=False)
class Resolved:
    """What a re-solve found, and what the edit did; outcome None: nothing had to change."""

    solution: Solution
    outcome: Outcome | None


def solve_track(recording: Recording, track: Track) -> Solution:
    """Solve one track. For several, keep a `TrackSolver`: it reads the recording once."""
    return TrackSolver(recording).solve(track)


def resolve(
    service: LabelService, recording: str, solver: TrackSolver, track_id: str, *, actor: str = ACTOR
) -> Resolved:
    """Solve a track and put the result in by one edit, which one undo takes back. No human knot moves.

    actor: whose undo takes it back. Raises EditError if there is no such track, ConflictError if somebody changed it
    meanwhile.
    """
    _, versions = service.versions(recording)
    version = versions.get(track_id)
    if version is None or version.track is None:
        raise EditError("there is no such track, it may have been deleted", where=track_id)
    solution = solver.solve(version.track)
    check_human_knots(version.track, solution.track)
    patch = difference(track_id, version.track, solution.track)
    if not (patch.set_knots or patch.removed_knots or patch.presence is not None or patch.size_m is not None):
        return Resolved(solution, None)
    expected = {track_id: version.revision}
    return Resolved(solution, service.apply_edit(recording, ApplyPatches((patch,)), actor=actor, expected=expected))


def check_human_knots(before: Track, after: Track) -> None:
    """Raises EditError if a person's knot is not in the track afterwards."""
    kept = {knot for knot in before.knots if knot.maker is Maker.HUMAN}
    if not kept <= set(after.knots):
        raise EditError("a machine may not move a human's knot", where=before.id)
