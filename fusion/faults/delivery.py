"""Faults of what a sensor delivers: samples that are missing, repeated, thinned or mirrored."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import numpy.typing as npt

from calibration import RigidTransform
from fusion.faults.job import Job, Result, frame_from_ego, with_points, with_samples
from fusion.recording.source import SourceStream
from fusion.samples import PointFrame, Sample, Sweep

_PACKETS = 180  # in a sweep; a packet of a spinning LiDAR covers about two degrees


def dropout(job: Job) -> Result:
    """Samples of some seconds are listed, and their data is missing."""
    there = job.delivered_run(job.amount)
    if not there:
        return f"{job.sensor} has too few samples with data"
    first, last = there[0], there[-1]
    stream = with_samples(job.stream, lambda index, sample: None if first <= index <= last else sample)
    return job.with_stream(stream), job.planted(first, last, {"samples": float(len(there))})


def frozen_image(job: Job) -> Result:
    """For some seconds every photo is the one before them."""
    there = job.delivered_run(job.amount)
    before = _last_delivered(job.stream, there[0] - 1) if there else None
    if before is None:
        return f"{job.sensor} has too few samples with data"
    first, last = there[0], there[-1]
    held, photo = before
    stream = with_samples(job.stream, lambda index, sample: photo if first <= index <= last else sample)
    amount: dict[str, float | str] = {"samples": float(len(there)), "held_sample": float(held)}
    return job.with_stream(stream), job.planted(first, last, amount)


def _last_delivered(stream: SourceStream, index: int) -> tuple[int, Sample] | None:
    for each in range(index, -1, -1):
        sample = stream.load(each)
        if sample is not None:
            return each, sample
    return None


def packet_loss(job: Job) -> Result:
    """Every sweep loses a share of its packets: points that were measured one after another."""
    dice = int(job.rng.integers(2**32))

    def thinned(index: int, sample: Sample) -> Sample:
        assert isinstance(sample, Sweep)
        # Dice of its own for every sweep, so that it does not matter in which order, or how often, they are loaded.
        kept = ~_lost(sample, job.amount, np.random.default_rng([dice, index]))
        return Sweep(sample.points_m[kept], sample.intensity[kept], sample.time_offset_ns[kept])

    amount: dict[str, float | str] = {"share": job.amount, "packets_in_sweep": float(_PACKETS)}
    return job.with_stream(with_samples(job.stream, thinned)), job.planted(0, job.count - 1, amount)


def _lost(sweep: Sweep, share: float, rng: np.random.Generator) -> npt.NDArray[np.bool_]:
    """(N,) whether each point was in a lost packet. Where all points have one time, they count in stored order."""
    rank = np.empty(len(sweep), dtype=np.int64)
    rank[np.argsort(sweep.time_offset_ns, kind="stable")] = np.arange(len(sweep))
    gone = rng.permutation(_PACKETS)[: max(round(share * _PACKETS), 1)]
    return np.isin(rank * _PACKETS // max(len(sweep), 1), gone)


def mirrored_points(job: Job) -> Result:
    """Left and right of the LiDAR are exchanged in every sweep: y is negative y in the sensor's own frame."""
    stream, source = job.stream, job.source
    ego_from_sensor = job.mounted.ego_from_sensor

    def mirrored(index: int, points: npt.NDArray[np.floating]) -> npt.ArrayLike:
        frame_from_sensor = RigidTransform.identity()
        if stream.point_frame is not PointFrame.SENSOR:
            frame_from_sensor = frame_from_ego(source, stream, index) * ego_from_sensor
        in_sensor = frame_from_sensor.inverse().apply(points) * np.array([1.0, -1.0, 1.0])
        return frame_from_sensor.apply(in_sensor)

    return job.with_stream(with_points(stream, mirrored)), job.planted(0, job.count - 1, {})


def scaled_intrinsics(job: Job) -> Result:
    """The camera matrix is that of another resolution: focal lengths and principal point scaled, image size not."""
    camera = job.mounted.model
    scale = job.amount
    wrong = replace(
        camera,
        fx_px=camera.fx_px * scale,
        fy_px=camera.fy_px * scale,
        # Pixel (0, 0) is a centre: the image's corner, half a pixel before it, is what stays under scaling.
        cx_px=(camera.cx_px + 0.5) * scale - 0.5,
        cy_px=(camera.cy_px + 0.5) * scale - 0.5,
    )
    sensors = tuple(replace(each, camera=wrong) if each.name == job.sensor else each for each in job.source.rig)
    source = replace(job.source, rig=replace(job.source.rig, sensors=sensors))
    return source, job.planted(0, job.count - 1, {"scale": scale})
