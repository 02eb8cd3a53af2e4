"""From an edit to its redraw, through the real server in process: on disk, and the current frame's labels as bytes."""

from __future__ import annotations

import argparse
import sys
import tempfile
import uuid
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from benchmarks.drive import NAME, make_project
from benchmarks.frame_files import FrameFileEditor
from benchmarks.report import MissingPeerError, Peer, Report, run
from benchmarks.timing import Timing, interleaved
from calibration.errors import InputError
from fusion.timeline import Int64Array
from labeling.importing import add_tracks
from labeling.project import Project
from labeling.track import PresenceKind, Track
from viewer.server.app import create_app
from viewer.server.security import Access

TARGET_MS = 50.0
_HOST, _TOKEN = "127.0.0.1:8080", "benchmark"
_RESIZE_EVERY = 10


@dataclass(frozen=True, slots=True)
class Shown:
    """Where the edits happen: a frame, and the tracks that it shows at their moments."""

    name: str
    frame: int
    frame_times_ns: Int64Array
    tracks: list[Track]
    moments: dict[str, int]

    def visible(self, turn: int) -> Track:
        """Another track each time."""
        ids = list(self.moments)
        wanted = ids[turn % len(ids)]
        return next(track for track in self.tracks if track.id == wanted)


class Page:
    """What the page does: send an edit, ask for the frame's labels."""

    def __init__(self, client: Any, shown: Shown) -> None:
        self._client = client
        self._shown = shown
        self._base = f"/api/recordings/{shown.name}"

    def move(self, turn: int) -> None:
        """Five centimetres, there and back."""
        track = self._shown.visible(turn)
        offset = 0.05 if turn % 2 else -0.05
        moment = self._shown.moments[track.id]
        self._edit({"kind": "move", "track_id": track.id, "time_ns": moment, "offset_m": [offset, 0.0, 0.0]})

    def resize(self, turn: int) -> None:
        """Another length, the rear held."""
        track = self._shown.visible(turn)
        length, width, height = track.size_m
        size = [length + 0.01 * (1 + turn % 7), width, height]
        self._edit({"kind": "resize", "track_id": track.id, "size_m": size, "anchor": [-1, 0, 0]})

    def redraw(self, turn: int) -> int:
        """The current frame with the edited track's cuboid; bytes."""
        frame, track = self._shown.frame, self._shown.visible(turn).id
        question = {"first": frame, "last": frame, "track": track, "selected": track}
        return len(_checked(self._client.get(f"{self._base}/labels", params=question)).content)

    def _edit(self, edit: dict[str, Any]) -> None:
        _checked(self._client.post(f"{self._base}/edits", json={"key": uuid.uuid4().hex, "edit": edit}))


def _checked(response: Any) -> Any:
    if response.status_code != 200:
        raise InputError(f"the server answered {response.status_code}", where=response.text[:200])
    return response


def measure(options: argparse.Namespace, command: str) -> Report:
    """In a temporary copy: nobody's labels are touched."""
    with tempfile.TemporaryDirectory() as folder:
        root = Path(folder) / "project"
        if options.recording is None:
            name, project = NAME, make_project(root, options.frames, options.tracks)
        else:
            name, project = options.name, copy_project(Project.open(options.recording), options.name, root)
        shown = _shown(project, name)
        files = Path(folder) / "frames"
        files.mkdir()
        editor = FrameFileEditor(files, shown.tracks, shown.frame_times_ns)
        with _client(project) as client:
            timings = _timings(Page(client, shown), editor, shown, options.repetitions)
            page_bytes = Page(client, shown).redraw(0)
    return _report(shown, timings, page_bytes, command)


def copy_project(source: Project, name: str, root: Path) -> Project:
    """The labels copied, the recording linked."""
    recording = source.recording_path(name)
    if not recording.is_file():
        raise InputError("there is no such recording in the project", where=recording)
    project = Project.create(root)
    project.save_ontology(source.ontology())
    project.recording_path(name).symlink_to(recording.resolve())
    labels, copies = source.labels(), project.labels()
    add_tracks(copies, name, list(labels.tracks(name).values()))
    labels.close()
    copies.close()
    return project


def _client(project: Project) -> Any:
    try:
        from starlette.testclient import TestClient
    except (ImportError, RuntimeError) as error:
        raise MissingPeerError("httpx is not installed", do="run `make bench`, which installs it") from error
    app = create_app(project, Access(_TOKEN, frozenset({_HOST})), with_page=False)
    return TestClient(app, base_url=f"http://{_HOST}", headers={"authorization": f"Bearer {_TOKEN}"})


def _shown(project: Project, name: str) -> Shown:
    """The middle frame and the tracks that it shows."""
    from labeling.frame_times import FrameTimes

    labels = project.labels()
    tracks = list(labels.tracks(name).values())
    labels.close()
    with project.recording(name) as recording:
        times, frame = FrameTimes(recording), len(recording.frames) // 2
        found = {track.id: times.shown(track, frame) for track in tracks}
        frame_times = recording.frames.times_ns
    moments = {each: time_ns for each, (time_ns, kind) in found.items() if kind is not PresenceKind.ABSENT}
    if not moments:
        raise InputError("the middle frame shows no track", where=name)
    return Shown(name, frame, frame_times, tracks, moments)


def _timings(page: Page, editor: FrameFileEditor, shown: Shown, repetitions: int) -> dict[str, Timing]:
    index = {track.id: row for row, track in enumerate(shown.tracks)}
    moves = interleaved(
        {
            "move": page.move,
            "move_redraw": page.redraw,
            "peer_move": lambda turn: editor.move(index[shown.visible(turn).id], shown.frame, 0.05),
        },
        repetitions,
        warm_up=3,
    )
    resizes = interleaved(
        {
            "resize": page.resize,
            "resize_redraw": page.redraw,
            "peer_resize": lambda turn: editor.resize(index[shown.visible(turn).id], 4.0 + 0.01 * (turn % 7)),
        },
        max(3, repetitions // _RESIZE_EVERY),
    )
    return moves | resizes


def _report(shown: Shown, timings: dict[str, Timing], page_bytes: int, command: str) -> Report:
    total = timings["move"] + timings["move_redraw"]
    figures = {
        "tracks": float(len(shown.tracks)),
        "tracks_in_frame": float(len(shown.moments)),
        "frames": float(len(shown.frame_times_ns)),
        "edit_ms": timings["move"].median_ms,
        "edit_p95_ms": timings["move"].p95_ms,
        "redraw_ms": timings["move_redraw"].median_ms,
        "redraw_p95_ms": timings["move_redraw"].p95_ms,
        "sum_ms": total.median_ms,
        "sum_p95_ms": total.p95_ms,
        "redraw_bytes": float(page_bytes),
        "peer_move_ms": timings["peer_move"].median_ms,
        "resize_ms": timings["resize"].median_ms,
        "peer_resize_ms": timings["peer_resize"].median_ms,
    }
    return Report(
        name="edit_latency",
        title="An edit on disk and the current frame redrawn, on the server's side",
        figures=figures,
        ratio=figures["peer_resize_ms"] / figures["resize_ms"],
        target=f"edit and redraw below {TARGET_MS:.0f} ms in the median",
        met=total.median_ms < TARGET_MS,
        peer=Peer("a baseline of ours that rewrites a JSON file per frame with fsync", "-"),
        command=command,
        notes=(
            "the ratio is that of an edit of a whole track (a resize); peer_move_ms is one box in one frame's file",
            "the baseline is called directly: no HTTP, no journal, no undo, no redraw",
        ),
    )


def _arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--tracks", type=int, default=300)
    parser.add_argument("--frames", type=int, default=100)
    parser.add_argument("--repetitions", type=int, default=60)
    parser.add_argument("--recording", type=Path, metavar="DIR", help="a project; its labels are copied, not edited")
    parser.add_argument("--name", default="drive", help="the recording in the project")


def main(arguments: list[str] | None = None) -> int:
    """The command."""
    return run("edit_latency", _arguments, measure, arguments)


if __name__ == "__main__":
    sys.exit(main())
