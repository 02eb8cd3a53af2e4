"""What benchmarks that drive the real page share: clicks that Rerun sees, and where a photo lies on the page."""

from __future__ import annotations

from typing import Any

import numpy as np
from playwright.sync_api import Page

from benchmarks.report import MissingPeerError
from fusion.recording import Recording

_HOVER_MS, _SETTLE_MS = 2500, 2200  # Rerun picks what was under the mouse a few paints ago


def photo_on_page(page: Page, recording: Recording, camera: str, canvas: Any) -> np.ndarray:
    """(2, 3) from a pixel to the page, from two clicks in the photo, which make no pick without a point."""
    number, count = recording.cameras().index(camera), len(recording.cameras())
    columns = min(count, 3)
    rows = -(-count // columns)
    width, height = canvas["width"] / columns, 0.4 * canvas["height"] / rows
    x = canvas["x"] + width * (number % columns + 0.5)
    y = canvas["y"] + 0.6 * canvas["height"] + height * (number // columns + 0.55)
    places = np.array([[x - 0.2 * width, y - 0.15 * height], [x + 0.2 * width, y + 0.15 * height]])
    clicked = []
    for place in places:
        clicked.append(_photo_click(page, place, clicked[-1] if clicked else None))
    if None in clicked or clicked[0] == clicked[1]:
        raise MissingPeerError("a click in the photo did not arrive", where=camera)
    scale = (places[1] - places[0]) / (np.array(clicked[1]) - np.array(clicked[0]))
    return np.column_stack([np.diag(scale), places[0] - scale * clicked[0]])


def _photo_click(page: Page, place: np.ndarray, before: Any) -> Any:
    """The pixel that a click led to; the first clicks may come before Rerun has painted."""
    for _ in range(8):
        click(page, *place.tolist())
        if calibration_state(page)["clicked"] not in (None, before):
            break
    return calibration_state(page)["clicked"]


def click(page: Page, x: float, y: float) -> None:
    page.mouse.move(x, y)
    page.wait_for_timeout(_HOVER_MS)
    page.mouse.click(x, y)
    page.wait_for_timeout(_SETTLE_MS)


def calibration_state(page: Page) -> dict[str, Any]:
    state: dict[str, Any] = page.evaluate("() => window.boxwright.calibration")
    return state
