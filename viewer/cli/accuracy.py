"""What `boxwright report` and `boxwright task gold` do."""

from __future__ import annotations

from contextlib import closing
from pathlib import Path

from calibration.errors import InputError, UsageError
from labeling.accuracy import acceptance_plan
from labeling.accuracy.gold import set_gold
from labeling.accuracy.page import report_page
from labeling.accuracy.report import Report, project_report
from labeling.frame_times import frame_span
from labeling.project import Project
from viewer.cli.console import print_json, remark, results


def report(folder: Path, page: Path | None, *, as_json: bool) -> None:
    """Print how a project stands, or write it as a page."""
    found = project_report(Project.open(folder))
    if page is not None:
        try:
            page.write_text(report_page(found), encoding="utf-8")
        except OSError as error:
            raise InputError(f"cannot write the report ({error.strerror})", where=page) from error
        remark(f"boxwright: wrote {page}")
    if as_json:
        print_json(found.to_record())
    else:
        _print(found)


def _print(found: Report) -> None:
    states = ", ".join(f"{count} {state.replace('_', ' ')}" for state, count in sorted(found.statistics.states.items()))
    results.print(f"tasks: {states or 'none yet'}")
    if found.errors.inspected:
        e = found.errors
        results.print(
            f"tracks at fault: {e.defects} of {e.inspected} looked at, {100 * e.rate:.1f} % "
            f"({100 * e.low:.1f} to {100 * e.high:.1f} %, 95 times in 100)"
        )
    for name, each in found.people.items():
        drift = f", {each.slope_per_day:+.3f} a day" if each.drifts and each.slope_per_day is not None else ""
        results.print(f"{name} against gold: F1 {each.mean:.3f} in {each.count} submissions{drift}")
    for pair in found.pairs:
        who = " and ".join(pair.people)
        results.print(f"{who} on {pair.recording}: alpha {pair.alpha:.3f}, HOTA {pair.agreement.hota:.3f}")
    for task, count in found.changed.items():
        results.print(f"{task}: accepted, and {count} changes since")


def gold(folder: Path, recording: str, source: str, frames: tuple[int, int] | None, classes: list[str]) -> None:
    """Take the labels of a reference as the truth of some frames."""
    project = Project.open(folder)
    with project.recording_as_it_came(recording) as opened:
        span = frame_span(opened, *(frames or (0, len(opened.frames) - 1)))
    with closing(project.versions()) as versions:
        tracks = versions.tracks(recording, source)
    if not tracks:
        raise UsageError(f"{source} has no tracks, and gold must have some", where=recording)
    name = set_gold(project, recording, tracks, span, classes)
    results.print(f"{name}: {len(tracks)} tracks of {recording} are gold; annotators do not see them")


def sample(good: float, bad: float, refused: float, accepted: float, *, as_json: bool) -> None:
    """The smallest plan that keeps both risks."""
    if not (0.0 < refused < 1.0 and 0.0 < accepted < 1.0):
        raise UsageError("a risk lies between 0 and 1", do="for example --refused 0.05 --accepted 0.1")
    try:
        plan = acceptance_plan(good, bad, producer_risk=refused, consumer_risk=accepted)
    except ValueError as error:
        raise UsageError(str(error), do="choose a --good that is clearly below --bad") from error
    if as_json:
        print_json({"inspect": plan.inspect, "accept_up_to": plan.accept_up_to})
        return
    results.print(f"inspect {plan.inspect} tracks at random; accept with up to {plan.accept_up_to} wrong ones")
