"""The report as one HTML page without anything from outside."""

from __future__ import annotations

import html
from collections.abc import Iterable

from labeling.accuracy.acceptance import ErrorRate
from labeling.accuracy.drift import Trend
from labeling.accuracy.gold import GoldScore
from labeling.accuracy.report import Report
from labeling.review.statistics import PersonStatistics

_STYLE = """
body { font: 15px/1.5 system-ui, sans-serif; margin: 2rem auto; max-width: 64rem; color: #1c1e21; }
table { border-collapse: collapse; } td, th { padding: 0.15rem 0.8rem 0.15rem 0; text-align: right; }
td:first-child, th:first-child { text-align: left; } svg { background: #f6f7f8; max-width: 100%; height: auto; }
.bad { color: #b00020; } figure { margin: 1.5rem 0; } figcaption { color: #5f6368; }
"""
_COLOURS = ("#1a5fb4", "#b8540a", "#26702a", "#8b2f8b", "#7a5c00", "#0e7490", "#b00020", "#444")
_WIDTH, _HEIGHT, _MARGIN = 760, 240, 40


def report_page(report: Report) -> str:
    """All text is escaped."""
    title = f"{report.project}: labels and how accurate they are"
    rooms = (_states, _people, _errors, _gold, _agreement, _counts)
    return document(title, [room(report) for room in rooms])


def document(title: str, parts: Iterable[str]) -> str:
    """A page of parts, which are HTML; the title is text."""
    head = f"<!doctype html><html lang=en><meta charset=utf-8><title>{html.escape(title)}</title>"
    body = [f"{head}<style>{_STYLE}</style>", f"<h1>{html.escape(title)}</h1>", *parts, "</html>"]
    return "\n".join(each for each in body if each)


def table(title: str, head: Iterable[str], rows: Iterable[Iterable[object]], note: str = "") -> str:
    """A table under a heading; all of it is text. Empty without rows."""
    cells = ["<tr>" + "".join(f"<td>{html.escape(str(each))}" for each in row) for row in rows]
    if not cells:
        return ""
    heads = "".join(f"<th>{html.escape(each)}" for each in head)
    foot = f"<p>{html.escape(note)}</p>" if note else ""
    return f"<h2>{html.escape(title)}</h2>{foot}<table><tr>{heads}{''.join(cells)}</table>"


def _states(report: Report) -> str:
    said = ", ".join(f"{count} {state.replace('_', ' ')}" for state, count in sorted(report.statistics.states.items()))
    changed = "".join(
        f"<p class=bad>{html.escape(task)} was accepted, and its tracks had {count} changes since</p>"
        for task, count in report.changed.items()
    )
    return f"<p>Tasks: {said or 'none yet'}.</p>{changed}"


def _people(report: Report) -> str:
    rows = [
        (name, p.submitted, p.accepted, p.first_time, p.returned, p.reviewed, p.comments, p.overruled, _minutes(p))
        for name, p in sorted(report.statistics.people.items())
    ]
    head = ("", "submitted", "accepted", "at once", "returned", "verdicts", "comments", "overruled", "minutes")
    return table("People", head, rows)


def _minutes(found: PersonStatistics) -> str:
    return f"{found.working_s / 60:.1f}"


def _errors(report: Report) -> str:
    everybody = [("everybody", report.errors), *report.errors_by_person.items()] if report.errors.inspected else []
    return table(
        "Tracks at fault, of those that reviewers looked at",
        ("", "looked at", "at fault", "share", "95 % interval"),
        [(name, each.inspected, each.defects, f"{100 * each.rate:.1f} %", _interval(each)) for name, each in everybody],
        "First verdicts on tasks that were reviewed whole or by a random sample.",
    )


def _interval(rate: ErrorRate) -> str:
    return f"{100 * rate.low:.1f} to {100 * rate.high:.1f} %"


def _gold(report: Report) -> str:
    if not report.gold:
        return ""
    rows = [_trend_row(name, each) for name, each in (*report.people.items(), *report.classes.items())]
    scores = table("Against gold (F1 at IoU 0.5)", ("", "scores", "mean", "latest", "per day", "drift"), rows)
    caption = "<figcaption>Every submission against gold: F1 over time.</figcaption>"
    return f"{scores}<figure>{_plot(report.gold)}{caption}</figure>"


def _trend_row(name: str, found: Trend) -> tuple[object, ...]:
    slope = "" if found.slope_per_day is None else f"{found.slope_per_day:+.4f} ({found.low:+.4f} to {found.high:+.4f})"
    word = "" if not found.drifts else ("better" if (found.slope_per_day or 0.0) > 0 else "worse")
    return name, found.count, f"{found.mean:.3f}", f"{found.latest:.3f}", slope, word


def _plot(scores: tuple[GoldScore, ...]) -> str:
    """One line for each person."""
    first, last = scores[0].at_ns, scores[-1].at_ns
    wide, high = _WIDTH - 2 * _MARGIN, _HEIGHT - 2 * _MARGIN
    names = sorted({each.person for each in scores})
    parts = [
        f'<text x="4" y="{_MARGIN + (1 - v) * high + 4:.0f}" font-size="12">{v:.1f}</text>'
        f'<line x1="{_MARGIN}" x2="{_WIDTH - _MARGIN}" y1="{_MARGIN + (1 - v) * high:.0f}" '
        f'y2="{_MARGIN + (1 - v) * high:.0f}" stroke="#ddd"/>'
        for v in (0.0, 0.5, 1.0)
    ]
    for number, name in enumerate(names):
        colour = _COLOURS[number % len(_COLOURS)]
        points = [
            (_MARGIN + wide * (each.at_ns - first) / max(1, last - first), _MARGIN + (1 - each.overall.f1) * high)
            for each in scores
            if each.person == name
        ]
        line = " ".join(f"{x:.1f},{y:.1f}" for x, y in points)
        parts.append(f'<polyline points="{line}" fill="none" stroke="{colour}" stroke-width="2"/>')
        parts += [f'<circle cx="{x:.1f}" cy="{y:.1f}" r="3.5" fill="{colour}"/>' for x, y in points]
        label = f'x="{_MARGIN + 110 * number}" y="20" fill="{colour}" font-size="13"'
        parts.append(f"<text {label}>{html.escape(name)}</text>")
    return f'<svg viewBox="0 0 {_WIDTH} {_HEIGHT}" width="{_WIDTH}" role="img">{"".join(parts)}</svg>'


def _agreement(report: Report) -> str:
    rows = []
    for each in report.pairs:
        values = each.alpha, each.agreement.hota, each.agreement.f1, each.agreement.iou
        who = f"{each.recording}: {' and '.join(each.people)}"
        rows.append((who, each.frames, *(f"{value:.3f}" for value in values)))
    head = ("", "frames", "alpha", "HOTA", "F1", "mean IoU")
    return table("Agreement between people", head, rows, "On what both labelled, each in a layer of their own.")


def _counts(report: Report) -> str:
    classes = [(name, each.tracks, each.comments) for name, each in sorted(report.statistics.classes.items())]
    rules = [
        (name, each.comments, each.escalated, each.decided) for name, each in sorted(report.statistics.rules.items())
    ]
    return table("Classes", ("", "tracks", "comments"), classes) + table(
        "Rules", ("", "findings", "escalated", "decided"), rules
    )
