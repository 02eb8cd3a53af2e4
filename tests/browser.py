"""Find a browser for the tests, or install one: `python -m tests.browser`.

An installed Chromium or Chrome is taken as it is; else Debian's package when we are root, else Playwright's own.
"""

from __future__ import annotations

import os
import shutil
import subprocess
import sys

_NAMES = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable", "chrome")
_FLAGS = (
    "--no-sandbox --disable-quic --no-first-run --disable-background-networking --disable-component-update "
    "--disable-sync --use-gl=angle --use-angle=swiftshader --enable-unsafe-swiftshader --ignore-gpu-blocklist"
)
FLAGS = _FLAGS.split()


def find_browser() -> str | None:
    """Path of an installed Chromium or Chrome."""
    chosen = os.environ.get("BOXWRIGHT_BROWSER")
    return chosen or next((path for path in map(shutil.which, _NAMES) if path), None) or _playwrights_own()


def _playwrights_own() -> str | None:
    from pathlib import Path

    from playwright.sync_api import sync_playwright

    with sync_playwright() as playwright:
        path = playwright.chromium.executable_path
    return path if Path(path).exists() else None


def install_browser() -> None:
    """Install one; whether it worked shows when it is looked for."""
    if not apt_install("chromium"):
        subprocess.run([sys.executable, "-m", "playwright", "install", "chromium"], check=False)


def apt_install(*packages: str) -> bool:
    """Whether this is a Debian where we are root, and so may have tried."""
    if not (hasattr(os, "geteuid") and os.geteuid() == 0 and shutil.which("apt-get")):
        return False
    quiet = {**os.environ, "DEBIAN_FRONTEND": "noninteractive"}
    subprocess.run(["apt-get", "update", "-qq"], env=quiet, check=False)
    install = ["apt-get", "install", "-y", "-qq", "--no-install-recommends", *packages]
    subprocess.run(install, env=quiet, check=False, stdout=subprocess.DEVNULL)
    return True


def main() -> int:
    """0 if there is a browser now."""
    if find_browser() is None:
        print("no Chromium found, installing one", file=sys.stderr)
        install_browser()
    found = find_browser()
    print(f"browser for the tests: {found or 'none, the page tests will say so'}", file=sys.stderr)
    return 1 if found is None and os.environ.get("CI") == "true" else 0


if __name__ == "__main__":
    sys.exit(main())
