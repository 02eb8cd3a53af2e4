"""calibrate handeye."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from calibration import RigidTransform
from calibration.errors import CalibrationError, UsageError
from calibration.handeye import HandEye, solve_hand_eye_streams
from calibration.handeye_refinement import Prior
from fusion.motion_streams import EGO, MotionStream
from labeling.project import Project
from viewer.cli.calibrating.adopting import adopt_rig, apart, mounted, pose_record, three
from viewer.cli.calibrating.pages import paragraph, plot, table, write_page
from viewer.cli.calibrating.streams import TwoStreams, speeds
from viewer.cli.console import print_json, results


@dataclass(frozen=True, slots=True)
class Known:
    """near_m, near_deg: how well the rig's mounting is known beforehand; None for not at all."""

    same_clock: bool
    drifting: bool
    near_m: float | None
    near_deg: float | None


def handeye(source: TwoStreams, known: Known, report: Path | None, *, adopt: bool, as_json: bool) -> None:
    """Read, solve, tell, and adopt if told to."""
    if adopt and (source.project is None or source.b == EGO):
        raise UsageError("adopting needs a recording whose sensor is named second", do="give --project and --recording")
    a, b = source.read()
    before = _before(source)
    found = solve_hand_eye_streams(
        a.with_poses,
        b.with_poses,
        offset_known=known.same_clock,
        drifting=known.drifting or a.drifting or b.drifting,
        prior=_prior(known, before),
        names=(a.name, b.name),
    )
    if adopt:
        _adopt(source, found)
    if report is not None:
        _report(report, a, b, found)
    if as_json:
        print_json(_record(a, b, found, before, adopted=adopt))
        return
    for line in _lines(a, b, found):
        results.print(line)
    if before is not None:
        degrees, metres = apart(before, found.a_from_b)
        results.print(f"  {degrees:.2f} degrees and {100.0 * metres:.1f} cm from where the rig has it")


def _before(source: TwoStreams) -> RigidTransform | None:
    """a_from_b by the rig, where both are of the recording."""
    if source.project is None or source.recording is None:
        return None
    with Project.open(source.project).recording(source.recording) as recording:
        names = {EGO, *(sensor.name for sensor in recording.rig)}
        if source.a not in names or source.b not in names:
            return None
        poses = [
            RigidTransform.identity() if name == EGO else recording.rig[name].ego_from_sensor
            for name in (source.a, source.b)
        ]
    return poses[0].inverse() * poses[1]


def _prior(known: Known, before: RigidTransform | None) -> Prior | None:
    if known.near_m is None and known.near_deg is None:
        return None
    if before is None:
        raise UsageError("--near-m and --near-deg are about a rig", do="name two streams of one recording")
    near_m = 1.0 if known.near_m is None else known.near_m
    near_deg = 30.0 if known.near_deg is None else known.near_deg
    return Prior(before, near_m, float(np.deg2rad(near_deg)))


def _adopt(source: TwoStreams, found: HandEye) -> None:
    assert source.project is not None
    assert source.recording is not None
    project = Project.open(source.project)
    with project.recording(source.recording) as recording:
        rig = recording.rig
    if source.b not in {sensor.name for sensor in rig}:
        raise CalibrationError("only a sensor of the rig can be mounted", where=source.b)
    carrier = RigidTransform.identity() if source.a == EGO else rig[source.a].ego_from_sensor
    how = f"{source.b} on {source.a} by hand-eye, from {int(found.used.sum())} motions"
    adopt_rig(project, source.recording, mounted(rig, source.b, carrier * found.a_from_b), how)


def _lines(a: MotionStream, b: MotionStream, found: HandEye) -> list[str]:
    turns = np.rad2deg(found.a_from_b.log()[3:])
    lines = [
        f"{a.name} from {b.name}, from {int(found.used.sum())} of {len(found.used)} motions",
        f"  place    {three(found.a_from_b.translation, 4)} m +- {three(found.sigma_m, 4)} (along the axes of b)",
        f"  rotation {three(turns, 3)} degrees +- {three(np.rad2deg(found.sigma_rad), 3)} (rotation vector)",
        f"  left over: {1000.0 * found.rms_m:.1f} mm, {np.rad2deg(found.rms_rad):.3f} degrees",
    ]
    if found.offset_sigma_ns > 0.0:
        late = f"{found.offset_ns * 1e-6:+.3f} +- {found.offset_sigma_ns * 1e-6:.3f} ms"
        lines.append(f"  add {late} to the times of {b.name}")
    return lines


def _record(
    a: MotionStream, b: MotionStream, found: HandEye, before: RigidTransform | None, *, adopted: bool
) -> dict[str, Any]:
    record = {
        "a": a.name,
        "b": b.name,
        "a_from_b": pose_record(found.a_from_b),
        "world_a_from_world_b": pose_record(found.world_a_from_world_b),
        "sigma_m": found.sigma_m.tolist(),
        "sigma_deg": np.rad2deg(found.sigma_rad).tolist(),
        "covariance": found.covariance.tolist(),
        "rms_m": found.rms_m,
        "rms_deg": float(np.rad2deg(found.rms_rad)),
        "used": int(found.used.sum()),
        "motions": len(found.used),
        "offset_ms": found.offset_ns * 1e-6,
        "offset_sigma_ms": found.offset_sigma_ns * 1e-6,
        "adopted": adopted,
    }
    if before is not None:
        record["rig_off_deg"], record["rig_off_m"] = apart(before, found.a_from_b)
    return record


def _report(path: Path, a: MotionStream, b: MotionStream, found: HandEye) -> None:
    poses_a, poses_b = a.with_poses.world_from_body, b.with_poses.world_from_body
    laid = found.world_a_from_world_b * poses_b * found.a_from_b.inverse()
    ways = [(a.name, poses_a), (f"{b.name}, brought there", laid)]
    rows = [
        (axis, f"{place:.4f}", f"{1000.0 * sigma:.2f}", f"{np.rad2deg(turn):.3f}")
        for axis, place, sigma, turn in zip(
            "xyz", found.a_from_b.translation, found.sigma_m, found.sigma_rad, strict=True
        )
    ]
    write_page(
        path,
        f"Hand-eye: {b.name} on {a.name}",
        [
            *(paragraph(line) for line in _lines(a, b, found)),
            table(("axis", "place, m", "sigma, mm", "sigma of the rotation, degrees"), rows),
            plot(
                [(name, each.translation[:, 0], each.translation[:, 1]) for name, each in ways],
                f"Both ways from above, in the world of {a.name}, metres: they should coincide.",
                equal=True,
            ),
            plot(speeds(a, b, found.offset_ns), "Degrees a second over seconds: they should coincide."),
        ],
    )
