"""The one door: who may, what was seen, and what undo takes back."""

from __future__ import annotations

import shutil
import sqlite3
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from calibration.errors import ConflictError, EditError, ForbiddenError, InputError
from labeling.editing import edits
from labeling.editing.apply import apply
from labeling.editing.edits import EDIT, ApplyPatches, Edit, touched_ids
from labeling.editing.service import LabelService
from labeling.editing.store import Store
from labeling.track import Knot, PresenceKind, Track
from labeling.track_record import TrackRecord, track_to_json
from tests.labeling.strategies import EPOCH_NS, all_edits, tracks
from tests.labeling.test_edits import at, one

REC = "drive"
Open = Callable[..., LabelService]


def created(track: Track) -> edits.CreateTrack:
    return edits.CreateTrack(TrackRecord.of(track))


def moved(track_id: str, metres: float = 1.0) -> edits.Move:
    return edits.Move(track_id, at(0), (metres, 0.0, 0.0))


def bodies(path: Path) -> dict[str, bytes | None]:
    """The rows as they lie on disk, read by SQLite itself."""
    with sqlite3.connect(path) as connection:
        rows = connection.execute("SELECT id, body FROM tracks WHERE recording = ?", (REC,)).fetchall()
    connection.close()
    return dict(rows)


def journal(path: Path) -> list[tuple[int, bytes]]:
    with sqlite3.connect(path) as connection:
        rows = connection.execute("SELECT sequence, edit FROM journal ORDER BY sequence").fetchall()
    connection.close()
    return rows


def replayed(path: Path) -> dict[str, bytes]:
    """What the journal alone says, from nothing."""
    state: dict[str, Track] = {}
    for _, text in journal(path):
        edit = EDIT.validate_json(text)
        for each, track in apply(edit, {i: state[i] for i in touched_ids(edit) if i in state}).tracks.items():
            state.pop(each, None)
            if track is not None:
                state[each] = track
    return {each: track_to_json(track) for each, track in state.items()}


def living(path: Path) -> dict[str, bytes]:
    return {each: body for each, body in bodies(path).items() if body is not None}


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "labels.db"


@pytest.fixture
def open_labels(path: Path) -> Iterator[Open]:
    opened: list[LabelService] = []

    def open_one(**options: object) -> LabelService:
        opened.append(LabelService(Store.open(path), **options))  # type: ignore[arg-type]
        return opened[-1]

    yield open_one
    for each in opened:
        each.close()


def test_an_edit_is_answered_with_its_number_and_versions(open_labels: Open) -> None:
    labels = open_labels()
    first = labels.apply_edit(REC, created(one(0, 1)))
    second = labels.apply_edit(REC, moved("a"))
    assert (first.sequence, second.sequence) == (1, 2)
    assert [(v.id, v.revision) for v in second.versions] == [("a", 2)]
    assert (second.can_undo, second.can_redo) == (True, False)
    assert labels.count(REC) == 1
    assert labels.count("another") == 0
    gone = labels.apply_edit(REC, edits.DeleteTrack("a"))
    assert gone.versions[0].track is None
    assert (labels.tracks(REC), labels.count(REC)) == ({}, 0)


def test_who_saw_an_old_version_is_told(open_labels: Open) -> None:
    labels = open_labels()
    labels.apply_edit(REC, created(one(0, 1)))
    labels.apply_edit(REC, moved("a"), expected={"a": 1})
    with pytest.raises(ConflictError) as caught:
        labels.apply_edit(REC, moved("a"), expected={"a": 1})
    assert str(caught.value) == (
        "the track was changed meanwhile (revision 2, you saw 1); look at the new version and edit again: a"
    )
    assert labels.versions(REC)[0] == 2


def test_a_repeated_key_is_applied_once(open_labels: Open, path: Path) -> None:
    labels = open_labels()
    labels.apply_edit(REC, created(one(0, 1)))
    first = labels.apply_edit(REC, moved("a"), key="k", expected={"a": 1})
    again = labels.apply_edit(REC, moved("a"), key="k", expected={"a": 1})
    assert again.sequence == first.sequence
    assert len(journal(path)) == 2
    with pytest.raises(EditError, match=r"^this key was used for another edit; make a new key for each edit: k$"):
        labels.apply_edit(REC, moved("a", 2.0), key="k")
    undone = labels.undo(REC, key="u")
    assert labels.undo(REC, key="u").sequence == undone.sequence
    assert labels.tracks(REC)["a"].positions_m[0, 0] == 0.0


def test_who_may_not_changes_nothing(open_labels: Open, path: Path) -> None:
    def only_ann(actor: str, recording: str, edit: Edit) -> None:
        if actor != "ann":
            raise ForbiddenError(f"{actor} may only look", where=recording)

    labels = open_labels(permission=only_ann)
    labels.apply_edit(REC, created(one(0, 1)), actor="ann")
    before = (bodies(path), journal(path))
    with pytest.raises(ForbiddenError, match=r"^bob may only look: drive$"):
        labels.apply_edit(REC, moved("a"), actor="bob")
    bob = open_labels()
    bob.apply_edit(REC, moved("a"), actor="bob")
    before = (bodies(path), journal(path))
    with pytest.raises(ForbiddenError):
        labels.undo(REC, actor="bob")
    assert (bodies(path), journal(path)) == before


def test_a_refused_edit_leaves_no_trace(open_labels: Open, path: Path) -> None:
    labels = open_labels()
    labels.apply_edit(REC, created(one(0)))
    before = (bodies(path), journal(path))
    with pytest.raises(EditError):
        labels.apply_edit(REC, edits.RemoveKnot("a", at(0)), key="k")
    assert (bodies(path), journal(path)) == before
    labels.apply_edit(REC, moved("a"), key="k")


def test_an_edit_of_nothing_is_no_crash(open_labels: Open) -> None:
    assert open_labels().apply_edit(REC, ApplyPatches(())).versions == ()


def test_undo_and_redo_live_through_a_restart(open_labels: Open, path: Path) -> None:
    labels = open_labels()
    labels.apply_edit(REC, created(one(0, 1)))
    states = [bodies(path)]
    for metres in (1.0, 2.0):
        labels.apply_edit(REC, moved("a", metres))
        states.append(bodies(path))
    labels.close()
    labels = open_labels()
    assert labels.can(REC) == (True, False)
    labels.undo(REC)
    assert bodies(path) == states[1]
    labels.close()
    labels = open_labels()
    assert labels.can(REC) == (True, True)
    labels.undo(REC)
    assert bodies(path) == states[0]
    labels.redo(REC)
    labels.close()
    labels = open_labels()
    assert not labels.redo(REC).can_redo
    assert bodies(path) == states[2]


def test_the_ends_of_undo_and_redo_say_so(open_labels: Open) -> None:
    labels = open_labels()
    with pytest.raises(EditError, match=r"^there is nothing to undo: drive$"):
        labels.undo(REC)
    with pytest.raises(EditError, match=r"^there is nothing to redo: drive$"):
        labels.redo(REC)


def test_a_new_edit_closes_the_way_forward(open_labels: Open) -> None:
    labels = open_labels()
    labels.apply_edit(REC, created(one(0, 1)))
    labels.apply_edit(REC, moved("a"))
    assert labels.undo(REC).can_redo
    assert not labels.apply_edit(REC, moved("a", 5.0)).can_redo
    with pytest.raises(EditError, match="nothing to redo"):
        labels.redo(REC)
    labels.undo(REC)
    labels.redo(REC)
    assert labels.tracks(REC)["a"].positions_m[0, 0] == 5.0


def test_undo_does_not_overwrite_what_another_did(open_labels: Open) -> None:
    labels = open_labels()
    labels.apply_edit(REC, created(one(0, 1)), actor="ann")
    labels.apply_edit(REC, created(one(0, 1, id="b")), actor="bob")
    labels.apply_edit(REC, moved("a"), actor="ann")
    labels.apply_edit(REC, moved("a"), actor="bob")
    with pytest.raises(ConflictError) as caught:
        labels.undo(REC, actor="ann")
    assert str(caught.value) == "bob has changed the same track since, undo would overwrite that: a"
    labels.undo(REC, actor="bob")
    assert labels.tracks(REC)["a"].positions_m[0, 0] == 1.0
    assert set(labels.tracks(REC)) == {"a", "b"}


def test_two_processes_see_each_others_edits(open_labels: Open) -> None:
    mine, yours = open_labels(), open_labels()
    assert mine.tracks(REC) == yours.tracks(REC) == {}
    mine.apply_edit(REC, created(one(0, 1)))
    assert yours.tracks(REC)["a"].positions_m[0, 0] == 0.0
    yours.apply_edit(REC, moved("a"))
    assert mine.tracks(REC)["a"].positions_m[0, 0] == 1.0
    mine.apply_edit(REC, edits.Split("a", at(0.5), "b"))
    assert set(yours.tracks(REC)) == {"a", "b"}
    yours.apply_edit(REC, edits.Join("a", "b"))
    assert set(mine.tracks(REC)) == {"a"}
    mine.undo(REC)
    assert yours.versions(REC)[1]["a"].revision == mine.versions(REC)[1]["a"].revision


def test_what_the_cache_hands_out_is_the_callers(open_labels: Open) -> None:
    labels = open_labels()
    labels.apply_edit(REC, created(one(0, 1)))
    labels.versions(REC)[1].clear()
    labels.tracks(REC).clear()
    assert set(labels.tracks(REC)) == {"a"}


steps = st.lists(st.one_of(all_edits(), st.sampled_from(["undo", "redo"])), max_size=8)


@settings(max_examples=30, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(tracks("a"), tracks("b"), all_edits(), steps)
def test_undo_restores_the_bytes_on_disk_and_the_journal_tells_it_all(
    tmp_path_factory: pytest.TempPathFactory, a: Track, b: Track, edit: Edit, rest: list[Edit | str]
) -> None:
    path = tmp_path_factory.mktemp("labels") / "labels.db"
    labels = LabelService(Store.open(path))
    try:
        for track in (a, b):
            labels.apply_edit(REC, created(track))
        before = living(path)
        if acknowledged(labels, edit):
            after = living(path)
            labels.undo(REC)
            assert living(path) == before
            labels.redo(REC)
            assert living(path) == after
        for each in rest:
            acknowledged(labels, each)
        assert replayed(path) == living(path)
        assert {i: track_to_json(t) for i, t in labels.tracks(REC).items()} == living(path)
    finally:
        labels.close()
        shutil.rmtree(path.parent)


def acknowledged(labels: LabelService, edit: Edit | str) -> bool:
    try:
        if edit == "undo":
            labels.undo(REC)
        elif edit == "redo":
            labels.redo(REC)
        else:
            labels.apply_edit(REC, edit)  # type: ignore[arg-type]
    except EditError:
        return False
    return True


def test_every_write_is_on_disk_before_it_is_acknowledged(path: Path) -> None:
    store = Store.open(path)
    with store.transaction() as transaction:
        connection = transaction._connection
        assert connection.exec_driver_sql("PRAGMA journal_mode").scalar() == "wal"
        assert connection.exec_driver_sql("PRAGMA synchronous").scalar() == 2  # FULL
    store.close()


def test_a_foreign_file_is_no_store(path: Path, tmp_path: Path) -> None:
    path.write_bytes(b"something else entirely" * 100)
    with pytest.raises(InputError) as caught:
        Store.open(path)
    assert str(caught.value) == (
        f"the label store cannot be used (file is not a database); check the folder's permissions: {path}"
    )
    with pytest.raises(InputError, match="unable to open database file"):
        Store.open(tmp_path / "nowhere" / "labels.db")


def test_no_client_can_make_the_labels_unreadable(open_labels: Open) -> None:
    """Python callers are not checked by pydantic: what is stored must come back all the same."""
    labels = open_labels()
    labels.apply_edit(REC, created(one(0, 1)))
    for edit in (
        edits.SetClass("a", ""),
        ApplyPatches((edits.TrackPatch("a", class_name="x" * 500),)),
        edits.SetKnot("a", Knot(EPOCH_NS, (float("nan"), 0.0, 0.0), (1.0, 0.0, 0.0, 0.0))),
        edits.SetKnot("a", Knot(EPOCH_NS, (1e300, 0.0, 0.0), (1.0, 0.0, 0.0, 0.0))),
        edits.SetKnot("a", Knot(-(2**63), (0.0, 0.0, 0.0), (1.0, 0.0, 0.0, 0.0))),
    ):
        with pytest.raises(EditError):
            labels.apply_edit(REC, edit)
    labels.close()
    assert open_labels().tracks(REC)["a"].presence_at(0) is PresenceKind.ABSENT
