"""Faults in labels: each is what its ledger says, and tracks without one come back as they went in."""

from __future__ import annotations

import os
import subprocess
import sys
from collections import Counter
from collections.abc import Iterator

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from calibration import RigidTransform, UsageError, quaternion
from fusion import CuboidTable
from fusion.faults import Planted, ledger_to_json
from labeling.faults import LABEL_FAULTS, plant_in_table
from labeling.faults.planting import wanted_counts
from tests.conftest import ROOT

FRAMES = 20
SEEDS = st.integers(0, 2**32)
KINDS = st.sampled_from(LABEL_FAULTS)


def world(seed: int = 0, *, times: bool = True) -> CuboidTable:
    """Sixteen objects in lanes 6 m apart: half of them drive, each at its own speed; some are hidden for a while."""
    rng = np.random.default_rng(seed)
    rows = []
    for number in range(16):
        speed = (-1) ** number * rng.uniform(0.4, 2.0) if number % 4 < 2 else 0.0
        start = 20.0 - speed * FRAMES / 2 + rng.uniform(-5, 5)
        kind = ("car", "van", "pedestrian", "car")[number % 4]
        length = {"car": 4.5, "van": 5.5, "pedestrian": 0.7}[kind]
        hidden = range(7, 10) if number in (4, 5) else range(0)
        for frame in range(FRAMES):
            if number == 6 and frame in (8, 9):
                continue
            attributes = {
                "motion": "moving" if speed and frame > 4 else "parked",
                "color": "red" if number % 2 else "blue",
            }
            if frame in hidden:
                attributes["visibility"] = "occluded"
            yaw = np.pi if speed < 0 else 0.0
            rows.append((f"object-{number}", kind, frame, start + speed * frame, 6.0 * number, yaw, length, attributes))
    rng.shuffle(rows)
    ids, kinds, frames, x, y, yaw, length, attributes = zip(*rows, strict=True)
    frames = np.array(frames)
    places = np.stack([x, y, np.full(len(x), 0.8)], axis=1)
    return CuboidTable(
        track_ids=ids,
        classes=kinds,
        times_ns=frames * 100_000_000 + 7 if times else None,
        frames=frames,
        world_from_object=RigidTransform.from_yaw(np.array(yaw), places),
        sizes_m=np.stack([length, np.minimum(length, 1.9), np.full(len(x), 1.6)], axis=1).astype(float),
        attributes=attributes,
    )


Row = tuple[str, str, int, bytes, bytes, tuple[tuple[str, str], ...]]


def rows(table: CuboidTable) -> list[Row]:
    """Every row as a value that compares: identity, class, frame, pose, size, attributes."""
    poses = np.concatenate([table.world_from_object.translation, table.world_from_object.rotation], axis=1)
    return [
        (*each[:3], each[3].tobytes(), each[4].tobytes(), tuple(sorted(each[5].items())))
        for each in zip(
            table.track_ids, table.classes, table.frames.tolist(), poses, table.sizes_m, table.attributes, strict=True
        )
    ]


def of(table: CuboidTable, track_id: str) -> dict[int, int]:
    """Row by frame."""
    return {int(table.frames[row]): row for row, each in enumerate(table.track_ids) if each == track_id}


def span(entry: Planted) -> range:
    return range(entry.frames[0], entry.frames[1] + 1)


# --- what holds for all of them ---------------------------------------------------------------------------------------


@given(SEEDS, st.dictionaries(KINDS, st.none() | st.integers(0, 3)))
def test_rows_of_objects_without_a_fault_stay_bit_for_bit_and_in_order(seed: int, kinds: dict[str, int | None]) -> None:
    before = world()
    after, ledger = plant_in_table(before, kinds, seed=seed)
    touched = {each for entry in ledger.entries for each in entry.what}
    assert [row for row in rows(after) if row[0] not in touched] == [r for r in rows(before) if r[0] not in touched]
    assert rows(before) == rows(world())
    whole = Counter(each for entry in ledger.entries for each in entry.what)
    assert set(whole.values()) <= {1}  # an object has one fault at most
    found = Counter(entry.kind for entry in ledger.entries)
    missed = {each.kind: each for each in ledger.skipped}
    for kind, count in kinds.items():
        assert found[kind] == (1 if count is None else count) or missed[kind].planted == found[kind]


@given(SEEDS, KINDS)
def test_the_same_seed_is_the_same_fault(seed: int, kind: str) -> None:
    one, first = plant_in_table(world(), {kind: 1}, seed=seed)
    other, second = plant_in_table(world(), {kind: 1}, seed=seed)
    assert rows(one) == rows(other)
    assert ledger_to_json(first) == ledger_to_json(second)
    assert len(first.entries) == 1


def test_other_seeds_are_other_victims() -> None:
    victims = {plant_in_table(world(), {"floating": 1}, seed=seed)[1].entries[0].what for seed in range(20)}
    assert len(victims) > 5


@given(SEEDS, st.sampled_from([kind for kind in LABEL_FAULTS if kind != "phantom"]))
def test_nothing_but_the_rows_of_the_ledger_is_wrong(seed: int, kind: str) -> None:
    before = world()
    after, ledger = plant_in_table(before, {kind: 1}, seed=seed)
    (entry,) = ledger.entries
    wrong = Counter(rows(before)) - Counter(rows(after))
    assert {row[0] for row in wrong} <= set(entry.what)
    assert {row[2] for row in wrong} >= {entry.frames[0], entry.frames[1]}
    assert all(row[2] in span(entry) for row in wrong)
    assert entry.times_ns == (entry.frames[0] * 100_000_000 + 7, entry.frames[1] * 100_000_000 + 7)


def test_a_table_without_times_has_a_ledger_without() -> None:
    after, ledger = plant_in_table(world(times=False), share=0.0)
    assert after.times_ns is None
    assert len(ledger.entries) == len(LABEL_FAULTS)
    assert {entry.times_ns for entry in ledger.entries} == {None}


# --- each kind, measured from what came out ---------------------------------------------------------------------------


def planted(kind: str, seed: int) -> tuple[CuboidTable, CuboidTable, Planted]:
    before = world(seed % 3)
    after, ledger = plant_in_table(before, {kind: 1}, seed=seed)
    assert ledger.skipped == ()
    (entry,) = ledger.entries
    return before, after, entry


def pairs(before: CuboidTable, after: CuboidTable, entry: Planted) -> Iterator[tuple[int, int, int]]:
    """Frame, row before and row after, of the victim."""
    right, wrong = of(before, entry.what[0]), of(after, entry.what[0])
    assert right.keys() == wrong.keys()
    yield from ((frame, right[frame], wrong[frame]) for frame in sorted(right))


@given(SEEDS)
def test_yaw_flip(seed: int) -> None:
    before, after, entry = planted("yaw_flip", seed)
    for frame, right, wrong in pairs(before, after, entry):
        error = before.world_from_object[right].inverse() * after.world_from_object[wrong]
        turn = np.linalg.norm(quaternion.to_rotation_vector(error.rotation))
        assert turn == pytest.approx(np.pi if frame in span(entry) else 0.0, abs=1e-9)
        assert np.array_equal(before.world_from_object.translation[right], after.world_from_object.translation[wrong])
    assert before.classes[of(before, entry.what[0])[0]] != "pedestrian"  # as long as wide: no heading to be wrong


@given(SEEDS)
def test_drift(seed: int) -> None:
    before, after, entry = planted("drift", seed)
    for frame, right, wrong in pairs(before, after, entry):
        moved = after.world_from_object.translation[wrong] - before.world_from_object.translation[right]
        steps = max(frame - entry.frames[0] + 1, 0)
        assert np.linalg.norm(moved) == pytest.approx(0.02 * steps, abs=1e-9)
        assert moved[2] == 0.0
    assert entry.frames[1] == FRAMES - 1


@given(SEEDS)
def test_frame_offset(seed: int) -> None:
    before, after, entry = planted("frame_offset", seed)
    offset, right, wrong = int(entry.amount["frames"]), of(before, entry.what[0]), of(after, entry.what[0])
    error = 0.0
    for frame in range(FRAMES):
        shown = after.world_from_object.translation[wrong[frame]]
        error += np.linalg.norm(shown - before.world_from_object.translation[right[frame]]) / FRAMES
        if frame + offset in right:
            assert np.array_equal(shown, before.world_from_object.translation[right[frame + offset]])
    assert error == pytest.approx(entry.amount["mean_error_m"])
    assert error > 0.15


@given(SEEDS)
def test_size_creep_and_wide_box_and_floating(seed: int) -> None:
    before, after, entry = planted("size_creep", seed)
    for frame, right, wrong in pairs(before, after, entry):
        grown = 1.01 ** max(frame - entry.frames[0] + 1, 0)
        np.testing.assert_allclose(after.sizes_m[wrong], grown * before.sizes_m[right])
    before, after, entry = planted("wide_box", seed)
    factor = entry.amount["width_factor"]
    assert 1.15 <= factor <= 1.25
    for _, right, wrong in pairs(before, after, entry):
        np.testing.assert_allclose(after.sizes_m[wrong] / before.sizes_m[right], [1.0, factor, 1.0])
    before, after, entry = planted("floating", seed)
    assert 0.3 <= abs(entry.amount["lift_m"]) <= 0.8
    for _, right, wrong in pairs(before, after, entry):
        moved = after.world_from_object.translation[wrong] - before.world_from_object.translation[right]
        np.testing.assert_allclose(moved, [0.0, 0.0, entry.amount["lift_m"]])


@given(SEEDS)
def test_wrong_class_and_wrong_state(seed: int) -> None:
    before, after, entry = planted("wrong_class", seed)
    for _, right, wrong in pairs(before, after, entry):
        assert (before.classes[right], after.classes[wrong]) == (entry.amount["right"], entry.amount["wrong"])
    assert entry.amount["wrong"] in set(before.classes) - {entry.amount["right"]}
    before, after, entry = planted("wrong_state", seed)
    name, other = entry.amount["name"], entry.amount["wrong"]
    for frame, right, wrong in pairs(before, after, entry):
        expected = before.attributes[right] | ({name: other} if frame in span(entry) else {})
        assert after.attributes[wrong] == expected
    assert other in {each.get(name) for each in before.attributes}


@given(SEEDS, st.sampled_from(["missing_object", "early_end", "late_start"]))
def test_labels_that_are_not_there(seed: int, kind: str) -> None:
    before, after, entry = planted(kind, seed)
    right, wrong = of(before, entry.what[0]), of(after, entry.what[0])
    gone = sorted(right.keys() - wrong.keys())
    assert (gone[0], gone[-1], float(len(gone))) == (*entry.frames, entry.amount["frames"])
    assert len(rows(before)) - len(rows(after)) == len(gone)
    if kind == "missing_object":
        assert not wrong
    else:
        assert 3 <= len(gone) <= len(right) // 2
        assert (gone[-1] == FRAMES - 1) if kind == "early_end" else (gone[0] == 0)


@given(SEEDS)
def test_identity_swap(seed: int) -> None:
    before, after, entry = planted("identity_swap", seed)
    one, other = entry.what
    nameless = [sorted(row[1:] for row in rows(table)) for table in (before, after)]
    assert nameless[0] == nameless[1]  # the boxes are the same ones, only their names are not
    first, names = entry.frames[0], {one: other, other: one}
    for name in entry.what:
        for frame, row in of(after, name).items():
            source = of(before, names[name] if frame >= first else name)[frame]
            assert np.array_equal(
                after.world_from_object.translation[row], before.world_from_object.translation[source]
            )
    distances = {
        frame: float(
            np.linalg.norm(np.subtract(*before.world_from_object.translation[[row, of(before, other)[frame]]]))
        )
        for frame, row in of(before, one).items()
    }
    assert distances[first] == min(distances.values()) == entry.amount["distance_m"] <= 10.0
    assert 3 <= first <= FRAMES - 3


@given(SEEDS)
def test_id_change(seed: int) -> None:
    before, after, entry = planted("id_change", seed)
    old, new = entry.what
    assert of(after, old).keys() | of(after, new).keys() == of(before, old).keys()
    assert min(of(after, new)) == entry.frames[0] > max(of(after, old))
    # Objects 4 and 5 are hidden for a while, and 6 is not there: where it comes back is where it changes.
    assert (old, entry.frames[0]) in (("object-4", 10), ("object-5", 10), ("object-6", 10))
    assert entry.note == "after a gap or an occlusion"


def test_id_change_without_a_gap_is_in_the_middle() -> None:
    table = world()
    whole = np.flatnonzero(np.array(table.track_ids) == "object-0")
    few = CuboidTable(
        tuple(table.track_ids[row] for row in whole),
        tuple(table.classes[row] for row in whole),
        None,
        table.frames[whole],
        table.world_from_object[whole],
        table.sizes_m[whole],
    )
    _, ledger = plant_in_table(few, {"id_change": 1})
    assert ledger.entries[0].frames == (FRAMES // 2, FRAMES - 1)
    assert ledger.entries[0].note == "in the middle"


@given(SEEDS)
def test_phantom(seed: int) -> None:
    shapely = pytest.importorskip("shapely")
    before, after, entry = planted("phantom", seed)
    model, double = of(before, str(entry.amount["like"])), of(after, entry.what[0])
    assert rows(after)[: len(before)] == rows(before)
    assert model.keys() == double.keys()
    for frame, row in double.items():
        assert np.array_equal(after.sizes_m[row], before.sizes_m[model[frame]])
        mine = footprint(shapely, after, row)
        for other in np.flatnonzero(before.frames == frame):
            assert mine.distance(footprint(shapely, before, other)) > 0.3
    steps = [
        np.diff([table.world_from_object.translation[at[frame]] for frame in sorted(at)], axis=0)
        for table, at in ((before, model), (after, double))
    ]
    np.testing.assert_allclose(*steps, atol=1e-9)


def footprint(shapely, table: CuboidTable, row: int):
    signs = np.array([[1, 1, 0], [1, -1, 0], [-1, -1, 0], [-1, 1, 0]])
    return shapely.Polygon(table.world_from_object[row].apply(0.5 * signs * table.sizes_m[row])[:, :2])


# --- how many, and what cannot be -------------------------------------------------------------------------------------


def test_a_share_is_spread_over_the_kinds_without_a_number() -> None:
    assert wanted_counts({"drift": None, "yaw_flip": None}, 0.1, 93) == {"drift": 5, "yaw_flip": 4}
    assert wanted_counts({"drift": None, "yaw_flip": 7}, 0.1, 93) == {"drift": 9, "yaw_flip": 7}
    assert wanted_counts(dict.fromkeys(LABEL_FAULTS), 0.02, 93) == dict.fromkeys(LABEL_FAULTS, 1)
    assert wanted_counts({"drift": None, "floating": 0}, None, 93) == {"drift": 1, "floating": 0}
    assert wanted_counts({}, 0.5, 93) == {}


@given(st.dictionaries(KINDS, st.none(), min_size=1), st.floats(0, 1), st.integers(0, 500))
def test_a_share_is_met(kinds: dict[str, None], share: float, objects: int) -> None:
    counts = wanted_counts(kinds, share, objects)
    assert sum(counts.values()) == max(round(share * objects), len(kinds))
    assert min(counts.values()) >= max(counts.values()) - 1


@pytest.mark.parametrize(
    ("kinds", "share", "message"),
    [
        ({"rust": 1}, None, "unknown label fault 'rust'; one of phantom, identity_swap, "),
        ({"drift": -1}, None, "-1 faults of kind drift cannot be planted; give a number from 0 on"),
        ({"drift": None}, 1.5, "a share of 1.5 of the objects makes no sense; give a number from 0 to 1"),
        ({"drift": None}, float("nan"), "a share of nan of the objects makes no sense"),
    ],
)
def test_wrong_calls_are_said_in_one_line(kinds: dict[str, int | None], share: float | None, message: str) -> None:
    with pytest.raises(UsageError) as caught:
        plant_in_table(world(), kinds, share=share)
    assert str(caught.value).startswith(message)


def test_what_cannot_be_planted_is_said() -> None:
    empty = CuboidTable(
        (), (), None, np.empty(0, np.int64), RigidTransform(np.empty((0, 4)), np.empty((0, 3))), np.empty((0, 3))
    )
    after, ledger = plant_in_table(empty)
    assert len(after) == 0
    assert ledger.entries == ()
    assert {each.kind for each in ledger.skipped} == set(LABEL_FAULTS)
    _, ledger = plant_in_table(world(), {"yaw_flip": 30})
    (skipped,) = ledger.skipped
    assert skipped.planted == len(ledger.entries) == 12  # the four pedestrians have no heading
    assert skipped.reason == "no object is seen in 4 frames and 1.2 times as long as wide"


def test_another_process_plants_the_same() -> None:
    """Text is hashed anew in every process: no fault may hang on the order of a set."""
    script = (
        "from fusion.faults import ledger_to_json; from labeling.faults import plant_in_table\n"
        "from tests.labeling.test_label_faults import world\n"
        "print(ledger_to_json(plant_in_table(world(), share=0.9)[1]).decode())"
    )
    found = set()
    for seed in ("1", "2", "3"):
        environment = {**os.environ, "PYTHONHASHSEED": seed, "PYTHONPATH": str(ROOT)}
        done = subprocess.run(
            [sys.executable, "-c", script], cwd=ROOT, env=environment, capture_output=True, check=True
        )
        found.add(done.stdout)
    assert len(found) == 1
