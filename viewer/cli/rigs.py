"""rig."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import yaml
from pydantic import TypeAdapter

from calibration import Rig
from calibration.camera_files import is_rig, read_cameras, with_cameras
from calibration.documents import read_document
from calibration.errors import InputError, UsageError
from labeling.editing.edits import AdoptRig
from labeling.editing.rigs import RigVersion
from labeling.project import Project
from viewer.cli.console import print_json, results

_RECORD: TypeAdapter[dict[str, Any]] = TypeAdapter(dict[str, Any])


def rig(
    folder: Path,
    name: str,
    adopt: Path | None,
    cameras: list[str],
    how: str,
    export: Path | None,
    version: int | None,
    *,
    as_json: bool,
) -> None:
    """List versions, adopt one from a file or from the list, or write one to a file."""
    if adopt is not None and export is not None:
        raise UsageError("--adopt and --export are two things", do="call it twice")
    project = Project.open(folder)
    project.recording_as_it_came(name).close()
    if adopt is not None:
        _adopt(project, name, _read(project, name, adopt, cameras), how or f"from {adopt.name}")
    elif export is not None:
        _export(_chosen(project, name, version), export)
        return
    elif version is not None:
        _adopt(project, name, _chosen(project, name, version), how or f"version {version} again")
    _list(_versions(project, name), as_json)


def _read(project: Project, name: str, path: Path, cameras: list[str]) -> Rig:
    """A rig of our own, or the one in force with cameras as another tool calibrated them."""
    if is_rig(path):
        return Rig.from_record(read_document(path, _RECORD, "rig"))
    names = {}
    for pair in cameras:
        own, equals, other = pair.partition("=")
        if not equals or not own or not other:
            raise UsageError("--camera is the rig's name, =, and the file's", do="such as front=cam0", where=pair)
        names[other] = own
    with project.recording(name) as recording:
        rig = recording.rig
    return with_cameras(rig, read_cameras(path), names)


def _versions(project: Project, name: str) -> tuple[RigVersion, ...]:
    labels = project.labels()
    try:
        return labels.rig_versions(name)
    finally:
        labels.close()


def _adopt(project: Project, name: str, rig: Rig, how: str) -> None:
    labels = project.labels()
    try:
        labels.apply_edit(name, AdoptRig(rig.to_record(), how))
    finally:
        labels.close()


def _chosen(project: Project, name: str, version: int | None) -> Rig:
    """The rig of a version; without a number, the one in force."""
    known = {each.number: each for each in _versions(project, name)}
    if version is None:
        version = max(known)
    if version not in known:
        raise UsageError(f"there is no rig version {version}", do=f"there are {', '.join(map(str, known))}", where=name)
    found = known[version].rig
    if found is not None:
        return found
    with project.recording_as_it_came(name) as recording:
        return recording.own_rig


def _export(rig: Rig, path: Path) -> None:
    """YAML, or JSON where the name says so."""
    record = rig.to_record()
    text = json.dumps(record, indent=2) if path.suffix == ".json" else yaml.safe_dump(record, sort_keys=False)
    try:
        path.write_text(text, encoding="utf-8")
    except OSError as error:
        raise InputError(f"cannot write the rig ({error.strerror})", where=path) from error
    results.print(f"{path}: {len(rig.sensors)} sensors")


def _list(versions: tuple[RigVersion, ...], as_json: bool) -> None:
    if as_json:
        print_json({"versions": [_record(each) for each in versions]})
        return
    for each in versions:
        mark = "*" if each.current else " "
        when = f"{datetime.fromtimestamp(each.at_ns * 1e-9, UTC):%Y-%m-%d %H:%M} {each.who}: " if each.at_ns else ""
        results.print(f"{mark} {each.number:>5}  {when}{each.how} ({each.label_edits} label edits)", markup=False)


def _record(version: RigVersion) -> dict[str, Any]:
    return {
        "number": version.number,
        "current": version.current,
        "how": version.how,
        "who": version.who,
        "at_ns": str(version.at_ns),
        "label_edits": version.label_edits,
        "rig": None if version.rig is None else version.rig.to_record(),
    }
