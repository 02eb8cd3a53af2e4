"""calibrate health."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np

from calibration import Rig
from calibration.errors import CalibrationError, InputError, UsageError
from calibration.targetless import PROFILE_DEG, PROFILE_MS
from fusion.rig_health import CameraHealth, HealthState, RigHealth, Usual, baseline_from, health_record, rig_health
from labeling.project import Project
from viewer.cli.calibrating.adopting import adopt_rig, three
from viewer.cli.calibrating.pages import paragraph, plot, table, write_page
from viewer.cli.console import print_json, progress_bar, results


def health(
    folder: Path,
    name: str,
    cameras: list[str],
    baseline: Path | None,
    save: Path | None,
    report: Path | None,
    *,
    adopt: bool,
    as_json: bool,
) -> None:
    """Measure, tell, keep, and adopt if told to."""
    usual = None if baseline is None else _read(baseline)
    project = Project.open(folder)
    with project.recording(name) as recording, progress_bar("looking") as progress:
        for camera in cameras:
            if camera not in recording.cameras():
                known = ", ".join(recording.cameras()) or "none"
                raise UsageError(f"there is no camera {camera!r}", do=f"cameras: {known}", where=name)
        found = rig_health(recording, cameras=cameras or None, baseline=usual, progress=progress)
        corrected = found.corrected(recording.rig)
    if adopt:
        _adopt(project, name, found, corrected)
    if save is not None:
        _save(save, found)
    if report is not None:
        _report(report, name, found)
    if as_json:
        print_json(health_record(found) | {"recording": name, "adopted": adopt})
        return
    for each in found.cameras:
        results.print(f"{'  ' if each.state is HealthState.GOOD else '! '}{each.camera}: {each.line}")
    if found.lidar is not None:
        results.print(f"! {_lidar_line(found)}")


def _lidar_line(found: RigHealth) -> str:
    assert found.lidar_turn_rad is not None
    turn = three(np.rad2deg(found.lidar_turn_rad), 2)
    return f"all cameras say the same: it is {found.lidar} that turned, by ({turn}) degrees about its axes"


def _adopt(project: Project, name: str, found: RigHealth, corrected: Rig) -> None:
    drifted = [each.camera for each in found.cameras if each.state is HealthState.DRIFTED]
    if not drifted:
        raise CalibrationError("no camera has drifted: there is nothing to adopt", where=name)
    if found.lidar is not None:
        raise CalibrationError(_lidar_line(found), do="calibrate the LiDAR, not the cameras", where=name)
    adopt_rig(project, name, corrected, f"{', '.join(drifted)} turned back by its drift, without targets")


def _read(path: Path) -> dict[str, Usual]:
    try:
        return baseline_from(json.loads(path.read_text(encoding="utf-8")))
    except (OSError, UnicodeDecodeError, json.JSONDecodeError) as error:
        raise InputError("no readable health of a rig", do="give what --save wrote", where=path) from error


def _save(path: Path, found: RigHealth) -> None:
    try:
        path.write_text(json.dumps(health_record(found), indent=1), encoding="utf-8")
    except OSError as error:
        raise InputError(f"cannot write the health ({error.strerror})", where=path) from error


def _report(path: Path, name: str, found: RigHealth) -> None:
    rows = [(each.camera, each.state.value, *_cells(each)) for each in found.cameras]
    parts = [table(("camera", "state", "turn about x, y, z, degrees", "sigma", "late, ms", "bits", "before"), rows)]
    parts += [paragraph(_lidar_line(found))] if found.lidar is not None else []
    for each in found.cameras:
        parts.append(paragraph(f"{each.camera}: {each.line}"))
        if each.drift is not None:
            turns = [(axis, np.array(PROFILE_DEG), each.drift.profiles[row]) for row, axis in enumerate("xyz")]
            parts.append(plot(turns, "Bits shared over a turn about each of its axes, degrees, from the rig's."))
            if np.isfinite(each.drift.late_s):
                late = [("time", np.array(PROFILE_MS), each.drift.profiles[3])]
                parts.append(plot(late, "Bits shared over how much later its photos were taken, milliseconds."))
    write_page(path, f"Health of the rig of {name}", parts)


def _cells(each: CameraHealth) -> tuple[str, ...]:
    if each.drift is None or not np.all(np.isfinite(each.turn_rad)):
        return ("", "", "", "", "")
    late = f"{1e3 * each.late_s:.1f}" if np.isfinite(each.late_s) else "cannot be told"
    turn, sigma = three(np.rad2deg(each.turn_rad), 3), three(np.rad2deg(each.sigma_rad), 3)
    return (turn, sigma, late, f"{each.drift.bits:.4f}", f"{each.drift.bits_before:.4f}")
