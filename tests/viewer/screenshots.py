"""The pictures of the documentation, from the synthetic sample: `python -m tests.viewer.screenshots docs/images`."""

from __future__ import annotations

import sys
import tempfile
from pathlib import Path

from playwright.sync_api import Page, sync_playwright

from tests.browser import FLAGS, find_browser
from tests.viewer.conftest import Served, sample_project

_FRAME = 8


def main(folder: Path) -> None:
    """Take them all."""
    with tempfile.TemporaryDirectory() as temporary, sync_playwright() as playwright:
        served = Served(sample_project(Path(temporary)))
        served.start()
        browser = playwright.chromium.launch(executable_path=find_browser(), args=FLAGS)
        page = browser.new_page(viewport={"width": 1440, "height": 860})
        _open(page, served)
        page.screenshot(path=folder / "workbench.png")
        frame = page.locator("iframe").bounding_box()
        assert frame is not None
        photos = {**frame, "y": frame["y"] + 0.58 * frame["height"], "height": 0.42 * frame["height"]}
        page.screenshot(path=folder / "outlines.png", clip=photos)
        browser.close()
        served.kill()


def _open(page: Page, served: Served) -> None:
    page.goto(served.address)
    page.wait_for_selector("body[data-ready=true]", timeout=120_000)
    for _ in range(_FRAME):
        page.keyboard.press("4")
        page.wait_for_timeout(200)
    page.locator("[data-testid=track-row]").nth(15).click()
    page.wait_for_timeout(20_000)


if __name__ == "__main__":
    main(Path(sys.argv[1]))
