"""Small files that come with datasets, with one clear line when they are missing or broken."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import pyarrow as pa
from pyarrow import feather

from calibration.errors import FormatError


def read_json(path: Path) -> Any:
    """Parse a JSON file. Raises FormatError if it is missing or broken."""
    try:
        return json.loads(path.read_text(encoding="utf-8"))
    except FileNotFoundError as error:
        raise FormatError("a file is missing", do="complete the download", where=path) from error
    except ValueError as error:
        raise FormatError("not valid JSON", do="download it again", where=path) from error


def read_feather(path: Path, columns: tuple[str, ...]) -> dict[str, npt.NDArray[Any]]:
    """The named columns of a feather file. Raises FormatError if it is missing, truncated or lacks one."""
    try:
        table = feather.read_table(path, columns=list(columns), memory_map=False)
        table.validate(full=True)  # offsets that lead out of a text column are found here, not followed
    except FileNotFoundError as error:
        raise FormatError("a file is missing", do="complete the download", where=path) from error
    except (pa.ArrowException, OSError) as error:
        raise FormatError(
            "not a readable feather file, it may be truncated", do="download it again", where=path
        ) from error
    lacking = [name for name in columns if name not in table.column_names]
    if lacking:
        raise FormatError(f"the feather file has no column {', '.join(lacking)}", where=path)
    return {name: table[name].to_numpy() for name in columns}


def read_image(path: Path) -> bytes | None:
    """The bytes of a photo, or None where it is missing."""
    return path.read_bytes() if path.is_file() else None


def as_int64(values: npt.ArrayLike) -> npt.NDArray[np.int64]:
    """Plain int64 array."""
    return np.asarray(values, dtype=np.int64)
