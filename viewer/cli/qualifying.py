"""What `boxwright qualify` does."""

from __future__ import annotations

from contextlib import closing
from dataclasses import replace
from pathlib import Path
from time import perf_counter

from calibration.errors import InputError, UsageError
from fusion.scenario import Scene, scene_of
from labeling.automation.prelabel import add_prelabels, prelabel
from labeling.editing.layers import GOLD
from labeling.formats import LABEL_FORMATS
from labeling.importing import import_labels
from labeling.project import Project
from labeling.qualification import Score, Standard, begin, recording_name, score
from labeling.qualification.page import qualification_page
from labeling.qualification.scoring import judged
from labeling.qualification.work import Work
from viewer.cli.console import print_json, progress_bar, remark, results

Scenario = tuple[str, int, int | None]
Thresholds = tuple[float, float, float]


def _scene(name: str, frames: int | None) -> Scene:
    scene = scene_of(name)
    return scene if frames is None else replace(scene, frames=frames)


def begin_for(folder: Path, who: str, scene: str, seed: int, frames: int | None) -> None:
    """Make the recording and the task."""
    project = Project.open(folder)
    with closing(project.people()) as people:
        if people.named(who) is None:
            raise UsageError(f"there is nobody called {who!r}", do=f"`boxwright user add {folder} {who}`")
    with progress_bar("simulating") as progress:
        name = begin(project, who, _scene(scene, frames), seed, progress)
    results.print(f"recording {name} waits for {who}: `boxwright serve {folder}`, take its task, label, submit")


def score_of(folder: Path, who: str, least: Thresholds, page: Path | None, *, as_json: bool) -> int:
    """Of a person, by what the journal says."""
    project = Project.open(folder)
    found = score(project, who, recording_name(who), Standard(*least))
    return _tell(project, found, page, as_json=as_json)


def score_labeller(
    folder: Path,
    who: str,
    scenario: Scenario,
    source: tuple[Path, str] | None,
    least: Thresholds,
    page: Path | None,
    *,
    as_json: bool,
) -> int:
    """Of a program: our own pre-labelling, or whatever wrote the file."""
    project, name = Project.open(folder), recording_name(who)
    if name not in project.recording_names():
        with progress_bar("simulating") as progress:
            begin(project, who, _scene(scenario[0], scenario[2]), scenario[1], progress)
    start = perf_counter()
    actions = _label(project, name, source)
    work = Work(perf_counter() - start if source is None else 0.0, actions, 0)
    return _tell(project, score(project, who, name, Standard(*least), work), page, as_json=as_json)


def _label(project: Project, name: str, source: tuple[Path, str] | None) -> int:
    """How many actions a person took: none."""
    if source is not None:
        path, format_name = source
        if format_name not in LABEL_FORMATS:
            raise UsageError(f"unknown format {format_name!r}", do=f"one of {', '.join(LABEL_FORMATS)}")
        import_labels(project, name, path, LABEL_FORMATS[format_name])
        return 0
    with closing(project.labels()) as labels:
        if not labels.tracks(name):
            with project.recording(name) as recording, progress_bar("pre-labelling") as progress:
                add_prelabels(labels, name, prelabel(recording, project.ontology(), progress=progress))
    return 0


def _tell(project: Project, found: Score, page: Path | None, *, as_json: bool) -> int:
    if page is not None:
        _write_page(project, found, page)
    if as_json:
        print_json(found.to_record())
        return 0 if found.passed else 1
    each = found.overall
    results.print(f"{found.who}: {'passed' if found.passed else 'not passed'}")
    results.print(f"  HOTA {each.hota:.3f}, F1 {each.f1:.3f}, recall {each.recall:.3f}, precision {each.precision:.3f}")
    results.print(f"  mean IoU {each.iou:.3f} over {each.truths} true cuboids")
    work = found.work
    results.print(f"  {work.seconds / 60:.1f} minutes, {work.actions} actions, {work.undone} undone")
    for wrong in found.findings[:10]:
        results.print(f"  {wrong.kind} {wrong.class_name} {wrong.track_id}: {wrong.frames} of {wrong.of} frames")
    return 0 if found.passed else 1


def _write_page(project: Project, found: Score, page: Path) -> None:
    name = recording_name(found.who)
    with closing(project.versions()) as versions, project.recording_as_it_came(name) as recording:
        true, said = judged(recording, versions.tracks(name, f"@{GOLD}"), versions.tracks(name))
    try:
        page.write_text(qualification_page(found, true, said), encoding="utf-8")
    except OSError as error:
        raise InputError(f"cannot write the page ({error.strerror})", where=page) from error
    remark(f"boxwright: wrote {page}")
