"""`boxwright calibrate`: estimate where sensors are and how they see."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from viewer.cli.commands import AsJson, Folder, RecordingName

Report = Annotated[Path | None, typer.Option(metavar="HTML", help="Write a page with pictures.")]
Adopt = Annotated[bool, typer.Option("--adopt", help="Make it a new version of the recording's rig.")]

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
    report: Report = None,
    adopt: Adopt = False,
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
    adopt: Adopt = False,
    as_json: AsJson = False,
) -> None:
    """Where a camera sits beside the LiDAR, from what both saw: no board, no picks."""
    from viewer.cli.calibrating import lidar_camera as worker

    worker.lidar_camera(folder, name, camera, reach_deg, adopt=adopt, as_json=as_json)


Reference = Annotated[str | None, typer.Option(metavar="NAME", help="The LiDAR that is right; by default the first.")]
ReachDeg = Annotated[float, typer.Option(min=0.1, max=20.0, help="How far off the rig may be, degrees.")]
ReachM = Annotated[float, typer.Option(min=0.01, max=3.0, help="How far off the rig may be, metres.")]
FromMotion = Annotated[
    bool, typer.Option("--from-motion", help="The rig knows nothing: begin at how both moved (needs turns).")
]


@calibrate.command("lidar-lidar", epilog="Example: boxwright calibrate lidar-lidar my-project drive --sensor left")
def lidar_lidar(
    folder: Folder,
    name: RecordingName,
    sensor: Annotated[str, typer.Option(metavar="NAME", help="The LiDAR to align.")],
    reference: Reference = None,
    reach_deg: ReachDeg = 3.0,
    reach_m: ReachM = 0.3,
    from_motion: FromMotion = False,
    report: Report = None,
    adopt: Adopt = False,
    as_json: AsJson = False,
) -> None:
    """Where one LiDAR sits beside another, from the surfaces that both saw."""
    from calibration import SensorKind
    from viewer.cli.calibrating import ranging as worker

    start = worker.Start(reach_deg, reach_m, from_motion)
    kind = SensorKind.LIDAR
    worker.ranging(folder, name, sensor, reference, kind, start, report, adopt=adopt, as_json=as_json)


@calibrate.command("depth-lidar", epilog="Example: boxwright calibrate depth-lidar my-project robot --sensor depth")
def depth_lidar(
    folder: Folder,
    name: RecordingName,
    sensor: Annotated[str, typer.Option(metavar="NAME", help="The depth camera to align.")],
    reference: Reference = None,
    reach_deg: ReachDeg = 3.0,
    reach_m: ReachM = 0.3,
    report: Report = None,
    adopt: Adopt = False,
    as_json: AsJson = False,
) -> None:
    """Where a depth camera sits beside a LiDAR, from the surfaces that both saw."""
    from calibration import SensorKind
    from viewer.cli.calibrating import ranging as worker

    start, kind = worker.Start(reach_deg, reach_m, from_motion=False), SensorKind.DEPTH
    worker.ranging(folder, name, sensor, reference, kind, start, report, adopt=adopt, as_json=as_json)


StreamName = Annotated[str, typer.Argument(metavar="STREAM", help="A file of poses or rates, ego, or a sensor.")]
OfProject = Annotated[Path | None, typer.Option("--project", metavar="DIR", help="A project, for names of streams.")]
OfRecording = Annotated[str | None, typer.Option("--recording", metavar="N", help="Its recording.")]


@calibrate.command("time", epilog="Example: boxwright calibrate time lidar_poses.txt imu.csv")
def time(
    a: StreamName,
    b: StreamName,
    project: OfProject = None,
    recording: OfRecording = None,
    most_s: Annotated[float, typer.Option(min=0.01, max=600.0, help="Search so far to both sides, seconds.")] = 2.0,
    report: Report = None,
    as_json: AsJson = False,
) -> None:
    """How late one clock is against another: two sensors on one body turn alike at the same moment."""
    from viewer.cli.calibrating import time as worker
    from viewer.cli.calibrating.streams import TwoStreams

    worker.time(TwoStreams(a, b, project, recording), most_s, report, as_json=as_json)


@calibrate.command(
    "handeye", epilog="Example: boxwright calibrate handeye ego lidar --project my-project --recording r"
)
def handeye(
    a: StreamName,
    b: StreamName,
    project: OfProject = None,
    recording: OfRecording = None,
    same_clock: Annotated[
        bool, typer.Option("--same-clock", help="The two share a clock: estimate no offset.")
    ] = False,
    drifting: Annotated[bool, typer.Option("--drifting", help="A file holds odometry: compare steps only.")] = False,
    near_m: Annotated[
        float | None, typer.Option(min=1e-4, help="The rig has the place right to about so many metres.")
    ] = None,
    near_deg: Annotated[
        float | None, typer.Option(min=1e-3, help="The rig has the rotation right to about so many degrees.")
    ] = None,
    report: Report = None,
    adopt: Adopt = False,
    as_json: AsJson = False,
) -> None:
    """Where one sensor sits on another, from how each saw itself move; and their time offset."""
    from viewer.cli.calibrating import handeye as worker
    from viewer.cli.calibrating.streams import TwoStreams

    known = worker.Known(same_clock, drifting, near_m, near_deg)
    worker.handeye(TwoStreams(a, b, project, recording), known, report, adopt=adopt, as_json=as_json)
