"""What a calibration looked at and how well it agrees, as one HTML page without anything from outside."""

from __future__ import annotations

import html
from collections.abc import Mapping

import numpy as np

from calibration.intrinsics.calibrating import Calibrated, View

_ARROWS = 60.0
"""Residuals are drawn so many times as long."""
_CELLS = 8
_STYLE = """
body { font: 15px/1.5 system-ui, sans-serif; margin: 2rem auto; max-width: 64rem; color: #1c1e21; }
table { border-collapse: collapse; } td, th { padding: 0.15rem 0.8rem 0.15rem 0; text-align: right; }
td:first-child, th:first-child { text-align: left; } svg { background: #f6f7f8; max-width: 100%; height: auto; }
.bad { color: #b00020; } figure { margin: 1.5rem 0; } figcaption { color: #5f6368; }
"""


def report_html(found: Calibrated, failures: Mapping[str, str], title: str) -> str:
    """failures: photos without a board, and why. All text is escaped."""
    camera = found.camera
    parts = [
        f"<!doctype html><html lang=en><meta charset=utf-8><title>{html.escape(title)}</title><style>{_STYLE}</style>",
        f"<h1>{html.escape(title)}</h1>",
        f"<p>{camera.width_px} x {camera.height_px} px, model <b>{html.escape(found.model)}</b>: corners lie "
        f"<b>{found.rms_px:.3f} px</b> (RMS) from where the camera predicts them, in "
        f"{sum(view.used for view in found.views)} photos of {len(found.views) + len(failures)}.</p>",
        _parameters(found),
        _models(found),
        _figure(
            _coverage(found), "Where corners were seen: every dot is one. Empty corners of the photo are extrapolated."
        ),
        _figure(
            _residuals(found), f"Residuals, {_ARROWS:.0f} times as long: they should look like noise, not like a lens."
        ),
        _views(found.views),
        _failures(failures),
        "</html>",
    ]
    return "\n".join(parts)


def _parameters(found: Calibrated) -> str:
    record = found.camera.to_record()
    rows = [
        f"<tr><td>{html.escape(name)}<td>{record[name]:.5g}<td>&plusmn; {sigma:.2g}"
        for name, sigma in found.sigmas.items()
    ]
    return "<h2>Camera</h2><table><tr><th>parameter<th>value<th>one sigma" + "".join(rows) + "</table>"


def _models(found: Calibrated) -> str:
    if len(found.validation_px) < 2:
        return ""
    rows = [f"<tr><td>{html.escape(name)}<td>{rms:.3f} px" for name, rms in found.validation_px.items()]
    return "<h2>Models, on photos that they were not estimated from</h2><table>" + "".join(rows) + "</table>"


def _figure(svg: str, caption: str) -> str:
    return f"<figure>{svg}<figcaption>{html.escape(caption)}</figcaption></figure>"


def _svg(found: Calibrated, content: str) -> str:
    width, height = found.camera.width_px, found.camera.height_px
    return f'<svg viewBox="0 0 {width} {height}" width="{width}" role="img">{content}</svg>'


def _coverage(found: Calibrated) -> str:
    width, height = found.camera.width_px, found.camera.height_px
    pixels = np.concatenate([view.pixels for view in found.views if view.used])
    counts, _, _ = np.histogram2d(
        pixels[:, 0], pixels[:, 1], bins=_CELLS, range=[[-0.5, width - 0.5], [-0.5, height - 0.5]]
    )
    empty = [
        f'<rect x="{i * width / _CELLS:.1f}" y="{j * height / _CELLS:.1f}" width="{width / _CELLS:.1f}" '
        f'height="{height / _CELLS:.1f}" fill="#f3c9c9"/>'
        for i in range(_CELLS)
        for j in range(_CELLS)
        if counts[i, j] == 0
    ]
    dots = [f'<circle cx="{x:.1f}" cy="{y:.1f}" r="2.5" fill="#1a5fb4"/>' for x, y in pixels.tolist()]
    return _svg(found, "".join(empty + dots))


def _residuals(found: Calibrated) -> str:
    lines = []
    for view in found.views:
        colour = "#b00020" if view.outlier else "#26702a"
        for (x, y), (dx, dy) in zip(view.pixels.tolist(), view.residuals_px.tolist(), strict=True):
            end = f'x2="{x + _ARROWS * dx:.1f}" y2="{y + _ARROWS * dy:.1f}"'
            lines.append(f'<line x1="{x:.1f}" y1="{y:.1f}" {end} stroke="{colour}" stroke-width="1.2"/>')
    return _svg(found, "".join(lines))


def _views(views: tuple[View, ...]) -> str:
    rows = []
    for view in views:
        said = "does not agree with the others" if view.outlier else ("" if view.used else "not needed")
        mark = " class=bad" if view.outlier else ""
        rows.append(f"<tr{mark}><td>{html.escape(view.name)}<td>{view.rms_px:.3f} px<td>{said}")
    return "<h2>Photos</h2><table><tr><th>photo<th>RMS<th>" + "".join(rows) + "</table>"


def _failures(failures: Mapping[str, str]) -> str:
    if not failures:
        return ""
    rows = [f"<tr class=bad><td>{html.escape(name)}<td>{html.escape(why)}" for name, why in failures.items()]
    return "<h2>Photos without the board</h2><table>" + "".join(rows) + "</table>"
