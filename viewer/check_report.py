"""The report of a check: one HTML file that needs nothing else, with a picture of the evidence of each finding."""

from __future__ import annotations

from collections.abc import Sequence
from html import escape
from pathlib import Path

import numpy as np

from calibration.errors import InputError
from calibration.quaternion import FloatArray
from fusion.cloud import fused_cloud
from fusion.progress import Progress, silent
from fusion.recording import Recording
from fusion.samples import Float32Array
from labeling.cuboid import Cuboid
from labeling.frame_times import FrameTimes
from labeling.quality.finding import Finding, Severity
from labeling.quality.profile import RuleProfile
from labeling.track import PresenceKind, Track

_HALF_M, _HALF_PX = 10.0, 130
_MOST_POINTS = 1500
_LOW_M, _HIGH_M = -1.5, 3.0
_COLORS = {Severity.ERROR: "#c0392b", Severity.WARNING: "#b9770e", Severity.NOTE: "#5d6d7e"}
_STYLE = (
    "body{font:15px/1.5 system-ui,sans-serif;max-width:60rem;margin:2rem auto;padding:0 1rem;color:#222}"
    "article{display:flex;gap:1rem;border-top:1px solid #ddd;padding:1rem 0}svg{background:#fafafa;flex:none}"
    "h2{font-size:1rem;margin:0}small{color:#666}code{font-size:.85em}"
)


def write_report(
    path: Path,
    recording: Recording,
    tracks: Sequence[Track],
    found: Sequence[Finding],
    profile: RuleProfile,
    progress: Progress = silent,
) -> None:
    """Write the file. Raises InputError if that is not possible."""
    times, clouds = FrameTimes(recording), dict[int, Float32Array]()
    parts = []
    for done, finding in enumerate(found, start=1):
        parts.append(_article(finding, _picture(recording, times, tracks, finding, clouds)))
        progress(done, len(found))
    head = f"{len(found)} findings in {len(tracks)} tracks of {escape(recording.name)}"
    body = "\n".join(parts) or "<p>Nothing found.</p>"
    page = (
        f'<!doctype html><html lang="en"><meta charset="utf-8"><title>{head}</title><style>{_STYLE}</style>'
        f"<h1>{head}</h1><p>Rules {escape(profile.name)}, version {profile.version}. Pictures: the first frame of each "
        f"finding from above, {2 * _HALF_M:.0f} m wide; red its tracks, grey the others.</p>{body}</html>\n"
    )
    try:
        path.write_text(page, encoding="utf-8")
    except OSError as error:
        raise InputError(
            f"cannot write the report ({error.strerror})", do="choose a writable place", where=path
        ) from error


def _article(finding: Finding, picture: str) -> str:
    tracks = ", ".join(f"<code>{escape(each)}</code>" for each in finding.track_ids) or "no track"
    first, last = finding.frames
    cure = f"{len(finding.repair)} edits would repair it." if finding.repair else "No repair is proposed."
    return (
        f'<article>{picture}<div><h2 style="color:{_COLORS[finding.severity]}">{escape(str(finding.kind))} '
        f"<small>{finding.confidence:.0%} sure, {finding.severity}</small></h2><p>{escape(finding.why)}.</p>"
        f"<p><small>{tracks}; frames {first} to {last}. {cure}</small></p></div></article>"
    )


def _picture(
    recording: Recording,
    times: FrameTimes,
    tracks: Sequence[Track],
    finding: Finding,
    clouds: dict[int, Float32Array],
) -> str:
    """The points and cuboids around the place, from above, as SVG."""
    frame, centre = finding.frames[0], np.array(finding.place_m)
    if frame not in clouds:
        clouds[frame] = fused_cloud(recording, frame).points_in_world
    offsets = clouds[frame] - centre.astype(np.float32)
    near = np.all(np.abs(offsets[:, :2]) < _HALF_M, axis=1) & (offsets[:, 2] > _LOW_M) & (offsets[:, 2] < _HIGH_M)
    points = offsets[near][:: 1 + int(near.sum()) // _MOST_POINTS]
    dots = "".join(
        f'<circle cx="{x:.0f}" cy="{y:.0f}" r="1" fill="hsl({240 - 50 * float(z - _LOW_M):.0f} 70% 45%)"/>'
        for (x, y), z in zip(_pixels(points[:, :2]), points[:, 2], strict=True)
    )
    boxes = "".join(
        _outline(track.cuboid_at(moment), centre, track.id in finding.track_ids)
        for track, moment in zip(tracks, times.times_of(tracks, frame), strict=True)
        if track.presence_at(moment) is not PresenceKind.ABSENT
        and np.all(np.abs(track.at(moment).translation[:2] - centre[:2]) < _HALF_M)
    )
    size = 2 * _HALF_PX
    return f'<svg width="{size}" height="{size}" viewBox="0 0 {size} {size}">{dots}{boxes}</svg>'


def _pixels(places_m: FloatArray | Float32Array) -> FloatArray:
    return np.asarray(_HALF_PX * (1.0 + np.asarray(places_m, dtype=np.float64) / _HALF_M * np.array([1.0, -1.0])))


def _outline(cuboid: Cuboid, centre: FloatArray, mine: bool) -> str:
    """Its bottom, and a line to its front."""
    corners = cuboid.corners_in_world[:4, :2] - centre[:2]
    middle = cuboid.world_from_object.translation[:2] - centre[:2]
    front = 0.5 * (corners[0] + corners[1])
    ring = " ".join(f"{x:.1f},{y:.1f}" for x, y in _pixels(corners))
    (ax, ay), (bx, by) = _pixels(np.stack([middle, front]))
    color = "#c0392b" if mine else "#888"
    return (
        f'<polygon points="{ring}" fill="none" stroke="{color}" stroke-width="1.5"/>'
        f'<line x1="{ax:.1f}" y1="{ay:.1f}" x2="{bx:.1f}" y2="{by:.1f}" stroke="{color}"/>'
    )
