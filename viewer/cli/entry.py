"""Where the `boxwright` command starts: errors become one line and an exit code.

Exit codes: 0 done; 1 failed, and said why; 2 called wrongly; 3 done, but something was lost, and said what.
"""

from __future__ import annotations

import sys

import click

from calibration.errors import BoxwrightError, UsageError
from viewer.cli.commands import app


def main() -> None:
    """Run the command line."""
    try:
        code = app(standalone_mode=False)
    except UsageError as error:
        code = _complain(str(error), 2)
    except BoxwrightError as error:
        code = _complain(str(error), 1)
    except click.ClickException as error:
        code = _complain(f"{error.format_message()} (see `boxwright --help`)", 2)
    except (click.Abort, KeyboardInterrupt):
        code = _complain("stopped", 130)
    sys.exit(code or 0)


def _complain(message: str, code: int) -> int:
    print(f"boxwright: {' '.join(message.split())}", file=sys.stderr)
    return code


if __name__ == "__main__":
    main()
