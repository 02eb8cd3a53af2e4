"""The commands. Each imports what it needs when it runs, so that `--help` answers at once."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from viewer import __version__

app = typer.Typer(
    name="boxwright",
    help="Label and review 3D tracks in recordings of cameras, depth sensors and LiDARs.",
    no_args_is_help=True,
    add_completion=False,
    rich_markup_mode=None,
    pretty_exceptions_enable=False,
)

Folder = Annotated[Path, typer.Argument(metavar="DIR", help="The project folder.")]
RecordingName = Annotated[str, typer.Argument(metavar="N", help="Name of the recording; see `boxwright info DIR`.")]
AsJson = Annotated[bool, typer.Option("--json", help="Answer with one JSON object on stdout.")]
Port = Annotated[int, typer.Option(help="Port on the loopback interface; 0 takes any free one.")]
NoBrowser = Annotated[bool, typer.Option("--no-browser", help="Only print the address.")]


def _version(wanted: bool) -> None:
    if wanted:
        typer.echo(f"boxwright {__version__}")
        raise typer.Exit


@app.callback()
def root(
    version: Annotated[
        bool, typer.Option("--version", callback=_version, is_eager=True, help="Print the version.")
    ] = False,
) -> None:
    """Label and review 3D tracks in recordings of cameras, depth sensors and LiDARs."""


@app.command(epilog="Example: boxwright demo")
def demo(
    port: Port = 8300,
    no_browser: NoBrowser = False,
    folder: Annotated[Path | None, typer.Option("--dir", help="Keep the demo's labels in this folder.")] = None,
) -> None:
    """Serve the synthetic sample recording, ready to label."""
    from viewer.cli import serving

    serving.demo(folder, port, open_browser=not no_browser)


@app.command(epilog="Example: boxwright init my-project")
def init(folder: Folder) -> None:
    """Make a project folder."""
    from viewer.cli import projects

    projects.init(folder)


@app.command("import", epilog="Example: boxwright import pandaset/002 my-project")
def import_(
    source: Annotated[Path, typer.Argument(metavar="SOURCE", help="A dataset folder, a log, or a label file.")],
    folder: Folder,
    format_name: Annotated[str | None, typer.Option("--format", help="Format of SOURCE; guessed if not given.")] = None,
    name: Annotated[
        str | None, typer.Option(help="Name of the recording; for a label file, the one it belongs to.")
    ] = None,
    sequence: Annotated[str | None, typer.Option(help="Which one, where the source holds several.")] = None,
    stream: Annotated[
        list[str] | None, typer.Option(metavar="TOPIC=SENSOR", help="Name a topic's sensor; TOPIC=- leaves it out.")
    ] = None,
    ego_frame: Annotated[str | None, typer.Option(help="The frame that moves with the vehicle, in a log.")] = None,
    odometry: Annotated[bool, typer.Option("--odometry", help="Estimate the ego motion from the LiDAR.")] = False,
    compact: Annotated[
        bool, typer.Option("--compact", help="Points to the millimetre, in another order: a third of the size.")
    ] = False,
    as_json: AsJson = False,
) -> None:
    """Bring a dataset, a log, or labels of a recording, into a project."""
    from viewer.cli import importing

    options = importing.options_of(stream or [], sequence, ego_frame, odometry)
    importing.import_(source, folder, format_name, name, options, compact, as_json)


@app.command(epilog="Example: boxwright info my-project pandaset-002")
def info(
    folder: Folder,
    name: Annotated[str | None, typer.Argument(metavar="[N]", help="Name of a recording.")] = None,
    quick: Annotated[bool, typer.Option("--quick", help="Do not check the calibration.")] = False,
    as_json: AsJson = False,
) -> None:
    """What is in a project, or in a recording: sensors, times, poses, calibration, and what is wrong with any of it."""
    from viewer.cli import inspection

    inspection.info(folder, name, as_json, quick=quick)


@app.command(epilog="Example: boxwright serve my-project --port 8400")
def serve(folder: Folder, port: Port = 8300, no_browser: NoBrowser = False) -> None:
    """Serve a project's workbench page on this machine."""
    from viewer.cli import serving

    serving.serve_project(folder, port, open_browser=not no_browser)


@app.command(epilog="Example: boxwright export my-project pandaset-002 --format argoverse2 --out annotations.feather")
def export(
    folder: Folder,
    name: RecordingName,
    format_name: Annotated[str, typer.Option("--format", help="argoverse2, kitti or boxwright.")],
    out: Annotated[Path, typer.Option(help="The file to write.")],
    as_json: AsJson = False,
) -> None:
    """Write a recording's labels in a format; what the format cannot say is listed and gives exit code 3."""
    from viewer.cli import projects

    raise typer.Exit(projects.export(folder, name, format_name, out, as_json))


@app.command(epilog="Example: boxwright view my-project pandaset-002 --save scene.rrd")
def view(
    folder: Folder, name: RecordingName, save: Annotated[Path, typer.Option(help="The .rrd file to write.")]
) -> None:
    """Write the scene for Rerun's native viewer."""
    from viewer.cli import inspection

    inspection.view(folder, name, save)


@app.command(epilog="Example: boxwright scenario crossing_behind_truck --out my-project")
def scenario(
    scene: Annotated[
        str | None,
        typer.Argument(metavar="[SCENE]", help="A shipped synthetic world, or a YAML file; none lists them."),
    ] = None,
    out: Annotated[Path | None, typer.Option(help="The project folder to put it into; made if missing.")] = None,
    seed: Annotated[int, typer.Option(help="Another number, other noise and other details.", min=0)] = 0,
    name: Annotated[str | None, typer.Option(help="Name of the recording.")] = None,
    frames: Annotated[int | None, typer.Option(help="Another number of frames.", min=1)] = None,
    no_labels: Annotated[bool, typer.Option("--no-labels", help="Leave the labelling to somebody.")] = False,
    schema: Annotated[bool, typer.Option("--schema", help="Print the JSON schema of scenario files.")] = False,
    as_json: AsJson = False,
) -> None:
    """Make a synthetic recording with exact tracks, or list the worlds there are."""
    from viewer.cli import scenarios

    if schema:
        scenarios.print_schema()
    elif scene is None:
        scenarios.list_scenarios(as_json)
    else:
        scenarios.make_scenario(scene, out, seed, name, frames, labelled=not no_labels, as_json=as_json)


@app.command(epilog="Example: boxwright plant my-project drive --as drive-faulty --labels yaw_flip=2 --labels drift")
def plant(
    folder: Folder,
    name: RecordingName,
    new_name: Annotated[str, typer.Option("--as", help="Name of the copy.")],
    labels: Annotated[
        list[str] | None, typer.Option(metavar="KIND[=N]", help="Faults in labels, or `all`; may be repeated.")
    ] = None,
    sensors: Annotated[
        list[str] | None,
        typer.Option(metavar="KIND[:SENSOR[=AMOUNT]]", help="A fault in the data; may be repeated."),
    ] = None,
    share: Annotated[
        float | None, typer.Option(help="Faults per track, for kinds without a number: 0.02 is 2 %.")
    ] = None,
    seed: Annotated[int, typer.Option(min=0, help="Another number, other victims.")] = 0,
    as_json: AsJson = False,
) -> None:
    """Copy a recording with faults planted in it, and write down which: to measure what checks find."""
    from viewer.cli import faults

    raise typer.Exit(faults.plant(folder, name, new_name, labels or [], sensors or [], share, seed, as_json))


@app.command(epilog="Example: boxwright inject my-project drive actors.yaml --name drive-with-van")
def inject(
    folder: Folder,
    name: RecordingName,
    spec: Annotated[Path, typer.Argument(metavar="SPEC", help="A YAML file that says who, where and in which light.")],
    new_name: Annotated[str, typer.Option("--name", help="Name of the copy.")],
    seed: Annotated[int, typer.Option(min=0, help="Another number, other noise and other details.")] = 0,
    as_json: AsJson = False,
) -> None:
    """Copy a recording with synthetic actors put into its sweeps and photos, with exact labels for them."""
    from viewer.cli import injection

    injection.inject(folder, name, spec, new_name, seed, as_json)


@app.command(epilog="Example: boxwright fit my-project pandaset-002 --frame 10 --point 12.0 -3.5 1.0")
def fit(
    folder: Folder,
    name: RecordingName,
    frame: Annotated[int, typer.Option(help="The frame, counted from 0.")],
    point: Annotated[
        tuple[float, float, float] | None, typer.Option(metavar="X Y Z", help="A point on the thing, in the world.")
    ] = None,
    pixel: Annotated[
        tuple[str, float, float] | None, typer.Option(metavar="CAMERA U V", help="A pixel of a photo on the thing.")
    ] = None,
    class_name: Annotated[str | None, typer.Option("--class", help="Its class, if you know; guessed if not.")] = None,
    add: Annotated[bool, typer.Option("--add", help="Add it to the labels.")] = False,
    alone: Annotated[bool, typer.Option("--alone", help="Look at this frame only, not at those around.")] = False,
    as_json: AsJson = False,
) -> None:
    """Fit a cuboid to the thing under one click, and say how sure that is."""
    from viewer.cli import automation

    automation.fit(folder, name, frame, point, pixel, class_name, add=add, alone=alone, as_json=as_json)


@app.command(epilog="Example: boxwright prelabel my-project pandaset-002")
def prelabel(
    folder: Folder,
    name: RecordingName,
    least_confidence: Annotated[
        float | None,
        typer.Option(min=0.0, max=1.0, help="Leave out what is less sure. [0.3 for what moves, 0.6 for what stands]"),
    ] = None,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Only say what would be added.")] = False,
    as_json: AsJson = False,
) -> None:
    """Propose tracks for a whole recording, from the LiDAR's geometry alone."""
    from viewer.cli import automation

    automation.prelabel(folder, name, least_confidence, dry_run=dry_run, as_json=as_json)


@app.command(epilog="Example: boxwright track my-project drive --detections detections.json")
def track(
    folder: Folder,
    name: RecordingName,
    detections: Annotated[
        Path | None, typer.Option(metavar="FILE", help="KITTI, nuScenes, Argoverse 2, OpenLABEL, or our own JSON.")
    ] = None,
    network: Annotated[
        Path | None, typer.Option(metavar="MODEL", help="An ONNX model that finds cuboids in points.")
    ] = None,
    format_name: Annotated[str | None, typer.Option("--format", help="Format of FILE; guessed if not given.")] = None,
    online: Annotated[bool, typer.Option("--online", help="Use nothing of what comes later.")] = False,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Only say what would be added.")] = False,
    as_json: AsJson = False,
) -> None:
    """Make tracks of a detector's cuboids, and say what holds each together."""
    from viewer.cli import tracking

    tracking.track(folder, name, detections, network, format_name, online=online, dry_run=dry_run, as_json=as_json)


@app.command(epilog="Example: boxwright solve my-project pandaset-002 --track 4f3c")
def solve(
    folder: Folder,
    name: RecordingName,
    track: Annotated[list[str] | None, typer.Option(help="Only this track; may be repeated.")] = None,
    as_json: AsJson = False,
) -> None:
    """Find the whole trajectory of tracks of which a person has set a pose or a few."""
    from viewer.cli import solving

    solving.solve(folder, name, track or [], as_json=as_json)


@app.command(epilog="Example: boxwright check my-project pandaset-002 --report findings.html")
def check(
    folder: Folder,
    name: RecordingName,
    profile: Annotated[
        str, typer.Option(metavar="NAME|FILE", help="The rules: driving, indoor_robot, or a YAML file.")
    ] = "driving",
    report: Annotated[Path | None, typer.Option(metavar="FILE", help="Write an HTML report with pictures.")] = None,
    as_json: AsJson = False,
) -> int:
    """Find what is probably wrong with a recording's labels; exit code 4 where there are errors, for CI."""
    from viewer.cli import checking

    return checking.check(folder, name, profile, report, as_json=as_json)


@app.command(epilog="Example: boxwright attention my-project --top 20")
def attention(
    folder: Folder,
    recording: Annotated[
        list[str] | None, typer.Option(metavar="N", help="Only this recording; may be repeated.")
    ] = None,
    top: Annotated[int, typer.Option(min=1, help="So many moments.")] = 30,
    profile: Annotated[str, typer.Option(metavar="NAME|FILE", help="Rules: a shipped profile, or a file.")] = "driving",
    as_json: AsJson = False,
) -> None:
    """Check all recordings, and say which moments are most worth a person's time, and why."""
    from viewer.cli import checking

    checking.attention(folder, recording or [], top, profile, as_json=as_json)


@app.command(epilog="Example: boxwright evaluate label_02/0001.txt tracks/0001.txt --class Car --json")
def evaluate(
    truth: Annotated[
        Path, typer.Argument(metavar="TRUTH", help="KITTI .txt, Argoverse 2 .feather, or nuScenes results or tables.")
    ],
    prediction: Annotated[Path, typer.Argument(metavar="PREDICTION", help="The same format, perhaps with scores.")],
    threshold: Annotated[float, typer.Option(help="Overlap in space from which on two are one.")] = 0.5,
    classes: Annotated[list[str] | None, typer.Option("--class", help="Only this class; may be repeated.")] = None,
    as_json: AsJson = False,
) -> None:
    """Measure labels against truth: HOTA, CLEAR, identity, over recall, detection, by range."""
    from viewer.cli import evaluating

    evaluating.evaluate(truth, prediction, threshold, classes or [], as_json=as_json)


@app.command(epilog="Example: boxwright report my-project --html report.html")
def report(
    folder: Folder,
    page: Annotated[Path | None, typer.Option("--html", metavar="FILE", help="Write a page with plots.")] = None,
    as_json: AsJson = False,
) -> None:
    """How a project stands: tasks, people, accuracy against gold, agreement, error rates with their intervals."""
    from viewer.cli import accuracy

    accuracy.report(folder, page, as_json=as_json)


@app.command(epilog="Example: boxwright mcap my-project pandaset-002 --out drive.mcap")
def mcap(
    folder: Folder,
    name: RecordingName,
    out: Annotated[Path, typer.Option(help="The .mcap file to write.")],
    compression: Annotated[str, typer.Option(help="zstd, lz4 or none.")] = "zstd",
    no_labels: Annotated[bool, typer.Option("--no-labels", help="Leave the cuboids out.")] = False,
    as_json: AsJson = False,
) -> None:
    """Write a recording and its cuboids as an MCAP file of ROS 2 messages, for Foxglove, Rerun and ROS."""
    from viewer.cli import mcap as writing

    writing.mcap(folder, name, out, compression, not no_labels, as_json)


@app.command(epilog="Example: boxwright rig my-project pandaset-002 --adopt better.yaml --how 'picks, 2 degrees'")
def rig(
    folder: Folder,
    name: RecordingName,
    adopt: Annotated[
        Path | None,
        typer.Option(metavar="FILE", help="Adopt a rig (YAML, JSON), or cameras of Kalibr's, ROS's or OpenCV's YAML."),
    ] = None,
    camera: Annotated[
        list[str] | None, typer.Option(metavar="RIG=FILE", help="Which camera of the file is which; may be repeated.")
    ] = None,
    export: Annotated[Path | None, typer.Option(metavar="FILE", help="Write a rig to a YAML or JSON file.")] = None,
    version: Annotated[
        int | None, typer.Option(help="A number from the list: with --export the one to write, else adopted again.")
    ] = None,
    how: Annotated[str, typer.Option(help="Why, and how it was estimated; kept with the version.")] = "",
    as_json: AsJson = False,
) -> None:
    """List the versions of a recording's rig (the one in force has a star), adopt another, or write one to a file."""
    from viewer.cli import rigs

    rigs.rig(folder, name, adopt, camera or [], how, export, version, as_json=as_json)
