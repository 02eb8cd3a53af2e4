"""The page in a real Chromium: until a recording's first frame is fully painted, and paints while orbiting."""

from __future__ import annotations

import io
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from benchmarks.report import MissingPeerError

_SETTLED_LOOKS = 3
_MOST_SECONDS = 120.0
_FULL = 0.9
_LIT = 60
_ORBIT_PX = 6
_MOUSE_MS = 16
_LEAST_PAINTS = 12

# A frame counts as painted when the page drew something in it: Rerun draws with WebGL only when something changed.
_COUNT_PAINTS = """
(() => {
  let drew = false;
  window.paints = 0;
  for (const kind of ["WebGL2RenderingContext", "WebGLRenderingContext"]) {
    const prototype = window[kind]?.prototype;
    for (const name of ["drawArrays", "drawElements", "drawArraysInstanced", "drawElementsInstanced"]) {
      const draw = prototype?.[name];
      if (draw) prototype[name] = function (...parts) { drew = true; return draw.apply(this, parts); };
    }
  }
  const tick = () => { if (drew) window.paints += 1; drew = false; requestAnimationFrame(tick); };
  requestAnimationFrame(tick);
})();
"""


@dataclass(frozen=True, slots=True)
class Paints:
    """Seconds from asking for the page to the first picture with all the points, and milliseconds a paint in orbit."""

    first_paint_s: float
    orbit_paint_ms: float


@contextmanager
def browser(path: str | None, flags: list[str]) -> Iterator[Any]:
    """A running Chromium. Raises MissingPeerError where there is none."""
    try:
        from playwright.sync_api import sync_playwright
    except ImportError as error:
        raise MissingPeerError("playwright is not installed", do="run `make setup`") from error
    if path is None:
        raise MissingPeerError("there is no Chromium or Chrome", do="run `python -m tests.browser`")
    with sync_playwright() as playwright:
        chromium = playwright.chromium.launch(executable_path=path, args=flags)
        yield chromium
        chromium.close()


def paints_of(chromium: Any, address: str, *, orbit_s: float, screenshot: Path | None = None) -> Paints:
    """Open the page anew, wait for the first frame, then drag around the scene."""
    context = chromium.new_context(viewport={"width": 1280, "height": 800})
    context.add_init_script(_COUNT_PAINTS)
    page = context.new_page()
    try:
        start = time.perf_counter()
        page.goto(address)
        first = _first_full(page, start)
        paint = _orbit(page, orbit_s)
        if screenshot is not None:
            page.screenshot(path=screenshot)
        return Paints(first, paint)
    finally:
        context.close()


def _first_full(page: Any, start: float) -> float:
    """Seconds until the canvas had nine tenths of the lit pixels that it has when nothing changes any more."""
    page.wait_for_selector("body[data-ready=true]", timeout=_MOST_SECONDS * 1e3)
    looks: list[tuple[float, int]] = []
    while len(looks) < _SETTLED_LOOKS or not _settled([lit for _, lit in looks[-_SETTLED_LOOKS:]]):
        if time.perf_counter() - start > _MOST_SECONDS:
            raise MissingPeerError("the page does not come to rest", where=page.url.split("?")[0])
        looks.append((time.perf_counter() - start, _lit_pixels(page)))
    return float(next(seconds for seconds, lit in looks if lit >= _FULL * looks[-1][1]))


def _settled(lit: list[int]) -> bool:
    return min(lit) > 1000 and max(lit) - min(lit) < 0.02 * max(lit)


def _lit_pixels(page: Any) -> int:
    from PIL import Image

    picture = np.asarray(Image.open(io.BytesIO(page.locator("iframe").screenshot())).convert("RGB"))
    return int((picture.max(axis=2) > _LIT).sum())


def _orbit(page: Any, seconds: float) -> float:
    """Milliseconds a paint while the mouse drags the eye around."""
    frame = next(each for each in page.frames if each.parent_frame is not None)
    box: dict[str, float] = page.locator("iframe").bounding_box()
    x, y = box["x"] + 0.4 * box["width"], box["y"] + 0.3 * box["height"]
    page.mouse.move(x, y)
    page.mouse.down()
    page.mouse.move(x + 20, y)
    before, start, step, painted, elapsed = int(frame.evaluate("window.paints")), time.perf_counter(), 0, 0, 0.0
    # On a busy machine a paint takes seconds: a ratio of a few paints would be noise.
    while elapsed < seconds or (painted < _LEAST_PAINTS and elapsed < _MOST_SECONDS):
        step += 1
        page.mouse.move(x + 20 + _ORBIT_PX * (step % 40), y + 2 * (step % 7))
        page.wait_for_timeout(_MOUSE_MS)
        painted = int(frame.evaluate("window.paints")) - before
        elapsed = time.perf_counter() - start
    page.mouse.up()
    if painted < 2:
        raise MissingPeerError("Rerun painted nothing while orbiting", where=page.url.split("?")[0])
    return 1e3 * elapsed / painted
