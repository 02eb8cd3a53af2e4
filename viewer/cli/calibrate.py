"""`boxwright calibrate`: estimate where sensors are and how they see."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from viewer.cli.commands import AsJson, Folder, RecordingName

calibrate = typer.Typer(
    name="calibrate",
    help="Estimate how cameras see and where they sit.",
    no_args_is_help=True,
    add_completion=False,
    rich_markup_mode=None,
    pretty_exceptions_enable=False,
    epilog="Example: boxwright calibrate intrinsics --images photos --board 7x5",
)


@calibrate.callback()
def group() -> None:
    """Estimate how cameras see and where they sit."""


@calibrate.command(epilog="Example: boxwright calibrate intrinsics --images photos --board 7x5 --square 0.108")
def intrinsics(
    images: Annotated[Path | None, typer.Option(metavar="DIR", help="A folder of photos of the board.")] = None,
    board: Annotated[
        str, typer.Option(help="Columns x rows: inner corners, squares of a ChArUco board, tags.")
    ] = "7x5",
    kind: Annotated[str, typer.Option(help="chessboard, charuco or aprilgrid.")] = "chessboard",
    square: Annotated[float, typer.Option(help="Edge of a square, or of a tag, metres.")] = 1.0,
    project: Annotated[Path | None, typer.Option(metavar="DIR", help="Instead of --images: a project.")] = None,
    recording: Annotated[str | None, typer.Option(metavar="N", help="Its recording.")] = None,
    camera: Annotated[str | None, typer.Option(metavar="NAME", help="The camera that looks at the board.")] = None,
    every: Annotated[int, typer.Option(min=1, help="Look at every so manieth photo of a recording.")] = 5,
    report: Annotated[Path | None, typer.Option(metavar="HTML", help="Write a page with pictures.")] = None,
    adopt: Annotated[bool, typer.Option("--adopt", help="Make it a new version of the recording's rig.")] = False,
    as_json: AsJson = False,
) -> None:
    """Focal lengths, centre and distortion of a camera, with how sure each is."""
    from viewer.cli.calibrating import intrinsics as worker

    source = worker.Source(images, project, recording, camera, every)
    worker.intrinsics(source, board, kind, square, report, adopt=adopt, as_json=as_json)


@calibrate.command("lidar-camera", epilog="Example: boxwright calibrate lidar-camera my-project drive --camera front")
def lidar_camera(
    folder: Folder,
    name: RecordingName,
    camera: Annotated[str, typer.Option(metavar="NAME", help="The camera to align.")],
    reach_deg: Annotated[float, typer.Option(min=0.5, max=15.0, help="How far off it may be, degrees.")] = 2.0,
    adopt: Annotated[bool, typer.Option("--adopt", help="Make it a new version of the recording's rig.")] = False,
    as_json: AsJson = False,
) -> None:
    """Where a camera sits beside the LiDAR, from what both saw: no board, no picks."""
    from viewer.cli.calibrating import lidar_camera as worker

    worker.lidar_camera(folder, name, camera, reach_deg, adopt=adopt, as_json=as_json)
