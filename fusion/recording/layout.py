"""Names and versions inside the recording file; `docs/recording-file.md` is the same in words."""

from __future__ import annotations

from typing import Any

import hdf5plugin

FORMAT = "boxwright-recording"
VERSION = 2
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


# Metadata lies together in blocks: over a network a few large reads find everything. HDF5's own paged files would do
# that too, but their head carries the time of day: the same source must be the same bytes.
METADATA_BLOCK_BYTES = 256 * 1024
FILE: dict[str, Any] = {"libver": "v110", "meta_block_size": METADATA_BLOCK_BYTES}

# Of compact sweeps: zstd on shuffled small integers.
COMPACT: dict[str, Any] = dict(hdf5plugin.Blosc2(cname="zstd", clevel=3, filters=hdf5plugin.Blosc2.SHUFFLE))
POINTS, INTENSITY, OFFSETS = "points_m", "intensity", "time_offset_ns"
POINT_STEPS, OFFSET_STEPS = "point_steps", "time_offset_steps"
STEP_M = 0.001


def sample_key(index: int) -> str:
    """Name of a sample inside its stream's group."""
    return f"{index:06d}"
