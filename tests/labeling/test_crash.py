"""The power goes out: what was acknowledged is there, and what is there makes sense."""

from __future__ import annotations

import random
import shutil
import subprocess
import sys
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from labeling.editing import edits
from labeling.editing.service import LabelService
from labeling.editing.store import Store
from tests.conftest import ROOT
from tests.labeling.test_edits import one
from tests.labeling.test_service import REC, created, journal, living, moved, replayed

WORKER = f"""
import sys
sys.path.insert(0, {str(ROOT)!r})
from pathlib import Path
from labeling.editing.service import LabelService
from labeling.editing.store import Store
from tests.labeling.test_edits import one
from tests.labeling.test_service import REC, created, moved

labels = LabelService(Store.open(Path(sys.argv[1])))
if "a" not in labels.tracks(REC):
    print(labels.apply_edit(REC, created(one(0, 1))).sequence, flush=True)
while True:
    print(labels.apply_edit(REC, moved("a", 0.25)).sequence, flush=True)
"""


def test_acknowledged_edits_survive_kill_9(tmp_path: Path) -> None:
    path = tmp_path / "labels.db"
    acknowledged: list[int] = []
    for round_number in range(3):
        worker = subprocess.Popen([sys.executable, "-c", WORKER, str(path)], stdout=subprocess.PIPE, text=True)
        assert worker.stdout is not None
        acknowledged.append(int(worker.stdout.readline()))
        time.sleep(random.Random(round_number).uniform(0.0, 0.15))
        worker.kill()
        rest, _ = worker.communicate()
        acknowledged += [int(line) for line in rest.splitlines(keepends=True) if line.endswith("\n")]
        labels = LabelService(Store.open(path))
        assert set(labels.tracks(REC)) == {"a"}
        labels.close()
        assert set(acknowledged) <= {sequence for sequence, _ in journal(path)}
        assert replayed(path) == living(path)
    assert len(acknowledged) > 6
    assert len(set(acknowledged)) == len(acknowledged)


def test_a_torn_log_opens_with_a_prefix_of_the_journal(tmp_path: Path) -> None:
    path = tmp_path / "labels.db"
    labels = LabelService(Store.open(path))
    labels.apply_edit(REC, created(one(0, 1)))
    for step in range(12):
        labels.apply_edit(REC, moved("a", 0.5))
        if step == 5:
            labels.apply_edit(REC, edits.Split("a", one(0.5).times_ns[0].item(), "b"))
            labels.undo(REC)
    whole = [sequence for sequence, _ in journal(path)]
    wal = Path(f"{path}-wal")
    size = wal.stat().st_size
    assert size > 50_000
    seen = set()
    for length in sorted({0, 31, *random.Random(7).sample(range(size), 25), size - 1, size}):
        copy = tmp_path / f"torn-{length}"
        copy.mkdir()
        shutil.copy(path, copy / "labels.db")
        (copy / "labels.db-wal").write_bytes(wal.read_bytes()[:length])
        torn = LabelService(Store.open(copy / "labels.db"))
        torn.tracks(REC)
        sequences = [sequence for sequence, _ in journal(copy / "labels.db")]
        assert sequences == whole[: len(sequences)]
        assert replayed(copy / "labels.db") == living(copy / "labels.db")
        torn.apply_edit(REC, created(one(0, 1, id="new")))  # and one can go on
        torn.close()
        seen.add(len(sequences))
    labels.close()
    assert {0, len(whole)} < seen


def test_many_open_a_new_project_at_once(tmp_path: Path) -> None:
    path = tmp_path / "labels.db"

    def work(number: int) -> int:
        labels = LabelService(Store.open(path))
        try:
            labels.apply_edit(REC, created(one(0, 1, id=f"t{number}")))
            return max(labels.apply_edit(REC, moved(f"t{number}")).sequence for _ in range(3))
        finally:
            labels.close()

    with ThreadPoolExecutor(6) as pool:
        list(pool.map(work, range(6)))
    assert [sequence for sequence, _ in journal(path)] == list(range(1, 25))
    assert replayed(path) == living(path)


def test_a_store_that_is_full_of_nothing_is_new(tmp_path: Path) -> None:
    path = tmp_path / "labels.db"
    path.touch()
    labels = LabelService(Store.open(path))
    assert labels.versions(REC) == (0, {})
    labels.close()
    with pytest.raises(FileNotFoundError):
        Path(f"{path}-wal").stat()  # closed properly: nothing is left in the log
