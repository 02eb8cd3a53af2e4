"""calibrate rig."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import numpy as np

from calibration import Rig, SensorKind
from calibration.bundle import Knowledge, Observations, RigAdjusted, adjust_rig
from calibration.errors import CalibrationError, UsageError
from calibration.intrinsics import board_of
from fusion.recording import Recording
from fusion.rig_observations import boards_seen, relations_without_targets, without
from labeling.project import Project
from viewer.cli.calibrating.adopting import adopt_rig, apart, pose_record, three
from viewer.cli.calibrating.pages import paragraph, table, write_page
from viewer.cli.console import print_json, progress_bar, results

_FEWEST_BOARDS = 4


@dataclass(frozen=True, slots=True)
class How:
    """board: columns x rows, None for no board at all. near_m, near_deg: how well the rig is known. numbers: whether
    focal lengths, centres and distortions are estimated too."""

    board: str | None
    kind: str
    square_m: float
    every: int
    reference: str | None
    near_m: float
    near_deg: float
    numbers: bool


def rig(folder: Path, name: str, how: How, report: Path | None, *, adopt: bool, as_json: bool) -> None:
    """Observe, adjust, tell, and adopt if told to."""
    project = Project.open(folder)
    with project.recording(name) as recording, progress_bar("looking") as progress:
        before = recording.rig
        reference = _reference(recording, how.reference)
        others = without(before, reference)
        failures: dict[str, str] = {}
        if how.board is None:
            relations, failures = relations_without_targets(recording, reference, others, progress)
            seen = Observations(relations=relations, known=_known(before, reference, how, {r.b for r in relations}))
        else:
            board = board_of(how.board, how.square_m, how.kind)
            boards = boards_seen(recording, board, recording.cameras(), how.every, progress)
            if len(boards.frames) < _FEWEST_BOARDS:
                said = "; ".join(f"{photo}: {why}" for photo, why in list(boards.failures.items())[:3])
                raise CalibrationError(
                    f"the board was found in {len(boards.frames)} frames, {_FEWEST_BOARDS} are needed ({said})",
                    where=name,
                )
            told = {each.camera for each in boards.sights} | {each.lidar for each in boards.planes}
            seen = Observations(sights=boards.sights, planes=boards.planes, known=_known(before, reference, how, told))
            failures = {each: "saw no board" for each in others if each not in told}
    if not any(told.moves for told in seen.known.values()):
        said = "; ".join(f"{sensor}: {why}" for sensor, why in failures.items())
        raise CalibrationError(f"nothing tells where any sensor sits ({said})", where=name)
    found = adjust_rig(before, seen)
    if adopt:
        adopt_rig(project, name, found.rig, f"the whole rig at once, {_basis(seen)}, beside {reference}")
    if report is not None:
        _report(report, name, before, found, failures, _basis(seen))
    if as_json:
        print_json(_record(before, found, failures, reference, adopted=adopt))
        return
    results.print(f"rig of {name}, {_basis(seen)}, beside {reference}")
    for line in (*_lines(before, found), *(f"! {sensor}: {why}" for sensor, why in failures.items())):
        results.print(line)


def _reference(recording: Recording, asked: str | None) -> str:
    names = [sensor.name for sensor in recording.rig]
    if asked is not None and asked not in names:
        raise UsageError(f"there is no sensor {asked!r}", do=f"there are {', '.join(names)}", where=recording.name)
    return asked or next((s.name for s in recording.rig if s.kind is SensorKind.LIDAR), names[0])


def _known(before: Rig, reference: str, how: How, told: set[str]) -> dict[str, Knowledge]:
    known = {}
    for sensor in before:
        if sensor.name not in told:
            continue
        free = sensor.model.parameter_names if how.numbers and sensor.kind is SensorKind.CAMERA else ()
        held = sensor.name == reference
        near_m, near_rad = (0.0, 0.0) if held else (how.near_m, float(np.deg2rad(how.near_deg)))
        known[sensor.name] = Knowledge(near_m, near_rad, free)
    return known


def _basis(seen: Observations) -> str:
    if seen.relations:
        return f"from {len(seen.relations)} alignments without targets"
    corners = sum(len(each.pixels) for each in seen.sights)
    return (
        f"from {corners} corners and {sum(len(each.points_m) for each in seen.planes)} returns on {seen.boards} boards"
    )


def _lines(before: Rig, found: RigAdjusted) -> list[str]:
    lines = []
    for name, sigmas in found.sigmas.items():
        degrees, metres = apart(before[name].ego_from_sensor, found.rig[name].ego_from_sensor)
        lines.append(
            f"  {name}: turned by {degrees:.3f} degrees, moved by {100.0 * metres:.1f} cm "
            f"(+- {three(np.rad2deg(sigmas[3:6]), 3)} degrees, {three(100.0 * sigmas[:3], 1)} cm)"
        )
        if name in found.rms_px:
            lines.append(f"    corners {found.rms_px[name]:.2f} px off (RMS)")
    return lines


def _record(
    before: Rig, found: RigAdjusted, failures: dict[str, str], reference: str, *, adopted: bool
) -> dict[str, object]:
    sensors = {}
    for name, sigmas in found.sigmas.items():
        degrees, metres = apart(before[name].ego_from_sensor, found.rig[name].ego_from_sensor)
        sensors[name] = {
            "rotation_deg": degrees,
            "translation_m": metres,
            "ego_from_sensor": pose_record(found.rig[name].ego_from_sensor),
            "sigma_m": sigmas[:3].tolist(),
            "sigma_deg": np.rad2deg(sigmas[3:6]).tolist(),
            "numbers": dict(zip(found.numbers[name], sigmas[6:].tolist(), strict=True)),
            "rms_px": found.rms_px.get(name),
        }
    return {
        "reference": reference,
        "sensors": sensors,
        "noise": found.noise,
        "iterations": found.iterations,
        "failures": failures,
        "adopted": adopted,
        "rig": found.rig.to_record(),
    }


def _report(path: Path, name: str, before: Rig, found: RigAdjusted, failures: dict[str, str], basis: str) -> None:
    rows = []
    for sensor, sigmas in found.sigmas.items():
        degrees, metres = apart(before[sensor].ego_from_sensor, found.rig[sensor].ego_from_sensor)
        rms = f"{found.rms_px[sensor]:.2f}" if sensor in found.rms_px else ""
        place = three(found.rig[sensor].ego_from_sensor.translation, 4)
        cells = (f"{degrees:.3f}", f"{100.0 * metres:.2f}", place, three(1000.0 * sigmas[:3], 1))
        rows.append((sensor, *cells, three(np.rad2deg(sigmas[3:6]), 3), rms))
    header = ("sensor", "turned, degrees", "moved, cm", "place, m", "sigma, mm", "sigma, degrees", "corners, px")
    parts = [paragraph(basis), table(header, rows)]
    write_page(path, f"The rig of {name}", [*parts, *(paragraph(f"{each}: {why}") for each, why in failures.items())])
