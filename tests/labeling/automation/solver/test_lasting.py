"""What stands is told from what passes, by whether its place is empty before and after."""

from __future__ import annotations

import numpy as np

from labeling.automation.solver.lasting import asked_after, asked_along, asked_by, is_background, lasting

SECONDS = np.arange(60) * 0.1


def rows_of(places: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Rows of one point a frame at places (60, 2), 1 m above the ground, and their frames."""
    return np.column_stack([places, np.ones(len(places))]).astype(np.float32), np.arange(len(places))


def test_a_post_is_background_for_what_drives_by_and_not_for_what_stands() -> None:
    said = lasting(*rows_of(np.zeros((60, 2))), SECONDS)
    assert is_background(float(said[30]), asked_by(10.0, 2.2))
    assert not is_background(float(said[30]), asked_by(0.1, 2.2))


def test_a_car_that_passes_is_not_background() -> None:
    driving = np.column_stack([10.0 * SECONDS, np.zeros(60)])
    rows, frames = rows_of(driving)
    said = lasting(rows, frames, SECONDS)
    assert not any(is_background(float(each), asked_by(10.0, 2.2)) for each in said)


def test_one_that_comes_and_stays_is_background_only_for_the_time_after() -> None:
    staying = np.column_stack([np.minimum(10.0 * SECONDS, 20.0), np.zeros(60)])  # stands from the 20th frame on
    said = lasting(*rows_of(staying), SECONDS)
    asked = asked_along(staying, SECONDS, 40, -1, 0, 2.2)
    assert asked == asked_after(2.5, -1)
    assert not is_background(float(said[40]), asked)  # before it came, nothing was there
    assert is_background(float(said[25]), asked_after(0.6, 1))  # had it left, something would still be there
    assert asked_along(staying, SECONDS, 40, 1, 59, 2.2) == 0  # it never leaves


def test_low_points_hide_nothing() -> None:
    rows, frames = rows_of(np.zeros((60, 2)))
    rows[:, 2] = 0.0  # ground
    assert not any(is_background(float(each), asked_by(10.0, 2.2)) for each in lasting(rows, frames, SECONDS))


def test_a_recording_too_short_says_nothing() -> None:
    rows, frames = rows_of(np.zeros((2, 2)))
    assert not is_background(float(lasting(rows, frames, SECONDS[:2])[0]), asked_by(30.0, 2.2))
    assert len(lasting(rows[:0], frames[:0], SECONDS)) == 0
