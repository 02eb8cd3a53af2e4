"""A diff as one HTML page: each changed track with a picture from above, before and after."""

from __future__ import annotations

import html
from collections.abc import Mapping
from itertools import groupby

import numpy as np

from calibration.quaternion import FloatArray
from labeling.cuboid import CORNER_SIGNS
from labeling.track import Track
from labeling.versions.diff import UNITS, Difference

_STYLE = """
body { font: 15px/1.5 system-ui, sans-serif; margin: 2rem auto; max-width: 64rem; color: #1c1e21; }
section { display: flex; gap: 1.5rem; margin: 1rem 0; } svg { background: #f6f7f8; flex: none; } h2 { font-size: 1rem; }
"""
_SIDE_PX = 260
_MOST_POSES = 40
_BEFORE, _AFTER = "#b8540a", "#1a5fb4"


def diff_page(
    title: str, found: list[Difference], before: Mapping[str, Track], after: Mapping[str, Track], start_ns: int
) -> str:
    """start_ns: the moment from which seconds count. All text is escaped."""
    parts = [
        f"<!doctype html><html lang=en><meta charset=utf-8><title>{html.escape(title)}</title><style>{_STYLE}</style>",
        f"<h1>{html.escape(title)}</h1>",
        f"<p>{len(found)} changes. From above: orange before, blue after; the dot is the first pose.</p>",
    ]
    for track_id, changes in groupby(found, key=lambda each: each.track_id):
        picture = _picture(before.get(track_id), after.get(track_id))
        lines = "".join(f"<li>{html.escape(_line(each, start_ns))}" for each in changes)
        parts.append(f"<section>{picture}<div><h2>{html.escape(track_id)}</h2><ul>{lines}</ul></div></section>")
    return "\n".join([*parts, "</html>"])


def _line(change: Difference, start_ns: int) -> str:
    first, last = ((each - start_ns) * 1e-9 for each in (change.start_ns, change.end_ns))
    unit = UNITS.get(change.kind, "")
    size = f", {change.amount:.3g} {unit}" if unit else ""
    detail = f": {change.detail}" if change.detail else ""
    return f"{change.kind} from {first:.2f} to {last:.2f} s{size}{detail}"


def _picture(before: Track | None, after: Track | None) -> str:
    shown = [(track, colour) for track, colour in ((before, _BEFORE), (after, _AFTER)) if track is not None]
    outlines = [(_outlines(track), colour) for track, colour in shown]
    corners = np.concatenate([each.reshape(-1, 2) for each, _ in outlines])
    low = corners.min(axis=0)
    scale = (_SIDE_PX - 20) / max(float(np.ptp(corners, axis=0).max()), 1.0)
    shapes = "".join(
        _drawn((each - low) * scale + 10.0, colour, width)
        for (each, colour), width in zip(outlines, (2.6, 1.0), strict=False)
    )
    flip = f'<g transform="translate(0 {_SIDE_PX}) scale(1 -1)">{shapes}</g>'
    return f'<svg viewBox="0 0 {_SIDE_PX} {_SIDE_PX}" width="{_SIDE_PX}" height="{_SIDE_PX}" role="img">{flip}</svg>'


def _outlines(track: Track) -> FloatArray:
    """(P, 4, 2) the bottom's corners at up to 40 knots, the first and the last among them."""
    rows = np.unique(np.linspace(0, len(track) - 1, min(len(track), _MOST_POSES)).astype(int))
    poses = track.at(track.times_ns[rows])
    corners = CORNER_SIGNS[:4] * (0.5 * np.array(track.size_m))
    return np.stack([poses[row].apply(corners)[:, :2] for row in range(len(rows))])


def _drawn(outlines: FloatArray, colour: str, width: float) -> str:
    """The way, and the cuboids at its knots; what was before is wider, so that both can be seen."""
    centres = outlines.mean(axis=1)
    way = " ".join(f"{x:.1f},{y:.1f}" for x, y in centres.tolist())
    boxes = "".join(
        f'<polygon points="{" ".join(f"{x:.1f},{y:.1f}" for x, y in each.tolist())}" fill="none" stroke="{colour}" '
        f'stroke-width="{width}"/>'
        for each in outlines
    )
    x, y = centres[0].tolist()
    dot = f'<circle cx="{x:.1f}" cy="{y:.1f}" r="{2.0 + width:.1f}" fill="{colour}"/>'
    return f'{boxes}<polyline points="{way}" fill="none" stroke="{colour}" stroke-width="{width}"/>{dot}'
