"""The ledger of planted faults: canonical, and checked when it is read."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from calibration import InputError
from fusion.faults import Ledger, Planted, Skipped, ledger_to_json, read_ledger, write_ledger

numbers = st.floats(allow_nan=False, allow_infinity=False)
words = st.text(min_size=1)
times = st.integers(-(2**63), 2**63 - 1)
entries = st.builds(
    Planted,
    words,
    st.lists(words, min_size=1, max_size=3).map(tuple),
    st.tuples(st.integers(0, 99), st.integers(0, 99)),
    st.none() | st.tuples(times, times),
    st.dictionaries(st.text(), st.one_of(numbers, words), max_size=3),
    st.text(),
)
skips = st.builds(Skipped, words, st.integers(0, 9), st.integers(0, 9), words)
ledgers = st.builds(Ledger, st.integers(0, 2**32), st.text(), st.lists(entries).map(tuple), st.lists(skips).map(tuple))


@given(ledgers)
def test_a_ledger_comes_back(tmp_path_factory: pytest.TempPathFactory, ledger: Ledger) -> None:
    path = tmp_path_factory.mktemp("ledger") / "deep" / "a.json"
    write_ledger(ledger, path)
    assert read_ledger(path) == ledger
    assert path.read_bytes() == ledger_to_json(read_ledger(path))
    assert [each.name for each in path.parent.iterdir()] == ["a.json"]


def test_times_in_json_are_strings_of_digits() -> None:
    record = json.loads(ledger_to_json(Ledger(0, "x", (Planted("k", ("a",), (0, 1), (2**62, 2**62 + 1), {}),))))
    assert record["format"] == "boxwright-ledger"
    assert record["entries"][0]["times_ns"] == [str(2**62), str(2**62 + 1)]


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (None, "cannot read the ledger (No such file or directory)"),
        ("[", "not a ledger (Invalid JSON: "),
        ("{}", "not a ledger (Field required at seed)"),
        ('{"seed": 1, "source": "x", "version": 2}', "not a ledger (Input should be 1 at version)"),
        ('{"seed": 1, "source": "x", "more": 2}', "not a ledger (Unexpected keyword argument at more)"),
        (
            '{"seed": 1, "source": "x", "entries": [{"kind": "k", "what": [], "frames": [0, 1], "times_ns": null, '
            '"amount": {}}]}',
            "not a ledger (Tuple should have at least 1 item",
        ),
    ],
)
def test_what_is_no_ledger_is_said_in_one_line(content: str | None, message: str, tmp_path: Path) -> None:
    path = tmp_path / "ledger.json"
    if content is not None:
        path.write_text(content)
    with pytest.raises(InputError) as caught:
        read_ledger(path)
    assert str(caught.value).startswith(message)
    assert str(caught.value).endswith(f": {path}")
    assert "\n" not in str(caught.value)
    with pytest.raises(InputError, match="cannot write the ledger"):
        write_ledger(Ledger(0, "x"), tmp_path)
