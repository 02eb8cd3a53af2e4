"""Read a table of numbers and text out of a gzipped pandas pickle without running anything that is in it.

A pickle is a program. This unpickler knows only what a table is made of (arrays, an index, a block manager, all of them
replaced by inert stand-ins) and refuses every other name. pandas itself is not needed.
"""

from __future__ import annotations

import gzip
import pickle
from pathlib import Path
from typing import Any

import numpy as np
import numpy._core.multiarray as multiarray  # where numpy's own pickles point
import numpy.typing as npt

from calibration.errors import FormatError, UnsafeInputError

Table = dict[str, npt.NDArray[Any]]


class _Inert:
    """Stands for a pandas object: keeps what it was built from and does nothing."""

    def __init__(self, *arguments: Any) -> None:
        self.arguments = arguments
        self.state: Any = None

    def __setstate__(self, state: Any) -> None:
        self.state = state


class _Frame(_Inert):
    pass


class _Blocks(_Inert):
    pass


class _Index(_Inert):
    pass


class _RangeIndex(_Index):
    pass


def _new_index(kind: type[_Index], data: dict[str, Any]) -> _Index:
    index = kind()
    index.state = data
    return index


_ADMITTED: dict[tuple[str, str], Any] = {
    ("numpy", "dtype"): np.dtype,
    ("numpy", "ndarray"): np.ndarray,
    ("builtins", "slice"): slice,
    ("pandas.core.frame", "DataFrame"): _Frame,
    ("pandas.core.internals.managers", "BlockManager"): _Blocks,
    ("pandas.core.indexes.base", "Index"): _Index,
    ("pandas.core.indexes.base", "_new_Index"): _new_index,
    ("pandas.core.indexes.range", "RangeIndex"): _RangeIndex,
}
for _module in ("numpy.core.multiarray", "numpy._core.multiarray"):
    for _name in ("_reconstruct", "scalar"):
        _ADMITTED[_module, _name] = getattr(multiarray, _name)


class _TableUnpickler(pickle.Unpickler):
    def find_class(self, module: str, name: str) -> Any:
        admitted = _ADMITTED.get((module, name))
        if admitted is None:
            raise UnsafeInputError(f"the pickle asks for {module}.{name}, which is not part of a table")
        return admitted


def read_table_pickle(path: Path) -> Table:
    """Columns by name, each (N,). Raises UnsafeInputError for anything but a table, FormatError if it is damaged."""
    try:
        with gzip.open(path, "rb") as file:
            frame = _TableUnpickler(file).load()
        return _columns(frame)
    except UnsafeInputError as error:
        raise UnsafeInputError(
            str(error), do="refused, nothing was run; get the file from a source you trust", where=path
        ) from error
    except FileNotFoundError as error:
        raise FormatError("a table is missing", do="complete the download", where=path) from error
    except Exception as error:  # a damaged pickle can raise anything
        raise FormatError(
            f"not a readable gzipped table ({type(error).__name__})", do="download it again", where=path
        ) from error


def _columns(frame: Any) -> Table:
    if not isinstance(frame, _Frame):
        raise UnsafeInputError("the pickle holds something else than a table")
    manager = next(value for value in frame.state.values() if isinstance(value, _Blocks))
    parts = manager.state[3]["0.14.1"]
    names = list(parts["axes"][0].state["data"])
    table: Table = {}
    for block in parts["blocks"]:
        placement = block["mgr_locs"]
        positions = range(len(names))[placement] if isinstance(placement, slice) else placement
        for row, position in zip(np.atleast_2d(block["values"]), positions, strict=True):
            table[str(names[int(position)])] = row
    return {name: table[name] for name in map(str, names)}
