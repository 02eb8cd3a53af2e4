"""Cuboids as a dataset lists them, row by row, before they become tracks.

Readers bring labels along in this neutral form; `labeling` turns it into tracks and back.
"""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np
import numpy.typing as npt

from calibration import RigidTransform
from calibration.quaternion import FloatArray


@dataclass(frozen=True, slots=True, eq=False)
class CuboidTable:
    """N rows.

    track_ids: N strings, the same for one object over time. classes: N strings, as the dataset names them.
    times_ns: (N,) int64, the moment at which each pose holds; None where that is the moment at which the frame's sweep
    passed the object, which only the recording can say. world_from_object: batch (N,), x forward, y left, z up.
    sizes_m: (N, 3) float64 length, width, height. attributes: N mappings of text to text.
    frames: (N,) int64, the frame of the recording that each row labels. labelled_frames: those in which anybody looked
    for objects, where that is not every frame (keyframes); between two of them in a row an object is still there.
    """

    track_ids: tuple[str, ...]
    classes: tuple[str, ...]
    times_ns: npt.NDArray[np.int64] | None
    frames: npt.NDArray[np.int64]
    world_from_object: RigidTransform
    sizes_m: FloatArray
    attributes: tuple[dict[str, str], ...] = field(default=())
    labelled_frames: npt.NDArray[np.int64] | None = None

    def __post_init__(self) -> None:
        count = len(self.track_ids)
        columns = (self.classes, self.frames, self.world_from_object, self.sizes_m)
        timed = self.times_ns is None or len(self.times_ns) == count
        if not timed or any(len(column) != count for column in columns):
            raise ValueError("every column of a cuboid table needs one entry a row")
        if not self.attributes:
            object.__setattr__(self, "attributes", tuple({} for _ in range(count)))

    def __len__(self) -> int:
        return len(self.track_ids)
