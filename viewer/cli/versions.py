"""`boxwright versions`: names for points of the labels' history, what differs between two, and two works made one."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from viewer.cli.commands import AsJson, Folder, RecordingName

versions = typer.Typer(
    name="versions",
    help="Name versions of labels, compare them, and merge two people's work.",
    no_args_is_help=True,
    add_completion=False,
    rich_markup_mode=None,
    pretty_exceptions_enable=False,
    epilog="Example: boxwright versions name my-project drive delivered",
)

_REFERENCE = "A version's name, `current`, `@LAYER` or `@LAYER:NAME`."
Reference = Annotated[str, typer.Argument(help=_REFERENCE)]


@versions.callback()
def group() -> None:
    """Name versions of labels, compare them, and merge two people's work."""


@versions.command(epilog="Example: boxwright versions name my-project drive delivered --note 'first lot'")
def name(
    folder: Folder,
    recording: RecordingName,
    version: Annotated[str, typer.Argument(metavar="NAME", help="The version's name.")],
    note: Annotated[str, typer.Option(help="Why; kept with the name.")] = "",
    layer: Annotated[str, typer.Option(help="Name a version of this layer's labels.")] = "",
) -> None:
    """Name the labels as they are now."""
    from viewer.cli import versioning

    versioning.name(folder, recording, layer, version, note)


@versions.command("list", epilog="Example: boxwright versions list my-project drive")
def list_(
    folder: Folder,
    recording: RecordingName,
    layer: Annotated[str, typer.Option(help="List the versions of this layer's labels.")] = "",
    as_json: AsJson = False,
) -> None:
    """The named versions of a recording's labels."""
    from viewer.cli import versioning

    versioning.list_versions(folder, recording, layer, as_json=as_json)


@versions.command(epilog="Example: boxwright versions diff my-project drive delivered current")
def diff(
    folder: Folder,
    recording: RecordingName,
    before: Reference,
    after: Reference = "current",
    page: Annotated[Path | None, typer.Option("--html", metavar="FILE", help="Write a page with pictures.")] = None,
    as_json: AsJson = False,
) -> None:
    """What differs between two versions: which tracks, when, and by how much."""
    from viewer.cli import versioning

    versioning.diff(folder, recording, before, after, page, as_json=as_json)


@versions.command(epilog="Example: boxwright versions layer my-project drive anna --from delivered")
def layer(
    folder: Folder,
    recording: RecordingName,
    layer_name: Annotated[str, typer.Argument(metavar="LAYER", help="The layer's name.")],
    source: Annotated[str | None, typer.Option("--from", help=f"Begin with these labels. {_REFERENCE}")] = None,
) -> None:
    """Begin a layer: labels of the recording that somebody works on beside the others."""
    from viewer.cli import versioning

    versioning.begin_layer(folder, recording, layer_name, source)


@versions.command(epilog="Example: boxwright versions merge my-project drive @anna @ben --base delivered")
def merge(
    folder: Folder,
    recording: RecordingName,
    ours: Reference,
    theirs: Reference,
    base: Annotated[str, typer.Option(help=f"What both began from. {_REFERENCE}")],
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Only say what would come of it.")] = False,
    as_json: AsJson = False,
) -> None:
    """Make one of two people's work, and store it as the recording's labels; exit code 3 if the two contradict."""
    from viewer.cli import versioning

    raise typer.Exit(
        versioning.merge_versions(folder, recording, (base, ours, theirs), dry_run=dry_run, as_json=as_json)
    )
