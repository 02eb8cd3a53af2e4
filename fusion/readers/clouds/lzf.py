"""LZF decompression, as PCD's `binary_compressed` uses it.

Format: liblzf, M. Lehmann, `lzf.h`: literal runs of 1-32 bytes, back references of 3-264 bytes up to 8 KiB back.
"""

from __future__ import annotations

from pathlib import Path

import numba
import numpy as np
import numpy.typing as npt

from calibration.errors import FormatError

# A reference of three bytes stands for at most 264.
MAX_RATIO = 88


def unpack_lzf(packed: bytes, size: int, where: Path) -> npt.NDArray[np.uint8]:
    """(size,) uint8. Raises FormatError if the data is damaged or its size is another, before allocating a bomb."""
    if size > MAX_RATIO * len(packed):
        raise FormatError(f"{len(packed)} compressed bytes cannot hold {size}", where=where)
    out = np.empty(size, np.uint8)
    if _unpack(np.frombuffer(packed, np.uint8), out) != size:
        raise FormatError("the compressed points are damaged", where=where)
    return out


@numba.njit(cache=True)  # type: ignore[untyped-decorator]
def _unpack(packed: npt.NDArray[np.uint8], out: npt.NDArray[np.uint8]) -> int:
    """Number of bytes written, -1 where the input is damaged or does not fit."""
    read, written = 0, 0
    while read < len(packed):
        control = int(packed[read])
        read += 1
        if control < 32:
            count = control + 1
            if read + count > len(packed) or written + count > len(out):
                return -1
            out[written : written + count] = packed[read : read + count]
            read += count
        else:
            count = control >> 5
            if count == 7:
                if read >= len(packed):
                    return -1
                count += int(packed[read])
                read += 1
            if read >= len(packed):
                return -1
            source = written - ((control & 31) << 8) - int(packed[read]) - 1
            read += 1
            count += 2
            if source < 0 or written + count > len(out):
                return -1
            for i in range(count):  # byte by byte: a reference may overlap what it writes
                out[written + i] = out[source + i]
        written += count
    return written
