"""What `boxwright user` and `boxwright task` do."""

from __future__ import annotations

from contextlib import closing
from pathlib import Path
from typing import Any

from calibration.errors import UsageError
from labeling.editing.layers import layer_key
from labeling.frame_times import frame_span
from labeling.project import Project
from labeling.review import LOCAL, Decision, Role, SamplingKind, SamplingPlan, Task, acts
from viewer.cli.console import print_json, results


def add_user(folder: Path, name: str, role: str) -> None:
    """Print the token."""
    if role not in list(Role):
        raise UsageError(f"there is no role {role!r}", do=f"one of {', '.join(Role)}")
    with closing(Project.open(folder).people()) as people:
        token = people.add(name, Role(role))
    results.print(f"{name} is {role}; their token, which is not to be had again:\n  {token}")
    results.print(f"they open the page with it: http://127.0.0.1:8300/?token={token} after `boxwright serve {folder}`")


def list_users(folder: Path, *, as_json: bool) -> None:
    """By name."""
    with closing(Project.open(folder).people()) as people:
        everybody = people.all()
    if as_json:
        print_json({"people": [{"name": each.name, "role": each.role.value} for each in everybody]})
        return
    for each in everybody:
        results.print(f"{each.name:<20} {each.role}")


def remove_user(folder: Path, name: str) -> None:
    """Their token opens nothing any more."""
    with closing(Project.open(folder).people()) as people:
        people.remove(name)
    results.print(f"{name} is removed; what they did stays in the journal")


def open_task(
    folder: Path,
    recording: str,
    layer: str,
    name: str,
    title: str,
    frames: tuple[int, int] | None,
    classes: list[str],
    sampling: str,
) -> None:
    """Open a task of frames first to last."""
    project = Project.open(folder)
    known = {each.name for each in project.ontology().classes}
    unknown = [each for each in classes if each not in known]
    if unknown:
        raise UsageError(f"there is no class {unknown[0]!r}", do=f"one of {', '.join(sorted(known))}")
    with project.recording_as_it_came(recording) as opened:
        start, end = frame_span(opened, *(frames or (0, len(opened.frames) - 1)))
    act = acts.OpenTask(name, title or name, start, end, tuple(classes), sampling_plan(sampling))
    with closing(project.review()) as review:
        review.act(layer_key(recording, layer), act, LOCAL)
    results.print(f"task {name}: {(end - start) * 1e-9:.1f} s of {recording}, {', '.join(classes) or 'all classes'}")


def sampling_plan(word: str) -> SamplingPlan:
    """From `all`, `risk=20` or `random=10`. Raises UsageError for another word."""
    kind, _, percent = word.partition("=")
    try:
        number = float(percent or 100)
    except ValueError:
        number = 0.0
    if kind not in list(SamplingKind) or not 0.0 < number <= 100.0:
        raise UsageError(f"no sampling plan is called {word!r}", do="write all, risk=20 or random=10")
    return SamplingPlan(SamplingKind(kind), number)


def list_tasks(folder: Path, *, as_json: bool) -> None:
    """Of all recordings and layers."""
    with closing(Project.open(folder).review()) as review:
        boards = review.boards()
    records = [_record(key, task) for key, board in boards.items() for task in board.tasks.values()]
    if as_json:
        print_json({"tasks": records})
        return
    for each in records:
        who = ", ".join(dict.fromkeys([*each["annotators"], *each["reviewers"]]))
        results.print(f"{each['recording']:<24} {each['task']:<20} {each['state']:<18} {who}".rstrip())


def _record(key: str, task: Task) -> dict[str, Any]:
    return {
        "recording": key,
        "task": task.id,
        "title": task.title,
        "state": task.state.value,
        "annotators": task.annotators,
        "reviewers": task.reviewers,
        "start_ns": str(task.start_ns),
        "end_ns": str(task.end_ns),
        "classes": task.classes,
    }


def precedents(folder: Path, text: str, rule: str, *, as_json: bool) -> None:
    """Newest first."""
    with closing(Project.open(folder).review()) as review:
        found = review.precedents(text, rule)
    if as_json:
        print_json({"precedents": [_precedent(each) for each in found]})
        return
    for each in found:
        chosen = each.dispute.proposals[each.chosen].text
        results.print(f"{each.rule or 'no rule'}: {each.text} ({each.who}, {each.recording}, for {chosen!r})")


def _precedent(decision: Decision) -> dict[str, Any]:
    dispute = decision.dispute
    return {
        "rule": decision.rule,
        "decision": decision.text,
        "who": decision.who,
        "at_ns": str(decision.at_ns),
        "recording": decision.recording,
        "task": decision.task_id,
        "evidence": dispute.evidence,
        "track_id": dispute.pin.track_id,
        "time_ns": None if dispute.pin.time_ns is None else str(dispute.pin.time_ns),
        "proposals": [{"by": each.by, "text": each.text} for each in dispute.proposals],
        "chosen": decision.chosen,
    }
