"""calibrate lidar-lidar, and depth-lidar."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import numpy as np

from calibration import SensorKind
from calibration.errors import CalibrationError, UsageError
from fusion.range_alignment import RangeAligned, align_range_sensor, start_from_motion
from labeling.project import Project
from viewer.cli.calibrating.adopting import adopt_rig, pose_record, three
from viewer.cli.calibrating.pages import paragraph, plot, table, write_page
from viewer.cli.console import print_json, progress_bar, results

_LEAST_OVERLAP = 0.15
_DRAWN = 6000


@dataclass(frozen=True, slots=True)
class Start:
    """How far off the rig may be; from_motion: the rig knows nothing, begin at how both moved."""

    reach_deg: float
    reach_m: float
    from_motion: bool


def ranging(
    folder: Path,
    name: str,
    sensor: str,
    reference: str | None,
    kind: SensorKind,
    start: Start,
    report: Path | None,
    *,
    adopt: bool,
    as_json: bool,
) -> None:
    """Align, tell, and adopt if told to."""
    project = Project.open(folder)
    with project.recording(name) as recording, progress_bar("aligning") as progress:
        known = recording.lidars() if kind is SensorKind.LIDAR else recording.depth_cameras()
        if sensor not in known:
            called = "LiDAR" if kind is SensorKind.LIDAR else "depth camera"
            raise UsageError(f"there is no {called} {sensor!r}", do=f"there are {', '.join(known) or 'none'}")
        others = [each for each in recording.lidars() if each != sensor]
        if not others:
            raise UsageError("there is no LiDAR to lay it on", where=name)
        laid_on = reference or others[0]
        found = align_range_sensor(
            recording,
            sensor,
            laid_on,
            reach_deg=start.reach_deg,
            reach_m=start.reach_m,
            start=start_from_motion(recording, sensor, laid_on, progress) if start.from_motion else None,
            progress=progress,
        )
    if adopt and not is_clear(found):
        raise CalibrationError(
            f"only {100.0 * found.registered.overlap:.0f} % of what {sensor} saw lies on what {laid_on} saw: no result",
            do="start nearer, widen --reach-deg and --reach-m, or add --from-motion",
            where=name,
        )
    if adopt:
        turned = f"turned by {found.rotation_deg:.2f} degrees"
        how = f"{sensor} laid on {laid_on} in {found.registered.frames} frames: {turned}"
        adopt_rig(project, name, found.rig, how)
    if report is not None:
        _report(report, found)
    if as_json:
        print_json(_record(found, adopted=adopt))
        return
    for line in _lines(found):
        results.print(line)


def is_clear(found: RangeAligned) -> bool:
    """Whether enough of what one saw lies on what the other saw."""
    return found.registered.overlap >= _LEAST_OVERLAP


def _lines(found: RangeAligned) -> list[str]:
    told = found.registered
    sigma_m, sigma_deg = three(100.0 * told.sigma_m, 2), three(np.rad2deg(told.sigma_rad), 3)
    lines = [
        f"{found.sensor}: turned by {found.rotation_deg:.3f} degrees, moved by {100.0 * found.translation_m:.1f} cm, "
        f"from {told.frames} frames",
        f"  standard deviations: {sigma_m} cm along and {sigma_deg} degrees about its own axes",
        f"  {100.0 * told.overlap:.0f} % of its points lie on what {found.reference} saw, "
        f"{100.0 * told.rms_m:.1f} cm off",
    ]
    if told.slides_along is not None:
        lines.append(f"! nothing in view holds it along its ({three(told.slides_along, 2)}): look at another scene")
    if not is_clear(found):
        lines.append("! so little in common is no result")
    return lines


def _record(found: RangeAligned, *, adopted: bool) -> dict[str, object]:
    told = found.registered
    return {
        "sensor": found.sensor,
        "reference": found.reference,
        "rotation_deg": found.rotation_deg,
        "translation_m": found.translation_m,
        "reference_from_sensor": pose_record(told.target_from_source),
        "sigma_m": told.sigma_m.tolist(),
        "sigma_deg": np.rad2deg(told.sigma_rad).tolist(),
        "overlap": told.overlap,
        "rms_m": told.rms_m,
        "slides_along": None if told.slides_along is None else told.slides_along.tolist(),
        "frames": list(found.frames),
        "clear": is_clear(found),
        "adopted": adopted,
        "rig": found.rig.to_record(),
    }


def _report(path: Path, found: RangeAligned) -> None:
    told, rng = found.registered, np.random.default_rng(0)
    target, source = (
        each[rng.permutation(len(each))[:_DRAWN]].astype(np.float64) for each in (found.pair.target, found.pair.source)
    )
    before, after = found.start.apply(source), told.target_from_source.apply(source)
    rows = [
        (axis, f"{place:.4f}", f"{1000.0 * sigma:.2f}", f"{np.rad2deg(turn):.4f}")
        for axis, place, sigma, turn in zip(
            "xyz", told.target_from_source.translation, told.sigma_m, told.sigma_rad, strict=True
        )
    ]
    pictures = [
        plot(
            [(found.reference, target[:, 0], target[:, 1]), (found.sensor, laid[:, 0], laid[:, 1])],
            f"{when}, from above, metres in the frame of {found.reference}.",
            dots=True,
            equal=True,
        )
        for when, laid in (("Before", before), ("After", after))
    ]
    write_page(
        path,
        f"{found.sensor} beside {found.reference}",
        [
            *(paragraph(line) for line in _lines(found)),
            table(("axis", "place, m", "sigma, mm", "sigma of the rotation, degrees"), rows),
            *pictures,
        ],
    )
