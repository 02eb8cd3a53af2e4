"""`boxwright solve`."""

from __future__ import annotations

from pathlib import Path

from calibration.errors import UsageError
from labeling.automation.solving import Resolved, TrackSolver, resolve
from labeling.project import Project
from viewer.cli.console import print_json, progress_bar, remark, results


def solve(folder: Path, name: str, track_ids: list[str], *, as_json: bool) -> None:
    """Solve the named tracks, or all that a person has set a pose of, and say what became of each."""
    project = Project.open(folder)
    labels = project.labels()
    try:
        with project.recording(name) as recording:
            chosen = track_ids or [each.id for each in labels.tracks(name).values() if "human" in each.makers]
            if not chosen:
                raise UsageError("no track has a pose that a person set", do="set one, or name tracks with --track")
            with progress_bar("reading what the LiDARs saw") as progress:
                solver = TrackSolver(recording, progress)
                _ = solver.evidence
            with progress_bar("solving") as progress:
                found = {}
                for done, track_id in enumerate(chosen):
                    found[track_id] = resolve(labels, name, solver, track_id)
                    progress(done + 1, len(chosen))
    finally:
        labels.close()
    _tell(found, as_json=as_json)


def _tell(found: dict[str, Resolved], *, as_json: bool) -> None:
    if as_json:
        print_json({"tracks": {track_id: _record(each) for track_id, each in found.items()}})
        return
    for track_id, each in found.items():
        record = _record(each)
        kind = "stands" if record["stands"] else "moves"
        results.print(
            f"{track_id}: {kind}, {record['knots']} knots, seen in {record['frames_with_points']} frames, "
            f"look at frame {record['suggested_frame']} next (expected error {record['expected_error_m']:.2f} m)"
        )
    remark("one undo for each track takes it back")


def _record(resolved: Resolved) -> dict[str, object]:
    solution = resolved.solution
    return {
        "stands": solution.stands,
        "changed": resolved.outcome is not None,
        "knots": len(solution.track),
        "frames_with_points": int((solution.points > 0).sum()),
        "suggested_frame": solution.suggested_frame,
        "expected_error_m": float(solution.expected_error_m[solution.suggested_frame]),
    }
