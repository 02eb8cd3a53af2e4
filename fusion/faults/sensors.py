"""Plant faults into what sensors delivered; samples stay lazy, and what is not at fault stays bit for bit."""

from __future__ import annotations

import zlib
from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from calibration import SensorKind, UsageError
from fusion.faults import delivery, ego_poses, mounting, stamps
from fusion.faults.job import EGO, Job, Result
from fusion.faults.ledger import Ledger, Planted, Skipped
from fusion.recording.source import RecordingSource

_LEAST_SAMPLES = 4  # fewer leave no before and after
_CAMERAS = (SensorKind.CAMERA,)
_LIDARS = (SensorKind.LIDAR,)
_SEEING = (SensorKind.CAMERA, SensorKind.DEPTH)
_ANY = (SensorKind.CAMERA, SensorKind.LIDAR, SensorKind.DEPTH)


@dataclass(frozen=True, slots=True)
class SensorFaultKind:
    """What a kind of fault is. amount: the default, None where there is none to choose. sensors: none for the ego."""

    plant: Callable[[Job], Result]
    sensors: tuple[SensorKind, ...]
    amount: float | None = None
    unit: str = ""
    limits: tuple[float, float] = (-np.inf, np.inf)


_POSITIVE = (np.nextafter(0.0, 1.0), np.inf)

SENSOR_FAULTS: dict[str, SensorFaultKind] = {
    "camera_dropout": SensorFaultKind(delivery.dropout, _CAMERAS, 0.5, "s", _POSITIVE),
    "frozen_image": SensorFaultKind(delivery.frozen_image, _CAMERAS, 0.5, "s", _POSITIVE),
    "lidar_dropout": SensorFaultKind(delivery.dropout, _LIDARS, 0.3, "s", _POSITIVE),
    "packet_loss": SensorFaultKind(delivery.packet_loss, _LIDARS, 0.1, "share of points", (1e-6, 0.99)),
    "mirrored_points": SensorFaultKind(delivery.mirrored_points, _LIDARS),
    "time_offset": SensorFaultKind(stamps.time_offset, _ANY, 0.05, "s", (-1e6, 1e6)),
    "clock_jump": SensorFaultKind(stamps.clock_jump, _ANY, 0.2, "s", (-1e6, 1e6)),
    "jitter": SensorFaultKind(stamps.jitter, _ANY, 0.005, "s", (1e-9, 1e6)),
    "extrinsic_drift": SensorFaultKind(mounting.extrinsic_drift, _ANY, 1.0, "degrees", (-180.0, 180.0)),
    "extrinsic_shift": SensorFaultKind(mounting.extrinsic_shift, _ANY, 0.1, "m", (-1e3, 1e3)),
    "inverted_extrinsic": SensorFaultKind(mounting.inverted_extrinsic, _ANY),
    "swapped_axes": SensorFaultKind(mounting.swapped_axes, _ANY),
    "quaternion_order": SensorFaultKind(mounting.quaternion_order, _ANY),
    "scaled_intrinsics": SensorFaultKind(delivery.scaled_intrinsics, _SEEING, 0.5, "scale", (1e-3, 1e3)),
    "pose_jump": SensorFaultKind(ego_poses.pose_jump, (), 1.0, "m", (-1e6, 1e6)),
    "pose_drift": SensorFaultKind(ego_poses.pose_drift, (), 0.2, "m/s", (-1e3, 1e3)),
}


@dataclass(frozen=True, slots=True)
class SensorFault:
    """A fault to plant. kind: a key of SENSOR_FAULTS. sensor: which; None is any that fits. amount: None is the usual.

    Raises UsageError for an unknown kind, or an amount that the kind does not have.
    """

    kind: str
    sensor: str | None = None
    amount: float | None = None

    def __post_init__(self) -> None:
        if self.kind not in SENSOR_FAULTS:
            raise UsageError(f"unknown sensor fault {self.kind!r}", do=f"one of {', '.join(SENSOR_FAULTS)}")
        known = SENSOR_FAULTS[self.kind]
        if self.amount is None:
            return
        if known.amount is None:
            raise UsageError(f"{self.kind} has no amount", do=f"drop ={self.amount:g}")
        low, high = known.limits
        if not low <= self.amount <= high or not np.isfinite(self.amount):
            raise UsageError(f"{self.kind} cannot be {self.amount:g} {known.unit}", do=f"the usual is {known.amount:g}")


def plant_in_source(
    source: RecordingSource, faults: tuple[SensorFault, ...], seed: int = 0
) -> tuple[RecordingSource, Ledger]:
    """The source with the faults in it, one after another, and what was planted.

    Samples are changed when they are loaded; only those that shall go missing, or be repeated, are loaded here.
    The same source, faults and seed (0 or more) are the same result. A fault without a sensor takes one at random that
    has enough samples, and no fault yet if there is such a one. What finds no sensor is in the ledger's `skipped`.
    Raises UsageError for a sensor that is not there or cannot have the fault.
    """
    entries: list[Planted] = []
    skipped: list[Skipped] = []
    for number, fault in enumerate(faults):
        rng = np.random.default_rng([seed, zlib.crc32(fault.kind.encode()), number])
        result = _plant(source, fault, rng, {name for entry in entries for name in entry.what})
        if isinstance(result, str):
            skipped.append(Skipped(fault.kind, 1, 0, result))
        else:
            source, entry = result
            entries.append(entry)
    return source, Ledger(seed, source.name, tuple(entries), tuple(skipped))


def _plant(source: RecordingSource, fault: SensorFault, rng: np.random.Generator, used: set[str]) -> Result:
    """In the first sensor in which it can be; else why not in the last."""
    kind = SENSOR_FAULTS[fault.kind]
    result: Result = f"no {' or '.join(kind.sensors)} has {_LEAST_SAMPLES} samples"
    for sensor in _sensors(source, fault, rng, used):
        job = Job(fault.kind, source, sensor, _amount(fault), rng)
        if sensor != EGO and job.count < _LEAST_SAMPLES:
            return f"{sensor} has {job.count} samples, too few for a before and after"
        result = kind.plant(job)
        if not isinstance(result, str):
            break
    return result


def _amount(fault: SensorFault) -> float:
    usual = SENSOR_FAULTS[fault.kind].amount
    return fault.amount if fault.amount is not None else usual or 0.0


def _sensors(source: RecordingSource, fault: SensorFault, rng: np.random.Generator, used: set[str]) -> list[str]:
    """The sensor that was asked for, or all that fit, in random order; those without a fault first."""
    if not SENSOR_FAULTS[fault.kind].sensors:
        return [_ego(fault)]
    if fault.sensor is not None:
        return [_named(source, fault, fault.sensor)]
    kinds = SENSOR_FAULTS[fault.kind].sensors
    long = [each.sensor for each in source.streams if len(each.timeline) >= _LEAST_SAMPLES]
    fitting = [name for name in long if source.rig[name].kind in kinds]
    return sorted((fitting[index] for index in rng.permutation(len(fitting))), key=lambda name: name in used)


def _ego(fault: SensorFault) -> str:
    if fault.sensor not in (None, EGO):
        raise UsageError(f"{fault.kind} is a fault of the ego's poses, not of a sensor", do=f"drop :{fault.sensor}")
    return EGO


def _named(source: RecordingSource, fault: SensorFault, sensor: str) -> str:
    kinds, names = SENSOR_FAULTS[fault.kind].sensors, [stream.sensor for stream in source.streams]
    if sensor not in names:
        raise UsageError(f"there is no sensor {sensor!r}", do=f"one of {', '.join(names)}")
    if source.rig[sensor].kind not in kinds:
        raise UsageError(f"{fault.kind} needs a {' or '.join(kinds)}; {sensor} is a {source.rig[sensor].kind}")
    return sensor
