"""The ways in which rigs are written down wrongly, each as what would put it right.

A mounting `ego_from_camera` reaches a file as a matrix or a quaternion, of itself or of its inverse, relative to the
ego or to a LiDAR, and each of these can be read in a wrong way. What is undone here is the wrong reading.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from enum import StrEnum
from itertools import permutations, product

import numpy as np

from calibration import CameraModel, RigidTransform, quaternion
from calibration.alignment import SweepEdges
from fusion.ego_motion import EgoMotion
from fusion.recording import Recording
from fusion.rig_check.evidence import Change, FrameEdges, Pose, Shot, as_recorded


class RigFault(StrEnum):
    """What may be wrong with a sensor of a rig."""

    INVERTED_EXTRINSIC = "inverted_extrinsic"
    SWAPPED_AXES = "swapped_axes"
    QUATERNION_ORDER = "quaternion_order"
    TRANSPOSED_ROTATION = "transposed_rotation"
    SWAPPED_SENSORS = "swapped_sensors"
    SCALED_INTRINSICS = "scaled_intrinsics"
    TIME_OFFSET = "time_offset"
    MIRRORED_POINTS = "mirrored_points"


@dataclass(frozen=True, slots=True, eq=False)
class Hypothesis:
    """fault: what is wrong; detail: in which way, for people; remedy: what to do. camera, pose, change: how the photos
    and the sweeps lie if it is true. also: other faults that come to the same, so that nothing could tell them apart.
    """

    fault: RigFault
    detail: str
    remedy: str
    camera: CameraModel | None
    pose: Pose
    change: Change = as_recorded
    also: tuple[RigFault, ...] = ()


Remount = Callable[[RigidTransform], RigidTransform]

_IDENTITY = RigidTransform.identity()
_MOVING_MPS = 2.0
_OFFSETS_MS = (-200, -100, -50, 50, 100, 200)
_SCALES = (0.5, 2.0)
_SAME = {"atol_m": 1e-3, "atol_rad": 1e-3}


def camera_hypotheses(recording: Recording, camera: str, shot: Shot) -> list[Hypothesis]:
    """All that make a difference to a camera; `shot` is one of its photos."""
    model = recording.rig[camera].model
    found = [
        Hypothesis(fault, detail, remedy, model, _remounted(remount))
        for fault, detail, remedy, remount in _mountings(recording, camera)
    ]
    found += _swapped_cameras(recording, camera)
    found += [_scaled(model, scale) for scale in _SCALES if _centred_by(model, scale)]
    found += _offsets(recording, model)
    if recording.own_poses(camera) is not None:
        found += _pose_misreadings(model)
    return _different(found, shot)


def _different(found: list[Hypothesis], shot: Shot) -> list[Hypothesis]:
    """Those that change nothing left out, those that come to the same in one: the usual mistakes stand first."""
    kept: list[Hypothesis] = []
    for each in found:
        pose = each.pose(shot)
        if each.fault is RigFault.SCALED_INTRINSICS:
            kept.append(each)
        elif not pose.almost_equal(shot.world_from_camera, **_SAME):
            _add(kept, each, [pose.almost_equal(other.pose(shot), **_SAME) for other in kept])
    return kept


def _add(kept: list[Hypothesis], new: Hypothesis, is_same: list[bool]) -> None:
    if True not in is_same:
        kept.append(new)
        return
    place = is_same.index(True)
    old = kept[place]
    if new.fault not in (old.fault, *old.also):
        kept[place] = replace(old, also=(*old.also, new.fault))


def _remounted(remount: Remount) -> Pose:
    return lambda shot: shot.world_from_ego * remount(shot.ego_from_camera)


_Mounting = tuple[RigFault, str, str, Remount]


def _mountings(recording: Recording, camera: str) -> Iterator[_Mounting]:
    bases = _bases(recording)
    for base, ego_from_base in bases:
        yield (
            RigFault.INVERTED_EXTRINSIC,
            f"{camera} from {base} where {base} from {camera} is meant",
            "invert the extrinsic",
            _relative(ego_from_base, lambda mounting: mounting.inverse()),
        )
    for detail, turn in _camera_axes():
        yield RigFault.SWAPPED_AXES, detail, "give the mounting in z forward, x right, y down", _turned_camera(turn)
    for detail, turn in EGO_AXES.items():
        yield RigFault.SWAPPED_AXES, detail, "give the mounting in x forward, y left, z up", _turned_ego(turn)
    for base, ego_from_base in bases:
        for fault, detail, remedy, remount in _misread_rotations():
            yield fault, f"{detail}, relative to {base}", remedy, _relative(ego_from_base, remount)


def _bases(recording: Recording) -> list[tuple[str, RigidTransform]]:
    """Frames in which a mounting may have been written down: name and `ego_from_base`."""
    lidars = [(name, recording.rig[name].ego_from_sensor) for name in recording.lidars()]
    return [("ego", _IDENTITY)] + [(name, pose) for name, pose in lidars if not pose.almost_equal(_IDENTITY, **_SAME)]


def _relative(ego_from_base: RigidTransform, remount: Remount) -> Remount:
    return lambda ego_from_camera: ego_from_base * remount(ego_from_base.inverse() * ego_from_camera)


def _turned_camera(turn: RigidTransform) -> Remount:
    return lambda mounting: mounting * turn


def _turned_ego(turn: RigidTransform) -> Remount:
    return lambda mounting: turn * mounting


def axis_turns() -> list[tuple[str, RigidTransform]]:
    """The 23 ways of calling right-handed axes by one another's names, such as `x=z y=-x z=-y`, but for no change."""
    found = []
    for order, signs in product(permutations(range(3)), product((1.0, -1.0), repeat=3)):
        matrix = np.zeros((3, 4))
        matrix[range(3), order] = signs
        if np.linalg.det(matrix[:, :3]) > 0 and not np.array_equal(matrix[:, :3], np.eye(3)):
            names = [
                f"{axis}={'-' if sign < 0 else ''}{'xyz'[k]}" for axis, k, sign in zip("xyz", order, signs, strict=True)
            ]
            found.append((" ".join(names), RigidTransform.from_matrix(matrix)))
    return found


_CONVENTIONS = {
    "x=z y=-x z=-y": "body axes (x forward, y left, z up) for the camera's",
    "x=-y y=-z z=x": "camera axes the other way round",
    "x=x y=-y z=-z": "OpenGL axes (y up, looking along -z) for the camera's",
}


def _camera_axes() -> list[tuple[str, RigidTransform]]:
    """The conventions that are in use first."""
    turns = axis_turns()
    turns.sort(key=lambda each: each[0] not in _CONVENTIONS)
    return [(_CONVENTIONS.get(name, f"camera axes named {name}"), turn) for name, turn in turns]


EGO_AXES = {
    "ego axes with y forward": RigidTransform.from_yaw(np.pi / 2, np.zeros(3)),
    "ego axes with y backward": RigidTransform.from_yaw(-np.pi / 2, np.zeros(3)),
    "ego axes with x backward": RigidTransform.from_yaw(np.pi, np.zeros(3)),
    "ego axes with z down": RigidTransform(np.array([0.0, 1.0, 0.0, 0.0]), np.zeros(3)),
}


def _misread_rotations() -> list[_Mounting]:
    """Wrong readings of the rotation alone, in the mounting and in its inverse."""
    order, transposed = RigFault.QUATERNION_ORDER, RigFault.TRANSPOSED_ROTATION
    to_xyzw, to_wxyz = "give quaternions as w, x, y, z", "give quaternions as w, x, y, z"
    changes: list[tuple[RigFault, str, str, Callable[[RigidTransform], RigidTransform]]] = [
        (
            order,
            "a quaternion w, x, y, z read as x, y, z, w",
            to_xyzw,
            lambda t: _with_rotation(t, np.roll(t.rotation, -1)),
        ),
        (
            order,
            "a quaternion x, y, z, w read as w, x, y, z",
            to_wxyz,
            lambda t: _with_rotation(t, np.roll(t.rotation, 1)),
        ),
        (
            transposed,
            "the rotation transposed",
            "transpose it",
            lambda t: _with_rotation(t, quaternion.conjugate(t.rotation)),
        ),
    ]
    return changes + [(f, f"{d} (of the inverse)", r, _of_inverse(change)) for f, d, r, change in changes]


def _of_inverse(remount: Remount) -> Remount:
    return lambda mounting: remount(mounting.inverse()).inverse()


def _with_rotation(transform: RigidTransform, rotation: quaternion.FloatArray) -> RigidTransform:
    return RigidTransform(rotation, transform.translation)


def _pose_misreadings(model: CameraModel) -> list[Hypothesis]:
    """Of poses in the world that came with the photos."""
    found = [
        Hypothesis(
            RigFault.INVERTED_EXTRINSIC,
            "its poses are world-to-camera",
            "invert the poses",
            model,
            lambda shot: shot.world_from_camera.inverse(),
        )
    ]
    for fault, detail, remedy, remount in _misread_rotations():
        found.append(Hypothesis(fault, f"{detail}, in its poses", remedy, model, _world_pose(remount)))
    return found


def _world_pose(remount: Remount) -> Pose:
    return lambda shot: remount(shot.world_from_camera)


def _swapped_cameras(recording: Recording, camera: str) -> list[Hypothesis]:
    found = []
    for other in recording.cameras():
        sensor = recording.rig[other]
        if other == camera or sensor.ego_from_sensor.almost_equal(recording.rig[camera].ego_from_sensor, **_SAME):
            continue
        own = recording.rig[camera].model
        # Photos of another size cannot be those of the other camera.
        if (sensor.model.width_px, sensor.model.height_px) == (own.width_px, own.height_px):
            pose = _remounted(lambda _, mounting=sensor.ego_from_sensor: mounting)  # type: ignore[misc]
            detail = f"its photos lie like those of {other}"
            found.append(Hypothesis(RigFault.SWAPPED_SENSORS, detail, "swap the two", sensor.model, pose))
    return found


def _centred_by(model: CameraModel, scale: float) -> bool:
    """Whether the principal point comes nearer to the image's middle: that of another resolution lies far from it."""
    middle = 0.5 * (model.width_px - 1)
    return abs((model.cx_px + 0.5) * scale - 0.5 - middle) < abs(model.cx_px - middle)


def _scaled(model: CameraModel, scale: float) -> Hypothesis:
    right = replace(
        model,
        fx_px=model.fx_px * scale,
        fy_px=model.fy_px * scale,
        cx_px=(model.cx_px + 0.5) * scale - 0.5,
        cy_px=(model.cy_px + 0.5) * scale - 0.5,
    )
    detail = f"its camera matrix is that of another resolution: all of it should be {scale:g} times as large"
    return Hypothesis(RigFault.SCALED_INTRINSICS, detail, "scale it", right, lambda shot: shot.world_from_camera)


def _offsets(recording: Recording, model: CameraModel) -> list[Hypothesis]:
    motion = recording.ego_motion
    if not len(motion.timeline) > 1 or speed_mps(motion) < _MOVING_MPS:
        return []
    return [
        Hypothesis(
            RigFault.TIME_OFFSET,
            f"its clock is {abs(ms)} ms {'slow' if ms > 0 else 'fast'}",
            f"add {ms} ms to its times",
            model,
            _at_other_time(motion, ms * 1_000_000),
        )
        for ms in _OFFSETS_MS
    ]


def _at_other_time(motion: EgoMotion, shift_ns: int) -> Pose:
    return lambda shot: motion.at(shot.time_ns + shift_ns) * shot.ego_from_camera


def speed_mps(motion: EgoMotion) -> float:
    """Of the ego, on average over its path."""
    seconds = (motion.timeline.times_ns[-1] - motion.timeline.times_ns[0]) * 1e-9
    way = np.linalg.norm(np.diff(motion.world_from_ego.translation, axis=0), axis=1).sum()
    return float(way / seconds) if seconds > 0 else 0.0


def lidar_hypotheses(recording: Recording, lidar: str) -> list[Hypothesis]:
    """All that make a difference to a LiDAR; they hold for the photos of any camera, whose model is not theirs."""
    mounting = recording.rig[lidar].ego_from_sensor
    turned = [(RigFault.SWAPPED_AXES, f"LiDAR axes named {name}", _turned_camera(turn)) for name, turn in axis_turns()]
    remounts: list[_Mounting] = [
        (RigFault.INVERTED_EXTRINSIC, f"ego from {lidar} is meant", "invert the extrinsic", lambda t: t.inverse()),
        *((fault, detail, "give the mounting in the LiDAR's own axes", remount) for fault, detail, remount in turned),
        *_misread_rotations(),
    ]
    found: list[Hypothesis] = []
    mounted: list[RigidTransform] = []
    for fault, detail, remedy, remount in remounts:
        right = remount(mounting)
        if right.almost_equal(mounting, **_SAME):
            continue
        change = _moved_lidar(lidar, mounting.inverse() * right)
        before = len(found)
        _add(found, _of_lidar(fault, detail, remedy, change), [right.almost_equal(each, **_SAME) for each in mounted])
        mounted += [right] if len(found) > before else []
    mirrored = _mirrored_lidar(lidar, (1.0, -1.0, 1.0))
    return [*found, _of_lidar(RigFault.MIRRORED_POINTS, "left and right are exchanged", "negate y", mirrored)]


def _of_lidar(fault: RigFault, detail: str, remedy: str, change: Change) -> Hypothesis:
    return Hypothesis(fault, detail, remedy, None, lambda shot: shot.world_from_camera, change)


def _moved_lidar(lidar: str, wrong_from_right: RigidTransform) -> Change:
    def change(edges: FrameEdges) -> list[SweepEdges]:
        world_from_wrong = edges.world_from_lidar[lidar]
        return [edges.by_lidar[lidar].moved(world_from_wrong * wrong_from_right * world_from_wrong.inverse())]

    return change


def _mirrored_lidar(lidar: str, signs: tuple[float, float, float]) -> Change:
    def change(edges: FrameEdges) -> list[SweepEdges]:
        world_from_lidar = edges.world_from_lidar[lidar]
        return [edges.by_lidar[lidar].moved(world_from_lidar.inverse()).mirrored(signs).moved(world_from_lidar)]

    return change
