"""serve and demo."""

from __future__ import annotations

import tempfile
import threading
import webbrowser
from pathlib import Path

from calibration.errors import InputError
from labeling.formats import LABEL_FORMATS
from labeling.importing import import_labels
from labeling.project import Project
from viewer.cli.console import remark, results

_SAMPLE = "street"


def serve_project(folder: Path, port: int, *, open_browser: bool) -> None:
    """Serve until stopped."""
    from viewer.server import serve

    def announce(address: str) -> None:
        results.print(f"Boxwright serves {folder} at\n  {address}\nStop with Ctrl+C.")
        if open_browser:
            threading.Timer(1.0, webbrowser.open, args=(address,)).start()

    project = Project.open(folder)
    if not project.recording_names():
        remark(f"the project has no recording yet: `boxwright import SOURCE {folder}`")
    serve(project, port, announce)


def demo(folder: Path | None, port: int, *, open_browser: bool) -> None:
    """Serve the sample: in a folder that keeps the labels, or in a temporary one."""
    if folder is not None:
        _fill(folder)
        serve_project(folder, port, open_browser=open_browser)
        return
    with tempfile.TemporaryDirectory(prefix="boxwright-demo-") as temporary:
        _fill(Path(temporary))
        serve_project(Path(temporary), port, open_browser=open_browser)


def _fill(folder: Path) -> None:
    project = Project.create(folder)
    if _SAMPLE in project.recording_names():
        return
    recording, tracks = _sample_files()
    project.recording_path(_SAMPLE).write_bytes(recording.read_bytes())
    import_labels(project, _SAMPLE, tracks, LABEL_FORMATS["boxwright"])


def _sample_files() -> tuple[Path, Path]:
    """In an installed wheel beside this package, in a checkout in sample_data/."""
    package = Path(__file__).parent.parent
    for place in (package / "sample", package.parent / "sample_data"):
        files = place / f"{_SAMPLE}.h5", place / f"{_SAMPLE}.tracks.json"
        if all(file.is_file() for file in files):
            return files
    raise InputError(
        "the sample recording is missing",
        do="run `make sample` in a checkout, or install boxwright again",
        where=package / "sample",
    )
