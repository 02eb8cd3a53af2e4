"""The workbench page in a real Chromium, on the shipped sample."""

from __future__ import annotations

import io
from typing import Any

import numpy as np
import pytest
from PIL import Image
from playwright.sync_api import Browser, Page

from calibration import RigidTransform
from labeling.formats import LABEL_FORMATS
from labeling.track import Maker
from tests.viewer.conftest import TOKEN, Served, wait_for
from viewer.cli.calibrating.adopting import adopt_rig, mounted

pytestmark = pytest.mark.browser

CAR_RGB = (230, 159, 0)
CLOUD, PHOTOS = slice(6, 55), slice(66, 100)  # where the views are in the canvas, by height


def look(page: Page, name: str) -> Any:
    """A value of the page's read-only `window.boxwright`."""
    return page.evaluate(f"() => window.boxwright.{name}")


def pixels(page: Page) -> np.ndarray:
    """The Rerun canvas as RGB."""
    image = page.locator("iframe").screenshot()
    return np.asarray(Image.open(io.BytesIO(image)).convert("RGB")).astype(int)


def settled_pixels(page: Page) -> np.ndarray:
    """The canvas once it has stopped changing."""
    still, before = 0, pixels(page)
    for _ in range(60):
        page.wait_for_timeout(500)
        after = pixels(page)
        still = still + 1 if np.abs(after - before).max() < 12 else 0
        if still == 4:
            return after
        before = after
    return before


def changed(page: Page, before: np.ndarray) -> np.ndarray:
    """Where the canvas looks clearly different now.

    The depth view at the lower right does not count: it has no outlines, and Rerun's tooltip for the place where the
    mouse left the canvas comes and goes there.
    """
    different = np.abs(pixels(page) - before).max(axis=2) > 60
    different[len(different) // 2 :, different.shape[1] * 2 // 3 :] = False
    return different


def hover_and_click(page: Page, x: float, y: float) -> None:
    """Rerun picks what was under the mouse a few paints ago; in software GL that takes a while."""
    page.mouse.move(x, y)
    page.wait_for_timeout(3000)
    page.mouse.click(x, y)
    page.wait_for_timeout(2000)


def select_in_canvas(page: Page, part: slice) -> str:
    """Click on lines of cars in a part of the canvas, rows in hundredths, until one is hit; the track it selected."""
    frame = page.locator("iframe").bounding_box()
    picture = settled_pixels(page)
    first = len(picture) * part.start // 100
    shown = picture[first : len(picture) * part.stop // 100]
    rows, columns = np.nonzero(np.abs(shown - CAR_RGB).sum(axis=2) < 60)
    assert len(rows) > 50, "no lines of a car are to be seen"
    for index in np.linspace(0, len(rows) - 1, 12).astype(int)[::-1]:
        hover_and_click(page, frame["x"] + int(columns[index]), frame["y"] + first + int(rows[index]))
        if look(page, "selectedTrackId"):
            return str(look(page, "selectedTrackId"))
    pytest.fail("no click selected a track")


def select_in_list(page: Page, track_id: str) -> None:
    page.locator(f'[data-testid=track-row][data-track-id="{track_id}"]').click()
    wait_for(lambda: look(page, "cropPoints") > 0, "the object's points do not come")


def wait_saved(page: Page) -> None:
    page.wait_for_selector("[data-testid=save-state][data-state=saved]", timeout=30_000)
    wait_for(lambda: look(page, "pendingEdits") == 0, "edits stay unsaved")


def drag_side(page: Page, view: str, side: str, by: tuple[float, float], modifier: str | None = None) -> None:
    """Drag the middle of a cuboid's side in an orthographic view by pixels."""
    start = page.evaluate(f"() => window.boxwright.sidePixel('{view}', '{side}')")
    if modifier:
        page.keyboard.down(modifier)
    page.mouse.move(start["x"], start["y"])
    page.mouse.down()
    page.mouse.move(start["x"] + by[0] / 2, start["y"] + by[1] / 2, steps=4)
    page.mouse.move(start["x"] + by[0], start["y"] + by[1], steps=4)
    page.mouse.up()
    if modifier:
        page.keyboard.up(modifier)


def outward(page: Page, view: str, side: str, length: float) -> tuple[float, float]:
    """Pixels from the cuboid's centre through the side's middle and beyond."""
    middle = page.evaluate(f"() => window.boxwright.sidePixel('{view}', '{side}')")
    centre = page.evaluate(f"() => window.boxwright.centrePixel('{view}')")
    way = np.array([middle["x"] - centre["x"], middle["y"] - centre["y"]])
    return tuple((way / np.linalg.norm(way) * length).tolist())


def stored(served: Served, track_id: str) -> Any:
    labels = served.project.labels()
    track = labels.tracks("street")[track_id]
    labels.close()
    return track


def near_car(served: Served) -> str:
    """The car nearest to the ego in the first frame: large in the cloud and in a photo."""
    labels = served.project.labels()
    tracks = labels.tracks("street")
    labels.close()
    with served.project.recording("street") as recording:
        start = recording.ego_motion.at(recording.frame_middle_ns(0)).inverse()
    ahead = {
        track.id: float(start.apply(track.positions_m[0])[0])
        for track in tracks.values()
        if track.class_name == "car" and start.apply(track.positions_m[0])[0] > 6
    }
    return min(ahead, key=ahead.__getitem__)


def test_from_a_click_in_rerun_to_an_export(page: Page, served: Served, browser: Browser) -> None:
    """The first issue's walk: click, drag, see it move in cloud and photos, undo, kill the server, find it again."""
    clicked = select_in_canvas(page, CLOUD)
    row = page.locator(f'[data-testid=track-row][data-track-id="{clicked}"]')
    assert row.get_attribute("aria-selected") == "true"

    car = near_car(served)
    select_in_list(page, car)
    original = stored(served, car)
    before = settled_pixels(page)
    drag_side(page, "top", "front", outward(page, "top", "front", 60))
    wait_saved(page)
    longer = stored(served, car)
    assert longer.size_m[0] > original.size_m[0] + 0.3
    rear = [track.at(track.times_ns).apply(np.array([[-0.5 * track.size_m[0], 0, 0]])) for track in (original, longer)]
    np.testing.assert_allclose(rear[0], rear[1], atol=1e-6)  # the opposite side has stayed where it was, at every time
    half = len(before) // 2
    wait_for(lambda: changed(page, before)[:half].sum() > 100, "the cloud shows the old cuboid", 60)
    wait_for(lambda: changed(page, before)[half:].sum() > 30, "the photos show the old outline", 60)
    dragged = settled_pixels(page)

    page.keyboard.press("Control+z")
    wait_for(lambda: stored(served, car).size_m == original.size_m, "Ctrl+Z does not undo")
    wait_for(lambda: changed(page, dragged)[:half].sum() > 100, "the cloud does not show the undo", 60)
    wait_for(lambda: changed(page, dragged)[half:].sum() > 30, "the photos do not show the undo", 60)
    # what the undo drew anew is as before the drag; what Rerun loaded late meanwhile is none of the undo's business
    wait_for(lambda: changed(page, before)[changed(page, dragged)].mean() < 0.1, "undo draws something else", 60)

    drag_side(page, "top", "left", outward(page, "top", "left", 40))
    wait_saved(page)
    wider = stored(served, car)
    assert wider.size_m[1] > original.size_m[1] + 0.2
    served.kill()
    served.start()
    assert stored(served, car).size_m == wider.size_m
    page.goto("about:blank")
    page.goto(served.address)
    page.wait_for_selector("body[data-ready=true]", timeout=120_000)
    select_in_list(page, car)
    assert float(page.locator("[data-testid=field-width]").input_value()) == pytest.approx(wider.size_m[1], abs=0.01)

    out = served.project.root / "tracks.json"
    labels = served.project.labels()
    with served.project.recording("street") as recording:
        LABEL_FORMATS["boxwright"].write(recording, labels.tracks("street"), out)
        exported = LABEL_FORMATS["boxwright"].read(recording, out, served.project.ontology())
    labels.close()
    assert next(track for track in exported if track.id == car).size_m == wider.size_m


def test_edits_outlive_a_server_that_is_gone(page: Page, served: Served) -> None:
    car = near_car(served)
    select_in_list(page, car)
    original = stored(served, car)
    served.kill()
    page.locator("[data-testid=field-length]").fill(f"{original.size_m[0] + 1.0:.2f}")
    page.locator("[data-testid=field-length]").press("Enter")
    page.wait_for_selector("[data-testid=save-state][data-state=unreachable]", timeout=20_000)
    assert look(page, "pendingEdits") == 1
    served.start()
    wait_saved(page)
    assert stored(served, car).size_m[0] == pytest.approx(original.size_m[0] + 1.0, abs=0.01)


def test_a_move_sets_a_human_knot_where_the_frame_saw_the_object(page: Page, served: Served) -> None:
    car = near_car(served)
    select_in_list(page, car)
    original = stored(served, car)
    page.mouse.move(*[look(page, "centrePixel('top')")[axis] for axis in "xy"])
    page.keyboard.press("w")
    wait_saved(page)
    wait_for(lambda: Maker.HUMAN in stored(served, car).makers, "no human knot was set")
    moved = stored(served, car)
    index = moved.makers.index(Maker.HUMAN)
    assert len(moved) == len(original)  # it replaced the imported knot of this frame instead of standing beside it
    step = original.at(int(moved.times_ns[index])).inverse() * moved.at(int(moved.times_ns[index]))
    assert 0.01 < np.linalg.norm(step.translation) < 1.0
    page.keyboard.press("Control+z")
    wait_for(lambda: Maker.HUMAN not in stored(served, car).makers, "undo leaves the knot")


def test_a_click_on_an_outline_in_a_photo_selects_its_track(page: Page, served: Served) -> None:
    clicked = select_in_canvas(page, PHOTOS)
    assert stored(served, clicked).class_name == "car"
    row = page.locator(f'[data-testid=track-row][data-track-id="{clicked}"]')
    assert row.get_attribute("aria-selected") == "true"


def test_a_click_on_empty_ground_places_a_cuboid(page: Page, served: Served) -> None:
    """With the create tool; the cuboid has its class's default size and stands on the ground."""
    page.locator("[data-testid=tool-create]").click()
    frame = page.locator("iframe").bounding_box()
    settled_pixels(page)
    hover_and_click(page, frame["x"] + 0.38 * frame["width"], frame["y"] + 0.42 * frame["height"])
    wait_for(lambda: look(page, "selectedTrackId"), "no cuboid was placed", 20)
    wait_saved(page)
    track = stored(served, look(page, "selectedTrackId"))
    assert track.size_m == served.project.ontology().of(track.class_name).size_m
    assert track.makers == (Maker.HUMAN,)
    assert track.positions_m[0][2] - 0.5 * track.size_m[2] == pytest.approx(0.0, abs=0.3)  # the street lies at zero
    page.keyboard.press("Control+z")
    labels = served.project.labels()
    wait_for(lambda: track.id not in labels.tracks("street"), "undo leaves the cuboid")
    labels.close()


def test_frames_stream_around_the_current_one(page: Page) -> None:
    wait_for(lambda: len(look(page, "handedFrames")) >= 3, "nothing is fetched ahead")
    page.keyboard.press("4")
    wait_for(lambda: look(page, "frame") == 1, "4 is not the next frame")
    page.evaluate("() => 0")
    for _ in range(3):
        page.keyboard.press("4")
    wait_for(lambda: look(page, "shownFrame") == 4, "the frame is not shown")
    assert max(look(page, "handedFrames")) < 29, "the whole recording was handed over at once"


def test_escape_backs_out_of_a_drag(page: Page, served: Served) -> None:
    car = near_car(served)
    select_in_list(page, car)
    original = stored(served, car)
    start = page.evaluate("() => window.boxwright.sidePixel('top', 'front')")
    page.mouse.move(start["x"], start["y"])
    page.mouse.down()
    page.mouse.move(start["x"] + 50, start["y"] - 50, steps=5)
    page.keyboard.press("Escape")
    page.mouse.up()
    page.wait_for_timeout(500)
    assert look(page, "pendingEdits") == 0
    assert stored(served, car).size_m == original.size_m


def test_nothing_leaves_the_machine_and_the_token_leaves_the_address(page: Page, served: Served) -> None:
    assert TOKEN not in page.url
    reached = page.evaluate("() => performance.getEntriesByType('resource').map(each => each.name)")
    assert reached
    assert all(name.startswith((f"http://127.0.0.1:{served.port}/", "blob:", "data:")) for name in reached)
    blocked = page.evaluate("() => fetch('https://example.com/').then(() => 'reached', () => 'blocked')")
    assert blocked == "blocked"
    assert page.locator("iframe").get_attribute("sandbox") == "allow-scripts"


def test_hostile_names_are_text(page: Page, served: Served) -> None:
    from dataclasses import replace

    from labeling.editing.edits import CreateTrack
    from labeling.track_record import TrackRecord

    labels = served.project.labels()
    some = next(iter(labels.tracks("street").values()))
    evil = replace(some, id="<img src=x onerror=alert(1)>", class_name="<script>document.title='owned'</script>")
    labels.apply_edit("street", CreateTrack(TrackRecord.of(evil)))
    labels.close()
    page.goto("about:blank")
    page.goto(served.address)
    page.wait_for_selector("body[data-ready=true]", timeout=120_000)
    assert "<script>" in page.locator("[data-testid=track-list]").inner_text()
    assert page.title() != "owned"


def test_keys_fit_a_cuboid_and_solve_a_track(page: Page, served: Served) -> None:
    """A box left askew finds its car at a key; and a track of one pose is found in all frames at another."""
    car = near_car(served)
    select_in_list(page, car)
    page.keyboard.press("t")  # the whole trajectory
    page.locator("[data-testid=field-length]").fill("6.00")
    page.locator("[data-testid=field-length]").press("Enter")
    page.locator("[data-testid=field-length]").blur()
    wait_saved(page)
    assert stored(served, car).size_m[0] == pytest.approx(6.0, abs=0.01)
    page.keyboard.press("f")
    page.locator("[data-testid=refit]:not([disabled])").wait_for()
    wait_for(lambda: stored(served, car).size_m[0] < 5.5, "the cuboid does not fit")
    wait_saved(page)
    fitted = stored(served, car)
    assert fitted.makers.count(Maker.HUMAN) == 0  # the machine's fit of a machine's pose stays the machine's
    page.locator("[data-testid=pin]").click()
    wait_saved(page)
    before = stored(served, car)
    page.keyboard.press("x")
    wait_for(lambda: stored(served, car).knots != before.knots, "nothing is solved")
    wait_saved(page)
    pinned = [knot for knot in stored(served, car).knots if knot.maker is Maker.HUMAN]
    assert len(pinned) == 1
    page.keyboard.press("Shift+X")
    page.keyboard.press("Control+z")
    wait_for(lambda: stored(served, car).knots == before.knots, "the solve is not undone")


def test_a_camera_that_has_drifted_is_seen_and_turned_back(page: Page, served: Served) -> None:
    """Measured on request; previewed in the photo; adopted as an edit."""
    project = served.project
    with project.recording("street") as recording:
        true, camera = recording.rig, recording.cameras()[0]
    turn = RigidTransform.exp(np.array([0.0, 0.0, 0.0, 0.006, -0.008, 0.0]))
    adopt_rig(project, "street", mounted(true, camera, true[camera].ego_from_sensor * turn), "knocked")
    page.goto("about:blank")
    page.goto(served.address)
    page.wait_for_selector("body[data-ready=true]", timeout=120_000)
    page.get_by_test_id("tool-calibrate").click()
    page.get_by_test_id("drift-measure").click()
    page.wait_for_selector("[data-testid=drift][data-state=drifted]", timeout=60_000)
    assert "degrees" in page.get_by_test_id("drift").inner_text()
    page.wait_for_timeout(2000)
    before = settled_pixels(page)
    page.get_by_test_id("drift-preview").click()
    page.wait_for_timeout(2000)
    assert changed(page, before).sum() > 50
    page.get_by_test_id("drift-adopt").click()
    page.wait_for_selector("[data-testid=save-state][data-state=saved]", timeout=30_000)
    page.wait_for_function("() => window.boxwright.pendingEdits === 0")
    with project.recording("street") as recording:
        off = (true[camera].ego_from_sensor.inverse() * recording.rig[camera].ego_from_sensor).log()
    assert np.rad2deg(np.linalg.norm(off[3:])) < 0.15
