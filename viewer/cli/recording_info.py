"""Everything that `boxwright info` tells of one recording, as plain values and as one screen of text."""

from __future__ import annotations

from dataclasses import asdict
from typing import Any

import numpy as np

from calibration.errors import BoxwrightError
from calibration.quaternion import FloatArray
from fusion.depth import depth_lidar_agreement
from fusion.readers.image_header import image_header
from fusion.recording import Recording
from fusion.rig_check import RigState, SensorVerdict, check_rig
from fusion.timing import RecordingTiming, StreamTiming, analyse_times
from labeling.slip import camera_slips
from labeling.track import Track
from viewer.cli.console import progress_bar

_LOOKED_AT = 5  # samples of a stream, spread over it
_MOST_LINES = 8  # findings of one stream; the rest are counted
_TITLES = ("sensor", "samples", "Hz", "jitter", "offset", "brings", "calibration", "slip")

Report = dict[str, Any]


def recording_report(recording: Recording, tracks: dict[str, Track], *, quick: bool) -> Report:
    """quick: without the calibration check, whose list is then empty."""
    timing = analyse_times(recording)
    with progress_bar("measuring slip") as progress:
        slips = camera_slips(recording, list(tracks.values()), progress)
    verdicts: list[SensorVerdict] = []
    if not quick:
        with progress_bar("checking the calibration") as progress:
            verdicts = check_rig(recording, progress)
    streams = [_stream(recording, each) for each in timing.streams]
    return {
        "name": recording.name,
        "frames": len(recording.frames),
        "reference": recording.reference,
        "duration_s": _duration_s(recording),
        "pose_source": str(recording.pose_source),
        "rig": recording.rig_digest or "own",
        **_way(recording),
        "tracks": len(tracks),
        "knots": sum(map(len, tracks.values())),
        "streams": streams,
        "cameras": [asdict(slip) for slip in slips],
        "calibration": [asdict(verdict) | {"line": verdict.line} for verdict in verdicts],
        "calibration_checked": not quick,
        "depth": [] if quick else _depth_agreements(recording),
        "findings": [asdict(finding) | {"at_ns": _decimal(finding.at_ns)} for finding in timing.findings],
        "problems": _problems(timing, streams, verdicts),
        "notes": list(recording.notes),
    }


def _depth_agreements(recording: Recording) -> list[str]:
    """A line for each depth camera that sees what the first LiDAR sees: how far they disagree."""
    lidar = next(iter(recording.lidars()), None)
    if lidar is None:
        return []
    found = [depth_lidar_agreement(recording, camera, lidar) for camera in recording.depth_cameras()]
    return [str(agreement) for agreement in found if agreement is not None]


def _decimal(time_ns: int | None) -> str | None:
    """Nanoseconds in JSON are decimal strings."""
    return None if time_ns is None else str(time_ns)


def _duration_s(recording: Recording) -> float:
    times = recording.frames.times_ns
    return float((times[-1] - times[0]) * 1e-9) if len(times) else 0.0


def _way(recording: Recording) -> Report:
    """How far the ego went while the recording lasted, and the size of the ground it covered."""
    frames = recording.frames.times_ns
    positions: FloatArray = recording.ego_motion.at(frames).translation
    travelled = float(np.linalg.norm(np.diff(positions, axis=0), axis=1).sum())
    extent = np.ptp(positions[:, :2], axis=0) if len(positions) else np.zeros(2)
    return {"travelled_m": travelled, "extent_m": [float(each) for each in extent]}


def _stream(recording: Recording, timing: StreamTiming) -> Report:
    sensor = recording.rig[timing.stream]
    brings, trouble = _brings(recording, timing.stream)
    return {
        "sensor": timing.stream,
        "kind": str(sensor.kind),
        "listed": timing.samples + timing.missing,
        **asdict(timing),
        "brings": brings,
        "trouble": trouble,
    }


def _brings(recording: Recording, name: str) -> tuple[str, str]:
    """What one sample is, and what is wrong with that."""
    count = len(recording.times_ns(name))
    looked_at = {int(each) for each in np.linspace(0, count - 1, min(count, _LOOKED_AT))}
    there = sorted(index for index in looked_at if recording.has(name, index))
    if name in recording.lidars():
        points = [len(recording.sweep(name, index)) for index in there]
        return (f"{int(np.median(points)):,} points" if points else "-"), ""
    model = recording.rig[name].model
    size = f"{model.width_px}x{model.height_px}"
    if name not in recording.cameras() or not there:
        return size, ""
    real = _photo_size(recording, name, there[0])
    trouble = "" if real in (None, size) else f"{name}: its photos are {real}, its camera model says {size}"
    return real or size, trouble


def _photo_size(recording: Recording, camera: str, index: int) -> str | None:
    try:
        header = image_header(recording.image(camera, index).data, recording.path)
    except BoxwrightError:
        return None
    return f"{header.width_px}x{header.height_px}"


def _problems(timing: RecordingTiming, streams: list[Report], verdicts: list[SensorVerdict]) -> list[str]:
    """One line each: of the calibration first, for it makes all else useless."""
    lines = [f"{each.sensor}: {each.line}" for each in verdicts if each.state is RigState.WRONG]
    lines += [stream["trouble"] for stream in streams if stream["trouble"]]
    for stream in timing.streams:
        found = [each.text for each in timing.findings if each.stream == stream.stream]
        lines += found[:_MOST_LINES]
        if len(found) > _MOST_LINES:
            lines.append(f"{stream.stream}: and {len(found) - _MOST_LINES} more; see --json")
    return lines


def report_lines(report: Report) -> list[str]:
    """The screen."""
    lines = [
        f"recording {report['name']}: {report['frames']} frames by {report['reference']}, "
        f"{report['duration_s']:.1f} s, {report['tracks']} tracks with {report['knots']} knots",
        _ego_line(report),
        *([] if report["rig"] == "own" else [f"rig: adopted ({report['rig']}); see `boxwright rig`"]),
        *_aligned([list(_TITLES), *(_row(report, stream) for stream in report["streams"])]),
    ]
    if report["cameras"]:
        lines.append(
            "slip: how far a moving cuboid's corner would lie beside its place if it were drawn at the frame's"
        )
        lines.append("LiDAR timestamp instead of the photo's exposure; offset: a sample against that timestamp")
    lines += [f"depth: {line}" for line in report["depth"]]
    lines += [f"! {line}" for line in report["problems"]] or ["nothing found wrong"]
    lines += [f"? {each['sensor']}: {each['line']}" for each in report["calibration"] if each["state"] == "unknown"]
    if not report["calibration_checked"]:
        lines.append("the calibration was not checked (--quick)")
    return lines + [f"note: {note}" for note in report["notes"]]


def _ego_line(report: Report) -> str:
    if report["pose_source"] == "none":
        return "ego: no poses, taken to stand still"
    x, y = report["extent_m"]
    source = "the recording's poses" if report["pose_source"] == "poses" else f"poses from {report['pose_source']}"
    return f"ego: {source}, {report['travelled_m']:.1f} m travelled within {x:.0f} x {y:.0f} m"


def _row(report: Report, stream: Report) -> list[str]:
    name = stream["sensor"]
    slip = next((each for each in report["cameras"] if each["camera"] == name), None)
    verdict = next((each for each in report["calibration"] if each["sensor"] == name), None)
    lost = stream["missing"] + stream["lost"]
    return [
        f"{name} ({stream['kind']})",
        f"{stream['samples']}" + (f", {lost} lost" if lost else ""),
        _number(stream["rate_hz"], "{:.2f}"),
        _number(stream["jitter_ms"], "{:.2f} ms"),
        _number(stream["offset_ms"], "{:+.1f} ms"),
        stream["brings"],
        "" if verdict is None else _calibration(verdict),
        "" if slip is None else _slip(slip),
    ]


def _number(value: float | None, shape: str) -> str:
    return "-" if value is None else shape.format(value)


def _calibration(verdict: Report) -> str:
    if verdict["fault"] is not None:
        return " or ".join(verdict_faults(verdict)).replace("_", " ").upper()
    if verdict["state"] == "unknown":
        return "cannot tell"
    return f"{verdict['state']} to {max(verdict['turn_deg'], 0.1):.1f} deg"


def verdict_faults(verdict: Report) -> list[str]:
    """The fault that is named, and those that come to the same."""
    return [str(each) for each in (verdict["fault"], *verdict["also"])]


def _slip(slip: Report) -> str:
    if slip["slip_px"] is None:
        return "nothing moves in view"
    return f"up to {slip['slip_px']:.0f} px (track {str(slip['track_id'])[:8]}, frame {slip['frame']})"


def _aligned(rows: list[list[str]]) -> list[str]:
    """Columns, each as wide as it must be; those without anything in them are left out."""
    kept = [column for column in zip(*rows, strict=True) if any(cell not in ("", "-") for cell in column[1:])]
    widths = [max(map(len, column)) for column in kept]
    lines = (
        "  ".join(f"{cell:<{width}}" for cell, width in zip(row, widths, strict=True))
        for row in zip(*kept, strict=True)
    )
    return [f"  {line.rstrip()}" for line in lines]
