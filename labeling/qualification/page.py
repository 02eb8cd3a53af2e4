"""A qualification's result as one HTML page, with a view from above of the frame that went worst."""

from __future__ import annotations

import html

import numpy as np

from calibration.quaternion import FloatArray
from labeling.accuracy.page import document, table
from labeling.accuracy.pairwise import Agreement
from labeling.accuracy.segment import Sightings
from labeling.qualification.scoring import Score, worst_frame

_SHOWN = 20
_WIDTH = 760
_CORNERS = np.array([[1, 1], [1, -1], [-1, -1], [-1, 1]]) * 0.5


def qualification_page(found: Score, true: Sightings, said: Sightings) -> str:
    """true, said: what was judged, as `scoring.judged` gives it. All text is escaped."""
    verdict = "passed" if found.passed else "not passed"
    asked = found.standard
    summary = (
        f"<p><b>{verdict}</b>: asked are HOTA {asked.hota:g}, F1 {asked.f1:g}, mean IoU {asked.iou:g}. "
        f"{found.work.seconds / 60:.1f} minutes, {found.work.actions} actions, {found.work.undone} undone.</p>"
    )
    rows = [("all", *_values(found.overall)), *((name, *_values(each)) for name, each in found.classes.items())]
    scores = table("Scores", ("", "HOTA", "F1", "recall", "precision", "mean IoU", "cuboids"), rows)
    wrong = [
        (each.kind, each.class_name, each.track_id, f"{each.frames} of {each.of}") for each in found.findings[:_SHOWN]
    ]
    findings = table("What was missed, and what is not there", ("", "class", "track", "frames"), wrong)
    frame = worst_frame(true, said)
    caption = f"<figcaption>Frame {frame} from above: green the truth, blue what was labelled.</figcaption>"
    picture = f"<figure>{_from_above(true.cuboids[frame], said.cuboids[frame])}{caption}</figure>"
    return document(f"Qualification of {found.who}", [summary, scores, findings, picture])


def _values(found: Agreement) -> tuple[str, ...]:
    shares = found.hota, found.f1, found.recall, found.precision, found.iou
    return (*(f"{value:.3f}" for value in shares), str(found.truths))


def _from_above(true: FloatArray, said: FloatArray) -> str:
    both = np.concatenate([true, said])
    if not len(both):
        return "<p>Nothing is there.</p>"
    low, high = both[:, :2].min(axis=0) - 6.0, both[:, :2].max(axis=0) + 6.0
    scale = _WIDTH / float(max(high - low))
    shapes = [
        _outline(cuboid, low, scale, style)
        for cuboids, style in ((true, "fill='#26702a33' stroke='#26702a'"), (said, "fill='none' stroke='#1a5fb4'"))
        for cuboid in cuboids
    ]
    width, height = (scale * (high - low)).tolist()
    flip = f'<g transform="translate(0 {height:.0f}) scale(1 -1)">{"".join(shapes)}</g>'
    return f'<svg viewBox="0 0 {width:.0f} {height:.0f}" width="{width:.0f}" role="img">{flip}</svg>'


def _outline(cuboid: FloatArray, low: FloatArray, scale: float, style: str) -> str:
    c, s = np.cos(cuboid[6]), np.sin(cuboid[6])
    corners = (_CORNERS * cuboid[3:5]) @ np.array([[c, s], [-s, c]]) + cuboid[:2]
    points = " ".join(f"{x:.1f},{y:.1f}" for x, y in ((corners - low) * scale).tolist())
    return f'<polygon points="{html.escape(points)}" {style} stroke-width="1.5"/>'
