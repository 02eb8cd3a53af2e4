"""Where the `boxwright` command starts: errors become one line and an exit code.

Exit codes: 0 done; 1 failed, and said why; 2 called wrongly; 3 done, but something was lost, and said what;
4 `check` found errors in labels.
"""

from __future__ import annotations

import sys

import typer

from viewer.cli.calibrate import calibrate
from viewer.cli.commands import app
from viewer.cli.qualify import qualify
from viewer.cli.review import task, user
from viewer.cli.versions import versions

# typer keeps a click of its own in newer versions; its errors have one root in both.
_CALLED_WRONGLY = next(base for base in typer.BadParameter.__mro__ if base.__name__ == "ClickException")


app.add_typer(calibrate)
app.add_typer(versions)
app.add_typer(user)
app.add_typer(task)
app.add_typer(qualify)


def main() -> None:
    """Run the command line."""
    try:
        code = app(standalone_mode=False)
    except (typer.Abort, KeyboardInterrupt):
        code = _complain("stopped", 130)
    except Exception as error:
        code = _explain(error)
    sys.exit(code or 0)


def _explain(error: Exception) -> int:
    """One line for an error that is the user's to act on; anything else is a bug of ours and keeps its traceback."""
    from calibration.errors import BoxwrightError, UsageError  # not above: it loads numpy, and --help must not

    if isinstance(error, _CALLED_WRONGLY):
        message = getattr(error, "format_message", error.__str__)()
        return _complain(f"{message} (see `boxwright --help`)", 2)
    if isinstance(error, BoxwrightError):
        return _complain(str(error), 2 if isinstance(error, UsageError) else 1)
    raise error


def _complain(message: str, code: int) -> int:
    print(f"boxwright: {' '.join(message.split())}", file=sys.stderr)
    return code


if __name__ == "__main__":
    main()
