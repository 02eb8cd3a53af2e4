"""What reviewers found in the tracks that they looked at: the error rate of everything, with its interval."""

from __future__ import annotations

from contextlib import closing
from dataclasses import dataclass

from labeling.accuracy.acceptance import ErrorRate, error_rate
from labeling.project import Project
from labeling.review import Board, SamplingKind, Task, acts, sampled_tracks
from labeling.review.board import Event
from labeling.versions import VersionService, differences


@dataclass(frozen=True, slots=True)
class Inspection:
    """The first verdict on a task: whose work, how many tracks were looked at, and how many of them were at fault."""

    recording: str
    task: str
    author: str
    inspected: int
    defects: int


def inspections(project: Project) -> list[Inspection]:
    """Of tasks that are reviewed whole or by a random sample; a sample by risk says nothing about the rest."""
    with closing(project.review()) as review, closing(project.versions()) as versions:
        return [
            found
            for key, board in review.boards().items()
            for task in board.tasks.values()
            if task.sampling.kind is not SamplingKind.RISK
            for found in [_first_verdict(versions, key, board, task)]
            if found is not None
        ]


def rates(found: list[Inspection]) -> tuple[ErrorRate, dict[str, ErrorRate]]:
    """Of all work, and of each person's."""
    by_person: dict[str, list[Inspection]] = {}
    for each in found:
        by_person.setdefault(each.author, []).append(each)
    return _rate(found), {name: _rate(mine) for name, mine in sorted(by_person.items())}


def _rate(found: list[Inspection]) -> ErrorRate:
    return error_rate(sum(each.defects for each in found), sum(each.inspected for each in found))


def _first_verdict(versions: VersionService, key: str, board: Board, task: Task) -> Inspection | None:
    author, taken = "", None
    for event in task.story:
        if isinstance(event.act, acts.Submit):
            author = event.who
        elif isinstance(event.act, acts.Take):
            taken = event
        elif isinstance(event.act, acts.Accept | acts.RequestChanges | acts.Escalate) and taken is not None:
            return _inspection(versions, key, board, task, (author, taken, event))
    return None


def _inspection(
    versions: VersionService, key: str, board: Board, task: Task, what: tuple[str, Event, Event]
) -> Inspection:
    author, taken, verdict = what
    tracks = {k: v for k, v in versions.tracks_at(key, verdict.sequence).items() if task.holds(v)}
    looked_at = sampled_tracks(task.sampling, tracks, f"{task.id}/{taken.sequence}")
    faulty = {
        comment.pin.track_id
        for comment in board.comments.values()
        if comment.who == taken.who and taken.at_ns <= comment.at_ns <= verdict.at_ns
    }
    return Inspection(key, task.id, author, len(looked_at), len(faulty & {*looked_at}))


def changed_since_accepted(project: Project) -> dict[str, int]:
    """Of each task that is accepted, as `RECORDING TASK`: how many changes its tracks had since; 0 are left out."""
    found = {}
    with closing(project.review()) as review, closing(project.versions()) as versions:
        for key, board in review.boards().items():
            for task in board.tasks.values():
                if not isinstance(task.story[-1].act, acts.Accept):
                    continue
                then, now = versions.tracks_at(key, task.since), versions.tracks(key)
                held = ({k: v for k, v in each.items() if task.holds(v)} for each in (then, now))
                count = len(differences(*held))
                if count:
                    found[f"{key} {task.id}"] = count
    return found
