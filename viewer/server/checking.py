"""The routes under /api of checks: what is probably wrong in the open recording, and what people say of it."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Depends, Request
from pydantic import Field

from labeling.editing.edits import TrackEdit
from labeling.editing.layers import recording_of
from labeling.quality.attention import Moment, attention_queue
from labeling.quality.finding import Finding, FindingKind, Severity
from labeling.quality.live import Followed
from labeling.quality.verdicts import Verdict
from viewer.server.asking import asking, check_sight
from viewer.server.schemas import Key, Message
from viewer.server.workspace import Workspace

MOST_FINDINGS = 500

router = APIRouter(prefix="/api/recordings/{name}/findings", dependencies=[Depends(check_sight)])


class FindingReply(Message):
    """A moment worth a look. frames: first and last that are wrong. chance: that a person would call it an error.
    repair: edits that would put it right, in this order; none where no honest one is known."""

    kind: FindingKind
    severity: Severity
    track_ids: list[str]
    frames: tuple[int, int]
    chance: float
    why: str
    repair: list[Annotated[TrackEdit, Field(discriminator="kind")]]


class FindingsReply(Message):
    """The worthiest first. fresh: whether they are of the newest labels; else a check runs, and another question in a
    moment has its answer. failure: why there are none."""

    fresh: bool
    findings: list[FindingReply]
    failure: str = ""


class VerdictRequest(Message):
    """What a person says of a finding. key: repeated requests with one key count once."""

    key: Key
    verdict: Verdict


def standing_findings(workspace: Workspace, name: str) -> tuple[Followed, list[Finding]]:
    """What checks found so far, and of that what nobody has judged."""
    followed = workspace.checks.ask(
        name,
        lambda: workspace.project.recording(recording_of(name)),
        lambda: (workspace.labels.versions(name)[0], workspace.labels.tracks(name)),
    )
    judged = workspace.verdicts.of(name)
    return followed, [each for each in followed.findings if not any(verdict.is_about(each) for verdict in judged)]


@router.get("")
def findings(request: Request, name: str) -> FindingsReply:
    """What checks found, without what people have rejected."""
    workspace: Workspace = request.app.state.workspace
    workspace.recording(name)  # for its errors
    followed, left = standing_findings(workspace, name)
    queue = attention_queue({name: left}, workspace.verdicts.decisions())
    return FindingsReply(
        fresh=followed.fresh, findings=[_reply(each) for each in queue[:MOST_FINDINGS]], failure=followed.failure
    )


@router.post("/verdicts")
def verdict(request: Request, name: str, body: VerdictRequest) -> FindingsReply:
    """Accept or reject a finding."""
    workspace: Workspace = request.app.state.workspace
    workspace.recording(name)
    workspace.verdicts.add(name, body.verdict, asking(request).name, body.key)
    return findings(request, name)


def _reply(moment: Moment) -> FindingReply:
    finding = moment.finding
    return FindingReply(
        kind=finding.kind,
        severity=finding.severity,
        track_ids=list(finding.track_ids),
        frames=finding.frames,
        chance=moment.chance,
        why=finding.why,
        repair=list(finding.repair),
    )
