"""Names and versions inside the recording file; `docs/recording-file.md` is the same in words."""

from __future__ import annotations

from typing import Any

import hdf5plugin

FORMAT = "boxwright-recording"
VERSION = 1
SUFFIX = ".h5"

RIG = "rig"
EGO_TIMES = "ego/times_ns"
EGO_POSES = "ego/world_from_ego"
STREAMS = "streams"
FRAME_TIMES = "frames/times_ns"
FRAME_SPANS = "frames/spans_ns"
FRAME_SAMPLES = "frames/samples"

# Lossless, and decoded faster than a disk delivers the raw bytes.
COMPRESSION: dict[str, Any] = dict(hdf5plugin.Blosc2(cname="lz4", clevel=5, filters=hdf5plugin.Blosc2.SHUFFLE))


def sample_key(index: int) -> str:
    """Name of a sample inside its stream's group."""
    return f"{index:06d}"
