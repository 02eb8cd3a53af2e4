"""A pickle is a program; ours reads tables and runs nothing."""

from __future__ import annotations

import gzip
import pickle
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from calibration.errors import FormatError, UnsafeInputError
from fusion.readers.table_pickle import read_table_pickle


class Wants:
    """Pickles to a call."""

    def __init__(self, function: object, *arguments: object) -> None:
        self.call = (function, arguments)

    def __reduce__(self) -> object:
        return self.call


def write(path: Path, content: object, protocol: int = 3) -> Path:
    with gzip.open(path, "wb") as file:
        pickle.dump(content, file, protocol=protocol)
    return path


@pytest.mark.parametrize("function", [eval, exec, getattr, __import__, open, print, np.load, Path])
def test_a_pickle_that_wants_code_is_refused(tmp_path: Path, function: object) -> None:
    path = write(tmp_path / "evil.pkl.gz", Wants(function, "x"))
    with pytest.raises(UnsafeInputError, match=r"the pickle asks for \S+, which is not part of a table; refused"):
        read_table_pickle(path)


def test_nothing_runs_before_it_is_refused(tmp_path: Path) -> None:
    import os

    mark = tmp_path / "ran"
    path = write(tmp_path / "evil.pkl.gz", Wants(os.system, f"touch {mark}"))
    with pytest.raises(UnsafeInputError):
        read_table_pickle(path)
    assert not mark.exists()


def test_something_else_than_a_table_is_refused(tmp_path: Path) -> None:
    with pytest.raises(UnsafeInputError, match="something else than a table"):
        read_table_pickle(write(tmp_path / "list.pkl.gz", [1, 2, 3]))


def test_damage_is_said(tmp_path: Path) -> None:
    path = tmp_path / "broken.pkl.gz"
    path.write_bytes(b"\x1f\x8b no gzip")
    with pytest.raises(FormatError, match="not a readable gzipped table"):
        read_table_pickle(path)


def test_real_tables_agree_with_pandas(pandaset: Path) -> None:
    for name in ("lidar/00.pkl.gz", "annotations/cuboids/00.pkl.gz"):
        ours, theirs = read_table_pickle(pandaset / name), pd.read_pickle(pandaset / name)
        assert list(ours) == list(theirs.columns)
        for column in theirs.columns:
            assert np.array_equal(pd.Series(ours[column]).fillna("-"), theirs[column].fillna("-"))
