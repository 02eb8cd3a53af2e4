"""Faults of a rig, planted by seed into real recordings: does `boxwright info` name them, and nothing on the true ones?

    python -m benchmarks.rig_faults --data DIR --json

DIR holds `pandaset/`, `kitti_raw/` and `sustechpoints/` as /work/shared/data does. Every dataset found gets the same
number of cases: an inverted extrinsic, swapped axes, a wrong quaternion order, in one camera or in all, as written
relative to the ego or to the LiDAR. Exit code 1 if fewer than 11 of 12 are named, or anything is on the true ones.
"""

from __future__ import annotations

import argparse
import json
import shutil
import sys
import tempfile
import time
from collections.abc import Iterator
from dataclasses import asdict, dataclass, replace
from pathlib import Path

import h5py
import numpy as np

from calibration import Rig, RigidTransform, quaternion
from calibration.errors import BoxwrightError
from fusion.readers import read_source
from fusion.recording import Recording, layout
from fusion.recording.writer import pose_rows
from fusion.rig_check import RigFault, RigState, SensorVerdict, check_rig
from fusion.rig_check.hypotheses import axis_turns
from labeling.importing import import_source
from labeling.project import Project

KINDS = (RigFault.INVERTED_EXTRINSIC, RigFault.SWAPPED_AXES, RigFault.QUATERNION_ORDER)
_NO_ALARM = {str(RigState.GOOD), str(RigState.ROUGH), str(RigState.UNKNOWN)}
_CASES = 12
_LEAST_SHARE = 11 / 12
_LEAST_RAD, _LEAST_M = np.deg2rad(0.5), 0.1  # a fault that changes less than that is none that anybody could see


@dataclass(frozen=True, slots=True)
class Case:
    """One planted recording, and what was said of it. said: the fault named for each camera, or its state."""

    dataset: str
    kind: str
    cameras: tuple[str, ...]
    relative_to: str
    changed_deg: float
    changed_m: float
    said: dict[str, str]
    named: bool
    false_alarms: int
    seconds: float


def sources(data: Path) -> dict[str, Path]:
    """The first recording of every dataset that is there."""
    places = {
        "sustechpoints": data.glob("sustechpoints/*/lidar"),
        "kitti": data.glob("kitti_raw/*/*_drive_*/velodyne_points"),
        "pandaset": data.glob("pandaset/*/lidar"),
    }
    found = {name: sorted(folders) for name, folders in places.items()}
    return {name: folders[0].parent for name, folders in found.items() if folders}


def planted(recording: Recording, kind: RigFault, rng: np.random.Generator) -> tuple[dict[str, RigidTransform], str]:
    """The wrong mountings of one camera or of all, and relative to what they were written down."""
    cameras = list(recording.cameras())
    chosen = cameras if rng.random() < 0.4 else [cameras[int(rng.integers(len(cameras)))]]
    lidar = recording.lidars()[0]
    ego_from_base, base = (
        (recording.rig[lidar].ego_from_sensor, lidar) if rng.random() < 0.5 else (RigidTransform.identity(), "ego")
    )
    turns = [turn for _, turn in axis_turns()]
    turn, inverse = turns[int(rng.integers(len(turns)))], rng.random() < 0.5

    def wrong(name: str) -> RigidTransform:
        right = ego_from_base.inverse() * recording.rig[name].ego_from_sensor
        right = right.inverse() if inverse else right
        if kind is RigFault.INVERTED_EXTRINSIC:
            right = right.inverse()
        elif kind is RigFault.QUATERNION_ORDER:
            right = RigidTransform(np.roll(right.rotation, 1), right.translation)
        right = right.inverse() if inverse else right
        return ego_from_base * right * turn if kind is RigFault.SWAPPED_AXES else ego_from_base * right

    return {name: wrong(name) for name in chosen}, base


def visible(recording: Recording, wrong: dict[str, RigidTransform]) -> tuple[float, float]:
    """By how many degrees and metres the least changed mounting is off."""
    errors = [recording.rig[name].ego_from_sensor.inverse() * mounting for name, mounting in wrong.items()]
    turns = [float(np.linalg.norm(quaternion.to_rotation_vector(error.rotation))) for error in errors]
    return float(np.rad2deg(min(turns))), float(min(np.linalg.norm(error.translation) for error in errors))


def copy_with(recording: Recording, wrong: dict[str, RigidTransform], path: Path) -> None:
    """A copy of the recording file with other mountings, and the poses that came with photos as if made from them."""
    shutil.copyfile(recording.path, path)
    sensors = tuple(
        replace(each, ego_from_sensor=wrong[each.name]) if each.name in wrong else each for each in recording.rig
    )
    with h5py.File(path, "r+") as file:
        del file[layout.RIG]
        file[layout.RIG] = json.dumps(Rig(sensors).to_record())
        for name, mounting in wrong.items():
            poses = recording.own_poses(name)
            if poses is not None:
                moved = poses * (recording.rig[name].ego_from_sensor.inverse() * mounting)
                file[f"{layout.STREAMS}/{name}/world_from_sensor"][...] = pose_rows(moved)


def said(verdicts: list[SensorVerdict]) -> dict[str, str]:
    return {v.sensor: "/".join([v.fault, *v.also]) if v.fault else str(v.state) for v in verdicts}


def judged(recording: Recording, dataset: str, kind: RigFault, rng: np.random.Generator, path: Path) -> Case:
    """Plant until something visible is planted, check, compare."""
    for _ in range(50):
        wrong, base = planted(recording, kind, rng)
        degrees, metres = visible(recording, wrong)
        if np.deg2rad(degrees) > _LEAST_RAD or metres > _LEAST_M:
            break
    copy_with(recording, wrong, path)
    start = time.perf_counter()
    with Recording.open(path) as faulty:
        answers = said(check_rig(faulty))
    seconds = time.perf_counter() - start
    path.unlink()
    others = [answer for name, answer in answers.items() if name not in wrong]
    return Case(
        dataset=dataset,
        kind=str(kind),
        cameras=tuple(wrong),
        relative_to=base,
        changed_deg=round(degrees, 2),
        changed_m=round(metres, 3),
        said=answers,
        # All cameras share one cause: most of them must be named, and a single one itself.
        named=sum(str(kind) in answers.get(name, "").split("/") for name in wrong) > len(wrong) / 2,
        false_alarms=sum(answer not in _NO_ALARM for answer in others),
        seconds=round(seconds, 1),
    )


def cases(data: Path, wanted: int, seed: int, folder: Path) -> Iterator[Case]:
    """The true recordings first (kind `none`), then the planted ones, dataset by dataset."""
    found = sources(data)
    if not found:
        raise BoxwrightError("no pandaset, kitti_raw or sustechpoints recording", do="name one with --data", where=data)
    project = Project.create(folder / "project")
    for number, (dataset, path) in enumerate(found.items()):
        import_source(project, read_source(path), dataset)
        with project.recording(dataset) as recording:
            yield _true_case(recording, dataset)
            for index in range(wanted * number // len(found), wanted * (number + 1) // len(found)):
                rng = np.random.default_rng([seed, number, index])
                kind = KINDS[index % len(KINDS)]
                yield judged(recording, dataset, kind, rng, folder / f"case-{index}{layout.SUFFIX}")


def _true_case(recording: Recording, dataset: str) -> Case:
    start = time.perf_counter()
    answers = said(check_rig(recording))
    alarms = sum(answer not in _NO_ALARM for answer in answers.values())
    return Case(dataset, "none", (), "", 0.0, 0.0, answers, False, alarms, round(time.perf_counter() - start, 1))


def main(arguments: list[str] | None = None) -> int:
    parser = argparse.ArgumentParser(prog="python -m benchmarks.rig_faults")
    parser.add_argument("--data", type=Path, default=Path("../shared/data"))
    parser.add_argument("--cases", type=int, default=_CASES)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--json", action="store_true", help="print one JSON object")
    options = parser.parse_args(arguments)
    found: list[Case] = []
    try:
        with tempfile.TemporaryDirectory(prefix="boxwright-rig-faults-") as folder:
            for case in cases(options.data, options.cases, options.seed, Path(folder)):
                found.append(case)
                print(_line(case), file=sys.stderr, flush=True)
    except BoxwrightError as error:
        print(f"benchmarks.rig_faults: {error}", file=sys.stderr)
        return 1
    return _finish(found, options)


def _finish(found: list[Case], options: argparse.Namespace) -> int:
    wrong = [case for case in found if case.kind != "none"]
    named, alarms = sum(case.named for case in wrong), sum(case.false_alarms for case in found)
    met = named >= _LEAST_SHARE * len(wrong) and alarms == 0
    report = {"name": "rig_faults", "named": named, "cases": len(wrong), "false_alarms": alarms, "seed": options.seed}
    if options.json:
        print(json.dumps(report | {"met": met, "list": [asdict(case) for case in found]}))
    else:
        print(f"{named} of {len(wrong)} named, {alarms} false alarms: {'met' if met else 'MISSED'}")
    return 0 if met else 1


def _line(case: Case) -> str:
    if case.kind == "none":
        return f"{case.dataset}, as it is: {case.said} ({case.seconds} s)"
    where = f"{', '.join(case.cameras)} relative to {case.relative_to}, {case.changed_deg} deg {case.changed_m} m"
    verdict = "named" if case.named else "NOT NAMED"
    return f"{case.dataset}, {case.kind} in {where}: {verdict}, {case.said} ({case.seconds} s)"


if __name__ == "__main__":
    sys.exit(main())
