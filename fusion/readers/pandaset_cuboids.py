"""PandaSet's cuboids: one object for each uuid group, each pose at the moment its LiDAR passed the object."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from calibration import RigidTransform, quaternion
from calibration.quaternion import FloatArray
from fusion.cuboid_table import CuboidTable
from fusion.ego_motion import EgoMotion
from fusion.readers.table_pickle import Table, read_table_pickle
from fusion.sweep_clock import SweepClock
from fusion.timeline import Int64Array, seconds_to_ns

_NO_SIBLING = "-"
_MARGIN_M = 0.05


def read_cuboids(
    path: Path,
    frames: Int64Array,
    times_ns: Int64Array,
    ego_motion: EgoMotion,
    mounts: dict[str, tuple[float, float, float]],
) -> tuple[CuboidTable | None, list[str]]:
    """All cuboids of a sequence, and what was merged in words; None where the sequence has no labels."""
    tables = {}
    for index, frame in enumerate(frames):
        file = path / "annotations" / "cuboids" / f"{frame:02d}.pkl.gz"
        if file.is_file():
            tables[index] = read_table_pickle(file)
    if not tables:
        return None, ["no cuboids in this sequence"]
    owner = _sibling_groups(list(tables.values()))
    rows = []
    for index, table in tables.items():
        origins = [ego_motion.at(times_ns[index]).apply(mount) for mount in mounts.values()]
        sweep = path / "lidar" / f"{frames[index]:02d}.pkl.gz"
        passed = _passing_times(
            table, read_table_pickle(sweep) if sweep.is_file() else None, origins, int(times_ns[index])
        )
        rows.append(_chosen_rows(table, owner, index, passed))
    return _join(rows), _notes(list(tables.values()), owner)


def _sibling_groups(tables: list[Table]) -> dict[str, str]:
    """uuid -> uuid of the group. The spinning LiDAR's uuid stands for the group where there is one."""
    device: dict[str, int] = {}
    leader: dict[str, str] = {}
    for table in tables:
        for uuid, sensor in zip(table["uuid"], table["cuboids.sensor_id"], strict=True):
            device.setdefault(uuid, int(sensor))
            leader.setdefault(uuid, uuid)

    def root(uuid: str) -> str:
        while leader[uuid] != uuid:
            uuid = leader[uuid]
        return uuid

    for table in tables:
        for uuid, sibling in zip(table["uuid"], table["cuboids.sibling_id"], strict=True):
            if sibling != _NO_SIBLING and sibling in leader and root(uuid) != root(sibling):
                first, second = sorted((root(uuid), root(sibling)), key=lambda u: (device[u] != 0, u))
                leader[second] = first
    return {uuid: root(uuid) for uuid in leader}


def _boxes(table: Table) -> tuple[FloatArray, FloatArray, FloatArray]:
    """Centres (N, 3), sizes length width height (N, 3), yaw of the length axis (N,): PandaSet's length lies along y."""
    centres = np.stack([table[f"position.{axis}"] for axis in "xyz"], axis=1).astype(np.float64)
    sizes = np.stack([table[f"dimensions.{axis}"] for axis in "yxz"], axis=1).astype(np.float64)
    return centres, sizes, table["yaw"].astype(np.float64) + np.pi / 2


def _passing_times(table: Table, sweep: Table | None, origins: list[FloatArray], time_ns: int) -> Int64Array:
    """When the cuboid's own LiDAR passed it: its points' median time, else that of the nearest directions."""
    centres, sizes, yaws = _boxes(table)
    times = np.full(len(centres), time_ns, dtype=np.int64)
    if sweep is None:
        return times
    device = np.maximum(table["cuboids.sensor_id"].astype(np.int64), 0)
    for number, origin in enumerate(origins):
        mine = sweep["d"] == number
        if not mine.any():
            continue
        points = np.stack([sweep[axis][mine] for axis in "xyz"], axis=1)
        point_times = seconds_to_ns(sweep["t"][mine])
        chosen = np.flatnonzero(device == number)
        if len(chosen):
            times[chosen] = SweepClock(points, origin, point_times).time_of(centres[chosen])
        for row in chosen:
            inside = _inside(points, centres[row], sizes[row], yaws[row])
            if inside.any():
                times[row] = np.sort(point_times[inside])[inside.sum() // 2]
    return times


def _inside(points: FloatArray, centre: FloatArray, size: FloatArray, yaw: float) -> npt.NDArray[np.bool_]:
    offset = points - centre
    cosine, sine = np.cos(yaw), np.sin(yaw)
    half = size / 2 + _MARGIN_M
    along = np.abs(offset[:, 0] * cosine + offset[:, 1] * sine) <= half[0]
    across = np.abs(offset[:, 1] * cosine - offset[:, 0] * sine) <= half[1]
    return np.asarray(along & across & (np.abs(offset[:, 2]) <= half[2]))


def _chosen_rows(table: Table, owner: dict[str, str], index: int, times_ns: Int64Array) -> dict[str, Any]:
    """One row for each object in this frame, the spinning LiDAR's before the forward one's."""
    centres, sizes, yaws = _boxes(table)
    preference = np.argsort(table["cuboids.sensor_id"] == 1, kind="stable")
    seen: dict[str, int] = {}
    for row in preference:
        seen.setdefault(owner[table["uuid"][row]], int(row))
    rows = np.array(sorted(seen.values()), dtype=np.int64)
    return {
        "ids": [owner[uuid] for uuid in table["uuid"][rows]],
        "classes": [str(label) for label in table["label"][rows]],
        "times": times_ns[rows],
        "frames": np.full(len(rows), index, dtype=np.int64),
        "centres": centres[rows],
        "yaws": yaws[rows],
        "sizes": sizes[rows],
        "attributes": [_attributes(table, row) for row in rows],
    }


def _attributes(table: Table, row: int) -> dict[str, str]:
    prefix = "attributes."
    named = ((name.removeprefix(prefix), table[name][row]) for name in table if name.startswith(prefix))
    return {name: value for name, value in named if isinstance(value, str) and value}


def _join(rows: list[dict[str, Any]]) -> CuboidTable:
    def column(name: str) -> list[Any]:
        return [value for row in rows for value in row[name]]

    return CuboidTable(
        track_ids=tuple(column("ids")),
        classes=tuple(column("classes")),
        times_ns=np.concatenate([row["times"] for row in rows]),
        frames=np.concatenate([row["frames"] for row in rows]),
        world_from_object=RigidTransform(
            quaternion.from_yaw(np.concatenate([row["yaws"] for row in rows])),
            np.concatenate([row["centres"] for row in rows]),
        ),
        sizes_m=np.concatenate([row["sizes"] for row in rows]),
        attributes=tuple(column("attributes")),
    )


def _notes(tables: list[Table], owner: dict[str, str]) -> list[str]:
    labels = {uuid: label for table in tables for uuid, label in zip(table["uuid"], table["label"], strict=True)}
    merged = {uuid: root for uuid, root in owner.items() if uuid != root}
    notes = [
        f"{len(owner)} uuids are {len(set(owner.values()))} objects: {len(merged)} were seen by both LiDARs and "
        "merged, the spinning LiDAR's cuboid is kept where there are two in a frame"
    ]
    for uuid, root in sorted(merged.items()):
        if labels[uuid] != labels[root]:
            notes.append(
                f"merged object {root} is {labels[root]!r} for one LiDAR and {labels[uuid]!r} for the other; "
                f"{labels[root]!r} is kept"
            )
    return notes
