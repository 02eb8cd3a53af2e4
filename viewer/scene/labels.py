"""Cuboids and outlines of frames."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence

import numpy as np
import rerun as rr

from labeling.frame_labels import FrameLabels
from labeling.ontology import Ontology
from labeling.track import PresenceKind, Track
from viewer.scene.colors import SELECTED
from viewer.scene.entities import HEADINGS, outlines_entity, track_entity
from viewer.scene.stream import SceneStream

Color = tuple[int, int, int, int]

_LINE_PX = 0.8
_SELECTED_LINE_PX = 1.5
_OCCLUDED_ALPHA = 110
_HEADING = np.array([[0.0, 0.0, -1.0], [1.0, 0.0, -1.0], [1.35, 0.0, -1.0]])


def log_labels(
    stream: SceneStream,
    tracks: Mapping[str, Track],
    ontology: Ontology,
    frames: Sequence[FrameLabels],
    *,
    only: Iterable[str] | None = None,
    selected: str | None = None,
) -> None:
    """Log the outlines and the cuboids of the frames, all or `only` some; an id that no longer exists is cleared.

    How a cuboid looks does not change with time: `log_styles` logs it once for all, here it comes anew for `only` those
    whose look may have changed. (Rerun takes little data in between two paintings; each part counts.)
    """
    palette = _palette(tracks, ontology)
    if only is not None:
        log_styles(stream, {track_id: tracks[track_id] for track_id in only if track_id in tracks}, ontology, selected)
    for track_id in tracks if only is None else only:
        _log_track(stream, track_id, frames)
    cameras = sorted({camera for frame in frames for camera in frame.outlines})
    for frame in frames:
        stream.rerun.set_time("frame", sequence=frame.frame)
        _log_headings(stream, frame, palette, selected)
        for camera in cameras:
            _log_outlines(stream, camera, frame, palette, selected)


def log_styles(
    stream: SceneStream, tracks: Mapping[str, Track], ontology: Ontology, selected: str | None = None
) -> None:
    """Log how the cuboids of the tracks look: the class's colour, or white and thick for the selected one."""
    palette = _palette(tracks, ontology)
    for track_id, track in tracks.items():
        chosen = track_id == selected
        style = rr.Boxes3D.from_fields(
            colors=[SELECTED if chosen else (*palette[track_id], 255)],
            radii=[rr.Radius.ui_points(_SELECTED_LINE_PX if chosen else _LINE_PX)],
            fill_mode=rr.components.FillMode.TransparentFillMajorWireframe,
            labels=[f"{track.class_name} {track_id[:8]}"],
            show_labels=False,
        )
        stream.log(track_entity(track_id), style, static=True)


def _palette(tracks: Mapping[str, Track], ontology: Ontology) -> dict[str, tuple[int, int, int]]:
    return {track_id: ontology.of(track.class_name).color_rgb for track_id, track in tracks.items()}


def _log_track(stream: SceneStream, track_id: str, frames: Sequence[FrameLabels]) -> None:
    entity = track_entity(track_id)
    rows = [frame.track_ids.index(track_id) if track_id in frame.track_ids else -1 for frame in frames]
    shown = [(frame, row) for frame, row in zip(frames, rows, strict=True) if row >= 0]
    columns = rr.Boxes3D.columns(
        centers=np.array([f.world_from_object.translation[row] for f, row in shown]).reshape(-1, 3),
        half_sizes=np.array([0.5 * f.sizes_m[row] for f, row in shown]).reshape(-1, 3),
        quaternions=np.array([np.roll(f.world_from_object.rotation[row], -1) for f, row in shown]).reshape(-1, 4),
    )
    stream.log_columns(entity, [frame.frame for frame in frames], columns.partition([int(row >= 0) for row in rows]))


def _log_headings(
    stream: SceneStream, frame: FrameLabels, palette: Mapping[str, tuple[int, int, int]], selected: str | None
) -> None:
    """A line from the middle of the floor out of the front of every cuboid."""
    half = 0.5 * frame.sizes_m[:, None, :]
    lines = frame.world_from_object.apply(_HEADING[None] * half) if len(frame.track_ids) else np.empty((0, 3, 3))
    colors = [_color(frame, row, palette, selected) for row in range(len(frame.track_ids))]
    stream.log(HEADINGS, rr.LineStrips3D(lines, colors=colors, radii=rr.Radius.ui_points(_LINE_PX)))


def _log_outlines(
    stream: SceneStream,
    camera: str,
    frame: FrameLabels,
    palette: Mapping[str, tuple[int, int, int]],
    selected: str | None,
) -> None:
    outlines = frame.outlines.get(camera)
    if outlines is None or not len(outlines.owners):
        stream.log(outlines_entity(camera), rr.LineStrips2D(np.empty((0, 2, 2), np.float32)))
        return
    by_owner = np.array([_color(frame, row, palette, selected) for row in range(len(frame.track_ids))], dtype=np.uint8)
    widths = np.array([_SELECTED_LINE_PX if each == selected else _LINE_PX for each in frame.track_ids])
    strips = rr.LineStrips2D(
        outlines.segments_px + np.float32(0.5),  # Rerun's pixel corner against our pixel centre
        colors=by_owner[outlines.owners],
        radii=rr.Radius.ui_points(widths[outlines.owners]),
        draw_order=20.0,
    )
    stream.log(outlines_entity(camera), strips)


def _color(frame: FrameLabels, row: int, palette: Mapping[str, tuple[int, int, int]], selected: str | None) -> Color:
    track_id = frame.track_ids[row]
    if track_id == selected:
        return SELECTED
    alpha = 255 if frame.presence[row] is PresenceKind.OBSERVED else _OCCLUDED_ALPHA
    return (*palette[track_id], alpha)
