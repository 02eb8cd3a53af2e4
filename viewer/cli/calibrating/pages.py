"""Reports of calibrations: one HTML page each, without anything from outside."""

from __future__ import annotations

import html
from collections.abc import Iterable, Sequence
from pathlib import Path

import numpy as np

from calibration.errors import InputError
from calibration.quaternion import FloatArray

_STYLE = """
body { font: 15px/1.5 system-ui, sans-serif; margin: 2rem auto; max-width: 64rem; color: #1c1e21; }
table { border-collapse: collapse; } td, th { padding: 0.15rem 0.8rem 0.15rem 0; text-align: right; }
td:first-child, th:first-child { text-align: left; } svg { background: #f6f7f8; max-width: 100%; height: auto; }
figure { margin: 1.5rem 0; } figcaption { color: #5f6368; } text { font: 12px system-ui, sans-serif; fill: #5f6368; }
"""
_COLOURS = ("#1a5fb4", "#c64600", "#26702a", "#813d9c")
_WIDTH, _HEIGHT, _MARGIN = 900.0, 280.0, 46.0

Series = tuple[str, FloatArray, FloatArray]
"""Label, x (N,), y (N,)."""


def write_page(path: Path, title: str, parts: Iterable[str]) -> None:
    """parts: HTML. Raises InputError where it cannot be written."""
    head = (
        f"<!doctype html><html lang=en><meta charset=utf-8><title>{html.escape(title)}</title><style>{_STYLE}</style>"
    )
    text = "\n".join([head, f"<h1>{html.escape(title)}</h1>", *parts, "</html>"])
    try:
        path.write_text(text, encoding="utf-8")
    except OSError as error:
        raise InputError(f"cannot write the report ({error.strerror})", where=path) from error


def paragraph(text: str) -> str:
    """Escaped."""
    return f"<p>{html.escape(text)}</p>"


def table(header: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    """Escaped."""
    lines = ["<tr>" + "".join(f"<th>{html.escape(each)}" for each in header)]
    lines += ["<tr>" + "".join(f"<td>{html.escape(each)}" for each in row) for row in rows]
    return "<table>" + "".join(lines) + "</table>"


def plot(series: Sequence[Series], caption: str, *, dots: bool = False, equal: bool = False) -> str:
    """Lines or dots over each other. equal: a metre is as long upwards as it is to the right."""
    finite = [(label, x[np.isfinite(x + y)], y[np.isfinite(x + y)]) for label, x, y in series]
    every_x, every_y = np.concatenate([each[1] for each in finite]), np.concatenate([each[2] for each in finite])
    if not len(every_x):
        return ""
    low = np.array([every_x.min(), every_y.min()])
    span = np.maximum(np.array([every_x.max(), every_y.max()]) - low, 1e-12)
    room = np.array([_WIDTH, _HEIGHT if not equal else _WIDTH * 0.6]) - 2.0 * _MARGIN
    scale = np.repeat(np.min(room / span), 2) if equal else room / span
    height = room[1] + 2.0 * _MARGIN
    drawn = [
        _drawn(_MARGIN + (x - low[0]) * scale[0], height - _MARGIN - (y - low[1]) * scale[1], colour, dots=dots)
        for (_, x, y), colour in zip(finite, _COLOURS * 8, strict=False)
    ]
    legend = [
        f'<text x="{_MARGIN + 150 * number}" y="16" style="fill:{colour}">{html.escape(label)}</text>'
        for number, ((label, _, _), colour) in enumerate(zip(finite, _COLOURS * 8, strict=False))
    ]
    ends = [
        f'<text x="{_MARGIN}" y="{height - 14}">{low[0]:.4g}</text>',
        f'<text x="{_WIDTH - _MARGIN}" y="{height - 14}" text-anchor="end">{low[0] + room[0] / scale[0]:.4g}</text>',
        f'<text x="4" y="{height - _MARGIN}">{low[1]:.3g}</text>',
        f'<text x="4" y="{_MARGIN}">{low[1] + room[1] / scale[1]:.3g}</text>',
    ]
    svg = f'<svg viewBox="0 0 {_WIDTH} {height}" width="{_WIDTH}" role="img">{"".join(drawn + legend + ends)}</svg>'
    return f"<figure>{svg}<figcaption>{html.escape(caption)}</figcaption></figure>"


def _drawn(x: FloatArray, y: FloatArray, colour: str, *, dots: bool) -> str:
    if dots:
        marks = (f'<circle cx="{a:.1f}" cy="{b:.1f}" r="1.2"/>' for a, b in zip(x.tolist(), y.tolist(), strict=True))
        return f'<g fill="{colour}" fill-opacity="0.6">{"".join(marks)}</g>'
    points = " ".join(f"{a:.1f},{b:.1f}" for a, b in zip(x.tolist(), y.tolist(), strict=True))
    return f'<polyline points="{points}" fill="none" stroke="{colour}" stroke-width="1.3"/>'
