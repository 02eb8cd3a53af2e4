"""`boxwright user` and `boxwright task`: who works on a project, and on what."""

from __future__ import annotations

from typing import Annotated

import typer

from viewer.cli.commands import AsJson, Folder, RecordingName

user = typer.Typer(
    name="user",
    help="People who label: a name, a role and a token of their own.",
    no_args_is_help=True,
    add_completion=False,
    rich_markup_mode=None,
    pretty_exceptions_enable=False,
    epilog="Example: boxwright user add my-project anna --role annotator",
)
task = typer.Typer(
    name="task",
    help="Pieces of work, and what was decided about them.",
    no_args_is_help=True,
    add_completion=False,
    rich_markup_mode=None,
    pretty_exceptions_enable=False,
    epilog="Example: boxwright task open my-project drive morning --frames 0 99",
)

PersonName = Annotated[str, typer.Argument(metavar="NAME", help="The person's name.")]


@user.callback()
def users() -> None:
    """People who label: a name, a role and a token of their own."""


@user.command(epilog="Example: boxwright user add my-project anna --role annotator")
def add(
    folder: Folder,
    name: PersonName,
    role: Annotated[str, typer.Option(help="annotator, reviewer or lead.")] = "annotator",
) -> None:
    """Add somebody, or give somebody a new role and token; the token is printed once and kept nowhere."""
    from viewer.cli import reviewing

    reviewing.add_user(folder, name, role)


@user.command("list", epilog="Example: boxwright user list my-project")
def list_users(folder: Folder, as_json: AsJson = False) -> None:
    """Everybody, and their roles."""
    from viewer.cli import reviewing

    reviewing.list_users(folder, as_json=as_json)


@user.command(epilog="Example: boxwright user remove my-project anna")
def remove(folder: Folder, name: PersonName) -> None:
    """Somebody's token opens nothing any more; what they did stays."""
    from viewer.cli import reviewing

    reviewing.remove_user(folder, name)


@task.callback()
def tasks() -> None:
    """Pieces of work, and what was decided about them."""


@task.command("open", epilog="Example: boxwright task open my-project drive morning --frames 0 99 --class car")
def open_(
    folder: Folder,
    recording: RecordingName,
    name: Annotated[str, typer.Argument(metavar="TASK", help="The task's name.")],
    frames: Annotated[tuple[int, int] | None, typer.Option(metavar="FIRST LAST", help="All if not given.")] = None,
    classes: Annotated[list[str] | None, typer.Option("--class", help="Only this class; may be repeated.")] = None,
    title: Annotated[str, typer.Option(help="What is to be done.")] = "",
    sampling: Annotated[
        str, typer.Option(help="What a reviewer looks at: all, risk=20 or random=10 (percent).")
    ] = "all",
    layer: Annotated[str, typer.Option(help="The layer that is worked on.")] = "",
) -> None:
    """Open a task: a stretch of a recording and the classes to label in it."""
    from viewer.cli import reviewing

    reviewing.open_task(folder, recording, layer, name, title, frames, classes or [], sampling)


@task.command(epilog="Example: boxwright task gold my-project drive --from @lena --frames 20 39")
def gold(
    folder: Folder,
    recording: RecordingName,
    source: Annotated[str, typer.Option("--from", help="The true labels: a version's name, `current` or `@LAYER`.")],
    frames: Annotated[tuple[int, int] | None, typer.Option(metavar="FIRST LAST", help="All if not given.")] = None,
    classes: Annotated[list[str] | None, typer.Option("--class", help="Only this class; may be repeated.")] = None,
) -> None:
    """Hide gold: labels that submissions are measured against, and that no annotator sees."""
    from viewer.cli import accuracy

    accuracy.gold(folder, recording, source, frames, classes or [])


@task.command(epilog="Example: boxwright task sample --good 0.01 --bad 0.08")
def sample(
    good: Annotated[float, typer.Option(help="Share of wrong tracks that must hardly ever be refused.")] = 0.01,
    bad: Annotated[float, typer.Option(help="Share of wrong tracks that must hardly ever be accepted.")] = 0.08,
    refused: Annotated[float, typer.Option(help="How often the good may be refused.")] = 0.05,
    accepted: Annotated[float, typer.Option(help="How often the bad may be accepted.")] = 0.1,
    as_json: AsJson = False,
) -> None:
    """How many tracks to inspect before a delivery is accepted or refused, and how many may be wrong."""
    from viewer.cli import accuracy

    accuracy.sample(good, bad, refused, accepted, as_json=as_json)


@task.command("list", epilog="Example: boxwright task list my-project --json")
def list_tasks(folder: Folder, as_json: AsJson = False) -> None:
    """Every task, its state, and who has it."""
    from viewer.cli import reviewing

    reviewing.list_tasks(folder, as_json=as_json)


@task.command(epilog="Example: boxwright task precedents my-project mirrors --rule size")
def precedents(
    folder: Folder,
    words: Annotated[list[str] | None, typer.Argument(metavar="[WORD]", help="Words that occur in it.")] = None,
    rule: Annotated[str, typer.Option(help="Only decisions about this rule.")] = "",
    as_json: AsJson = False,
) -> None:
    """Look in what was decided before."""
    from viewer.cli import reviewing

    reviewing.precedents(folder, " ".join(words or []), rule, as_json=as_json)
