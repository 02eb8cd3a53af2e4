"""A review round trip in a real Chromium: an annotator, a reviewer and a lead, each with a token of their own."""

from __future__ import annotations

from collections.abc import Callable, Iterator

import pytest
from playwright.sync_api import Browser, Page

from labeling.editing.store import Store
from labeling.frame_times import frame_span
from labeling.review import LOCAL, Role, acts
from tests.viewer.conftest import Served, wait_for
from tests.viewer.test_page import look, near_car, select_in_list, stored, wait_saved

pytestmark = pytest.mark.browser

ROLES = {"anna": Role.ANNOTATOR, "ben": Role.REVIEWER, "lena": Role.LEAD}
Opener = Callable[[str], Page]


@pytest.fixture
def page_of(browser: Browser, served: Served) -> Iterator[Opener]:
    """A page for each of the three, opened with their own token."""
    people = served.project.people()
    tokens = {name: people.add(name, role) for name, role in ROLES.items()}
    people.close()
    contexts = []

    def open_page(name: str) -> Page:
        context = browser.new_context(viewport={"width": 1440, "height": 860})
        contexts.append(context)
        page = context.new_page()
        page.goto(f"http://127.0.0.1:{served.port}/?token={tokens[name]}")
        page.wait_for_selector("body[data-ready=true]", timeout=120_000)
        page.locator("[data-testid=tasks]").click()
        assert page.locator("[data-testid=me]").inner_text() == f"{name} · {ROLES[name].value}"
        return page

    yield open_page
    for context in contexts:
        context.close()


def open_tasks(served: Served, *names: str) -> None:
    review = served.project.review()
    with served.project.recording("street") as recording:
        start, end = frame_span(recording, 0, len(recording.frames) - 1)
    for name in names:
        review.act("street", acts.OpenTask(name, name, start, end), LOCAL)
    review.close()


def state(page: Page, task: str) -> str:
    return page.locator(f"[data-task-id={task}]").get_attribute("data-state") or ""


def choose(page: Page, task: str) -> None:
    """A click on the panel just after it opened may still go to Rerun's frame under it, in software GL."""
    line = page.locator(f"[data-task-id={task}]")

    def chosen() -> bool:
        line.locator("b").click()
        return line.get_attribute("class") == "current"

    wait_for(chosen, f"{task} cannot be chosen")


def step(page: Page, task: str, button: str, after: str) -> None:
    """Do something with a task when it may be done, and see the state that it leads to."""
    choose(page, task)
    page.locator(f"[data-testid={button}]").click()
    wait_for(lambda: state(page, task) == after, f"{button} does not lead to {after}")


def write(page: Page, field: str, text: str) -> None:
    page.locator(f"[data-testid={field}]").fill(text)
    page.locator(f"[data-testid={field}]").press("Enter")


def lengthen(page: Page, served: Served, car: str, by: float) -> None:
    length = stored(served, car).size_m[0] + by
    page.locator("[data-testid=field-length]").fill(f"{length:.2f}")
    page.locator("[data-testid=field-length]").press("Enter")
    wait_saved(page)
    assert stored(served, car).size_m[0] == pytest.approx(length, abs=0.01)


def story(served: Served) -> list[tuple[str, str, str]]:
    """Who did what in the journal, edits and review alike."""
    store = Store.open(served.project.root / "labels.db")
    with store.transaction() as transaction:
        entries = transaction.entries("street")
    store.close()
    told = [(entry.actor, entry.kind, entry.edit.decode()) for entry in entries if entry.actor != "local"]
    return [(who, kind, text.split('"kind":"')[-1].split('"')[0]) for who, kind, text in told]


def test_annotate_reject_fix_accept_escalate_adjudicate(page_of: Opener, served: Served) -> None:
    open_tasks(served, "morning", "evening", "bens-own")
    car = near_car(served)
    anna = page_of("anna")
    select_in_list(anna, car)
    anna.locator("[data-testid=field-length]").fill("9.00")
    anna.locator("[data-testid=field-length]").press("Enter")
    anna.get_by_text("take a task first").wait_for()  # nobody edits without a task
    step(anna, "morning", "task-take", "in_progress")
    select_in_list(anna, car)
    lengthen(anna, served, car, 1.0)
    step(anna, "morning", "task-submit", "submitted")
    step(anna, "evening", "task-take", "in_progress")
    step(anna, "evening", "task-submit", "submitted")
    assert anna.locator("[data-testid=task-accept]").count() == 0

    ben = page_of("ben")
    step(ben, "morning", "task-take", "in_review")
    select_in_list(ben, car)
    for _ in range(3):
        ben.keyboard.press("4")
    pinned_at = look(ben, "frame")
    assert pinned_at >= 3
    write(ben, "task-rule", "size")
    ben.keyboard.press("Shift+N")  # without a word it is not done, and the hand is in the field
    write(ben, "task-words", "a metre too long")
    ben.keyboard.press("Shift+N")
    wait_for(lambda: state(ben, "morning") == "changes_requested", "Shift+N does not request changes")
    step(ben, "evening", "task-take", "in_review")
    write(ben, "task-words", "the roof box is not part of the car")
    write(ben, "task-proposal", "half a metre lower")
    step(ben, "evening", "task-escalate", "escalated")
    step(ben, "bens-own", "task-take", "in_progress")
    step(ben, "bens-own", "task-submit", "submitted")
    assert ben.locator("[data-testid=task-take]").count() == 0  # nobody reviews their own work
    refused = ben.evaluate(
        """() => fetch('/api/recordings/street/review', {method: 'POST', headers: {'Content-Type': 'application/json',
            Authorization: 'Bearer ' + sessionStorage.getItem('boxwright.token')},
            body: JSON.stringify({key: 'take-my-own', act: {kind: 'take', task_id: 'bens-own'}})})
            .then(async reply => [reply.status, (await reply.json()).error])"""
    )
    assert refused == [403, "nobody reviews their own work, and you labelled this: bens-own"]

    wait_for(lambda: state(anna, "morning") == "changes_requested", "the other page does not hear of it")
    anna.keyboard.press("Escape")
    anna.locator("[data-testid=comment]").filter(has_text="a metre too long").click()
    assert (look(anna, "selectedTrackId"), look(anna, "frame")) == (car, pinned_at)
    assert anna.locator("[data-testid=comment-mark].own").count() == 1
    row = anna.locator(f'[data-testid=track-row][data-track-id="{car}"]')
    assert row.locator("[data-testid=row-comments]").inner_text() == "1"
    step(anna, "morning", "task-take", "in_progress")
    anna.locator("[data-testid=comment]").filter(has_text="a metre too long").click()
    lengthen(anna, served, car, -1.0)
    anna.locator("[data-testid=comment-resolve]").click()
    anna.locator("[data-testid=comment-mark].own").wait_for(state="detached")
    step(anna, "morning", "task-submit", "submitted")

    wait_for(lambda: state(ben, "morning") == "submitted", "the reviewer does not hear of it")
    step(ben, "morning", "task-take", "in_review")
    ben.keyboard.press("Shift+Y")
    wait_for(lambda: state(ben, "morning") == "accepted", "Shift+Y does not accept")

    lena = page_of("lena")
    choose(lena, "evening")
    assert "half a metre lower" in lena.locator("[data-testid=dispute]").inner_text()
    write(lena, "task-words", "loads on the roof are left out")
    step(lena, "evening", "decide-1", "adjudicated")
    write(lena, "task-words", "roof")
    lena.locator("[data-testid=precedents]").click()
    assert "loads on the roof are left out" in lena.locator("[data-testid=precedent]").inner_text()

    with lena.expect_popup() as opened:
        lena.locator("[data-testid=report]").click()
    assert "1 accepted, 1 adjudicated, 1 submitted" in opened.value.locator("body").inner_text()

    told = story(served)
    assert [each for each in told if each[1] == "edit" and each[0] != "import"] == [("anna", "edit", "resize")] * 2
    assert [(who, what) for who, kind, what in told if kind == "review" and who != "lena"] == [
        *[("anna", each) for each in ("take", "submit", "take", "submit")],
        *[("ben", each) for each in ("take", "request_changes", "take", "escalate", "take", "submit")],
        *[("anna", each) for each in ("take", "resolve_comment", "submit")],
        *[("ben", each) for each in ("take", "accept")],
    ]
    assert ("lena", "review", "adjudicate") in told
