"""Recordings in an object store or anywhere else that fsspec reaches: `s3://bucket/drive.h5`, `https://...`.

For programs; the server and the command line never fetch an address that a user gives. Needs `boxwright[remote]`.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

import h5py

from calibration.errors import RecordingError, UsageError
from fusion.recording.reader import Recording

_BLOCK_BYTES = 1 << 20


def open_remote(url: str, **storage_options: Any) -> Recording:
    """Open a recording by its address; storage_options go to fsspec (credentials, endpoint).

    The file is read in blocks of a megabyte, which are kept: opening takes a few requests, and so does a sample.
    Raises UsageError if fsspec or the store's own package is not installed, RecordingError if there is no recording.
    """
    try:
        import fsspec.core

        system, path = fsspec.core.url_to_fs(url, **storage_options)
        opened = system.open(path, "rb", block_size=_BLOCK_BYTES, cache_type="blockcache")
    except ImportError as error:
        raise UsageError(f"{error.name or error} is not installed", do="pip install 'boxwright[remote]'") from error
    except (OSError, ValueError) as error:
        raise RecordingError(f"cannot open the recording ({error})", do="check the address", where=url) from error
    try:
        file = h5py.File(opened, "r", rdcc_nbytes=0)
    except (OSError, ValueError) as error:
        opened.close()
        raise RecordingError("not a readable recording file", do="import it again", where=url) from error
    return Recording.of(Path(url), file)
