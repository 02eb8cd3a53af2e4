"""`boxwright qualify`: measure somebody, or a program, on a synthetic scenario of which the truth is known."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from viewer.cli.commands import AsJson, Folder

qualify = typer.Typer(
    name="qualify",
    help="Measure annotators and automatic labellers on synthetic scenarios.",
    no_args_is_help=True,
    add_completion=False,
    rich_markup_mode=None,
    pretty_exceptions_enable=False,
    epilog="Example: boxwright qualify begin my-project anna --scene crossing_behind_truck",
)

Who = Annotated[str, typer.Argument(metavar="WHO", help="Who is measured: a person's name, or a labeller's.")]
SceneName = Annotated[str, typer.Option("--scene", help="A shipped synthetic world, or a YAML file.")]
Seed = Annotated[int, typer.Option(min=0, help="Another number, other noise and other details.")]
Frames = Annotated[int | None, typer.Option(min=1, help="Another number of frames.")]
Page = Annotated[Path | None, typer.Option("--html", metavar="FILE", help="Write a page with a picture.")]
LeastHota = Annotated[float, typer.Option(min=0.0, max=1.0, help="HOTA that it takes to pass.")]
LeastF1 = Annotated[float, typer.Option(min=0.0, max=1.0, help="F1 at IoU 0.5 that it takes to pass.")]
LeastIou = Annotated[float, typer.Option(min=0.0, max=1.0, help="Mean IoU that it takes to pass.")]


@qualify.callback()
def group() -> None:
    """Measure annotators and automatic labellers on synthetic scenarios."""


@qualify.command(epilog="Example: boxwright qualify begin my-project anna --scene crossing_behind_truck --seed 7")
def begin(
    folder: Folder, who: Who, scene: SceneName = "crossing_behind_truck", seed: Seed = 0, frames: Frames = None
) -> None:
    """Put a scenario before somebody: an unlabelled recording and a task in the page; the truth is hidden gold."""
    from viewer.cli import qualifying

    qualifying.begin_for(folder, who, scene, seed, frames)


@qualify.command(epilog="Example: boxwright qualify score my-project anna --html anna.html")
def score(
    folder: Folder,
    who: Who,
    page: Page = None,
    hota: LeastHota = 0.6,
    f1: LeastF1 = 0.7,
    iou: LeastIou = 0.6,
    as_json: AsJson = False,
) -> None:
    """Score what somebody labelled: HOTA, IoU, time, actions; exit code 1 if it is not enough."""
    from viewer.cli import qualifying

    raise typer.Exit(qualifying.score_of(folder, who, (hota, f1, iou), page, as_json=as_json))


@qualify.command(epilog="Example: boxwright qualify labeller my-project prelabel --scene cut_in")
def labeller(
    folder: Folder,
    who: Who = "prelabel",
    scene: SceneName = "crossing_behind_truck",
    seed: Seed = 0,
    frames: Frames = None,
    labels: Annotated[
        Path | None,
        typer.Option(metavar="FILE", help="What it made of the recording; our pre-labelling if not given."),
    ] = None,
    format_name: Annotated[str, typer.Option("--format", help="Format of FILE.")] = "boxwright",
    page: Page = None,
    hota: LeastHota = 0.6,
    f1: LeastF1 = 0.7,
    iou: LeastIou = 0.6,
    as_json: AsJson = False,
) -> None:
    """Score an automatic labeller on the same ground; the scenario is begun if it was not yet."""
    from viewer.cli import qualifying

    scenario = (scene, seed, frames)
    source = None if labels is None else (labels, format_name)
    raise typer.Exit(qualifying.score_labeller(folder, who, scenario, source, (hota, f1, iou), page, as_json=as_json))
