"""The routes under /api of review: tasks and comments, what people do with them, and what was decided before."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Depends, Query, Request
from fastapi.responses import HTMLResponse
from pydantic import Field

from calibration.errors import ForbiddenError
from labeling.accuracy.page import report_page
from labeling.accuracy.report import project_report
from labeling.quality.attention import track_risks
from labeling.review import Board, Comment, Decision, Person, Role, SamplingKind, Task, TaskState, acts, sampled_tracks
from labeling.review.acts import Act
from labeling.times import TimeNs
from viewer.server.asking import asking, check_sight
from viewer.server.checking import standing_findings
from viewer.server.schemas import Key, Message
from viewer.server.workspace import Workspace

router = APIRouter(prefix="/api", dependencies=[Depends(check_sight)])

Words = Annotated[str, Query(max_length=200)]


class PersonReply(Message):
    """Whose page this is."""

    name: str
    role: Role


class StepReply(Message):
    """A line of a task's story."""

    who: str
    at_ns: TimeNs
    kind: str


class TaskReply(Message):
    """A task. may: the kinds of acts that this person may do with it now; look_at: the tracks to review, while it is
    reviewed."""

    id: str
    title: str
    state: TaskState
    start_ns: TimeNs
    end_ns: TimeNs
    classes: list[str]
    annotators: list[str]
    reviewers: list[str]
    may: list[str]
    look_at: list[str]
    dispute: acts.Escalate | None
    story: list[StepReply]


class CommentReply(Message):
    """A comment; resolved_by: empty while nobody has seen to it."""

    id: str
    task_id: str
    text: str
    rule: str
    pin: acts.Pin
    who: str
    at_ns: TimeNs
    resolved_by: str


class BoardReply(Message):
    """All of a recording's tasks and comments, as this person sees them."""

    me: PersonReply
    tasks: list[TaskReply]
    comments: list[CommentReply]


class ActRequest(Message):
    """An act. key: repeated requests with one key are done once."""

    key: Key
    act: Annotated[Act, Field(discriminator="kind")]


class PrecedentReply(Message):
    """A decision."""

    recording: str
    task_id: str
    rule: str
    text: str
    chosen: str
    evidence: str
    who: str
    at_ns: TimeNs


@router.get("/recordings/{name}/review")
def review(request: Request, name: str) -> BoardReply:
    """The recording's tasks and comments."""
    workspace = _workspace(request, name)
    return _board(workspace, name, workspace.review.board(name), asking(request))


@router.post("/recordings/{name}/review")
def act(request: Request, name: str, body: ActRequest) -> BoardReply:
    """Do something with a task; the answer comes when it is in the journal."""
    workspace, person = _workspace(request, name), asking(request)
    return _board(workspace, name, workspace.review.act(name, body.act, person, key=body.key), person)


@router.get("/precedents")
def precedents(request: Request, text: Words = "", rule: Words = "") -> list[PrecedentReply]:
    """Decisions in which the words occur, newest first."""
    workspace: Workspace = request.app.state.workspace
    return [_precedent(each) for each in workspace.review.precedents(text, rule)]


@router.get("/report", response_class=HTMLResponse)
def report(request: Request) -> HTMLResponse:
    """How the project stands, as a page; it tells how people do against gold, so it is for leads."""
    person = asking(request)
    if person.role is not Role.LEAD:
        raise ForbiddenError(f"{person.name} is {person.role}, and the report is for leads")
    workspace: Workspace = request.app.state.workspace
    return HTMLResponse(report_page(project_report(workspace.project)), headers={"cache-control": "private, no-store"})


def _workspace(request: Request, name: str) -> Workspace:
    workspace: Workspace = request.app.state.workspace
    workspace.recording(name)
    return workspace


def _board(workspace: Workspace, name: str, board: Board, person: Person) -> BoardReply:
    may = workspace.review.possible(name, person)
    return BoardReply(
        me=PersonReply(name=person.name, role=person.role),
        tasks=[_task(workspace, name, each, list(may[each.id])) for each in board.tasks.values()],
        comments=[_comment(each) for each in board.comments.values()],
    )


def _task(workspace: Workspace, name: str, task: Task, may: list[str]) -> TaskReply:
    look_at: tuple[str, ...] = ()
    if task.state is TaskState.IN_REVIEW:
        tracks = {each: track for each, track in workspace.labels.tracks(name).items() if task.holds(track)}
        risks = _risks(workspace, name) if task.sampling.kind is SamplingKind.RISK else None
        look_at = sampled_tracks(task.sampling, tracks, f"{task.id}/{task.since}", risks)
    return TaskReply(
        id=task.id,
        title=task.title,
        state=task.state,
        start_ns=task.start_ns,
        end_ns=task.end_ns,
        classes=list(task.classes),
        annotators=list(task.annotators),
        reviewers=list(task.reviewers),
        may=may,
        look_at=list(look_at),
        dispute=task.dispute if task.state is TaskState.ESCALATED else None,
        story=[StepReply(who=each.who, at_ns=each.at_ns, kind=each.act.kind) for each in task.story],
    )


def _risks(workspace: Workspace, name: str) -> dict[str, float]:
    """What checks say of each track, as far as they have come."""
    return track_risks(standing_findings(workspace, name)[1], workspace.verdicts.decisions())


def _comment(comment: Comment) -> CommentReply:
    return CommentReply(
        id=comment.id,
        task_id=comment.task_id,
        text=comment.text,
        rule=comment.rule,
        pin=comment.pin,
        who=comment.who,
        at_ns=comment.at_ns,
        resolved_by=comment.resolved_by,
    )


def _precedent(decision: Decision) -> PrecedentReply:
    return PrecedentReply(
        recording=decision.recording,
        task_id=decision.task_id,
        rule=decision.rule,
        text=decision.text,
        chosen=decision.dispute.proposals[decision.chosen].text,
        evidence=decision.dispute.evidence,
        who=decision.who,
        at_ns=decision.at_ns,
    )
